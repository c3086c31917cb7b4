// The n-grams of a text that a model knows, their columns, and the value of each column.

const NONE = -1;

function partOf(about, sections, characters) {
  const find = about.ids.bits === undefined ? inTree(about, sections) : inBuckets(about, sections);
  const idf = about.idf && readNumbers(about.idf, sections);
  const weights = about.weights.map((own) => readNumbers(own, sections));
  return { ...about, find, idf, weights, tokens: cutterOf(about.tokens, sections), characters };
}

// A text as a part reads it: normalised, its units, and the value of each column that occurs. `part.find(units, use)`
// finds the n-grams that have a column, and calls use(column, first, n, bucket) for each: from which unit on it is, how
// many it has, and its bucket if n-grams are hashed.
function readBy(part, text) {
  const shown = normalised(text, part.tokens, part.characters);
  const units = cut(shown, part.tokens);
  return { part, text: shown, units, values: valuesOf(units, part) };
}

function valuesOf(units, part) {
  const values = new Map();
  part.find(units, (column) => values.set(column, (values.get(column) ?? 0) + 1));
  let squares = 0;
  for (const [column, count] of values) {
    const value = weightOf(count, part) * (part.idf ? part.idf[column] : 1);
    values.set(column, value);
    squares += value * value;
  }
  if (part.normalised && squares > 0) {
    const scale = 1 / Math.sqrt(squares);
    for (const [column, value] of values) values.set(column, value * scale);
  }
  return values;
}

function weightOf(count, part) {
  const counted = part.binary ? 1 : count;
  return part.sublinear ? 1 + Math.log(counted) : counted;
}

// A tree: an n-gram is found by the one without its last unit, and that unit.
function inTree(about, sections) {
  const [least, longest] = about.lengths;
  const numberOf = new Map(spellings(about.ids.units, sections).map((text, unit) => [text, unit]));
  const levels = about.ids.levels.map((level) => levelOf(level, sections));
  const sizes = [numberOf.size, ...levels.map((level) => level.units.length)];
  const columnsOf = columnsByLength(about.ids.counted, sizes.slice(least - 1), sections);
  return (units, use) => {
    const numbers = units.map((unit) => numberOf.get(unit.text) ?? NONE);
    for (let first = 0; first < units.length; first++) {
      let ngram = numbers[first];
      for (let n = 1; ngram !== NONE; n++) {
        const column = n < least ? NONE : columnsOf[n - least](ngram);
        if (column !== NONE && (n >= about.shortest || isWhole(numbers, first, n))) use(column, first, n);
        ngram = n === longest ? NONE : longer(levels[n - 1], ngram, numbers[first + n]);
      }
    }
  };
}

// Units in the order of their spelling: each shares its start with the one before.
function spellings(about, sections) {
  const shared = readCounts(sections[about.shared]);
  const texts = [];
  let place = 0;
  readCounts(sections[about.more]).forEach((more, i) => {
    texts.push((texts[i - 1] ?? "").slice(0, shared[i]) + about.text.slice(place, place + more));
    place += more;
  });
  return texts;
}

// The n-grams of one length, in the order of the shorter ones with which they start; `units` has their last units.
function levelOf(about, sections) {
  const children = readCounts(sections[about.children]);
  const starts = new Uint32Array(children.length + 1);
  starts.set(children, 1);
  summed(starts);
  const units = readCounts(sections[about.steps]);
  for (let parent = 0; parent < children.length; parent++) {
    for (let i = starts[parent] + 1; i < starts[parent + 1]; i++) units[i] += units[i - 1];
  }
  return { starts, units };
}

function longer(level, ngram, unit) {
  return placeOf(unit ?? NONE, level.units, level.starts[ngram], level.starts[ngram + 1]);
}

// The place of a number among rising ones from `low` up to `high`, NONE where it is not there.
function placeOf(number, rising, low, high) {
  const end = high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle] < number) low = middle + 1;
    else high = middle;
  }
  return low < end && rising[low] === number ? low : NONE;
}

// For each length a function from an n-gram to its column. N-grams that longer ones need may have none.
function columnsByLength(counted, sizes, sections) {
  let n = 0;
  return counted.map((section, i) => {
    const first = n;
    if (section === null) {
      n += sizes[i];
      return (ngram) => first + ngram;
    }
    const columns = new Int32Array(sizes[i]);
    for (let ngram = 0; ngram < sizes[i]; ngram++) {
      columns[ngram] = (sections[section][ngram >> 3] >> (ngram & 7)) & 1 ? n++ : NONE;
    }
    return (ngram) => columns[ngram];
  });
}

// Whether no known unit is beside an n-gram, so that it is a whole word.
function isWhole(numbers, first, n) {
  return (numbers[first - 1] ?? NONE) === NONE && (numbers[first + n] ?? NONE) === NONE;
}

// Hashed n-grams: the column of an n-gram is that of its bucket.
function inBuckets(about, sections) {
  const buckets = readRising(sections[about.ids.buckets]);
  const [least, longest] = about.lengths;
  const mask = (1n << BigInt(about.ids.bits)) - 1n;
  return (units, use) => {
    const hashes = hashesOf(units);
    for (let first = 0; first < units.length; first++) {
      let hash = hashes[first];
      for (let n = 1; hash !== null && n <= longest; n++) {
        const bucket = Number(hash & mask);
        const column = n < least ? NONE : placeOf(bucket, buckets, 0, buckets.length);
        if (column !== NONE) use(column, first, n, bucket);
        const next = hashes[first + n] ?? null;
        hash = next === null ? null : mix(mix(hash) ^ next);
      }
    }
  };
}

function hashesOf(units) {
  const known = new Map([["", null]]);
  return units.map(({ text }) => {
    if (!known.has(text)) known.set(text, hashOf(utf8(text)));
    return known.get(text);
  });
}

const LONG = 15;
const SEVEN_BYTES = (1n << 56n) - 1n;

function hashOf(bytes) {
  const low = littleEndian(bytes.slice(0, 7));
  const rest = bytes.length < LONG ? littleEndian(bytes.slice(7)) : hashOfLong(bytes);
  return mix(mix(low) ^ (rest | (BigInt(Math.min(bytes.length, LONG)) << 56n)));
}

function hashOfLong(bytes) {
  return bytes.reduce((value, byte) => mix(value ^ BigInt(byte)), 0n) & SEVEN_BYTES;
}

function littleEndian(bytes) {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function mix(value) {
  const mixed = (value & 0xffffffffn) * 0x278dde6dn + (value >> 32n) * 0x2545f491n;
  return mixed ^ (mixed >> 31n);
}

// UTF-8 in which halves of characters stay, as a TextEncoder would not leave them.
function utf8(text) {
  return pointsOf(text).flatMap((point) => {
    const n = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    const last = Array.from({ length: n }, (_, i) => 0x80 | ((point >> (6 * (n - 1 - i))) & 0x3f));
    return [n === 0 ? point : ((0xf00 >> (n + 1)) & 0xff) | (point >> (6 * n)), ...last];
  });
}
