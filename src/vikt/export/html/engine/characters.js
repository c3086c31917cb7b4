// Normalising as the model does: NFC, lower case, NFC again, by the facts of the model's version of Unicode.

const ALL_POINTS = 0x110000;
const SIGMA = "Σ".codePointAt(0);
const FINAL_SIGMA = "ς".codePointAt(0);
const SMALL_SIGMA = "σ".codePointAt(0);

function charactersOf(header, sections) {
  const is = (name) => property(rising(sections[header[name]]));
  return {
    lower: lowerCase(header, sections),
    cased: is("cased"),
    ignorable: is("ignorable"),
    unassigned: is("unassigned"),
  };
}

// For each character whether it has a property, by the places where that turns.
function property(turns) {
  const has = new Uint8Array(ALL_POINTS);
  for (let i = 0; i < turns.length; i += 2) has.fill(1, turns[i], turns[i + 1]);
  return has;
}

function lowerCase(header, sections) {
  const [firsts, steps, lengths, distances] = header.lower.map((section) => counts(sections[section]));
  const lower = new Map(Object.entries(header.special).map(([one, many]) => [one.codePointAt(0), pointsOf(many)]));
  for (let run = 0; run < firsts.length; run++) {
    const distance = distances[run] % 2 ? -(distances[run] + 1) / 2 : distances[run] / 2;
    for (let i = 0; i < lengths[run]; i++) {
      const point = firsts[run] + i * steps[run];
      lower.set(point, [point + distance]);
    }
  }
  return lower;
}

function pointsOf(text) {
  return Array.from(text, (character) => character.codePointAt(0));
}

function textOf(points) {
  const pieces = [];
  for (let i = 0; i < points.length; i += 4096) pieces.push(String.fromCodePoint(...points.slice(i, i + 4096)));
  return pieces.join("");
}

function normalised(text, tokens, characters) {
  if (/^[\0-\x7f]*$/.test(text)) return tokens.lowercase ? text.toLowerCase() : text;
  const composed = tokens.composed ? composedText(text, characters) : text;
  if (!tokens.lowercase) return composed;
  const lowered = loweredText(composed, characters);
  return tokens.composed ? composedText(lowered, characters) : lowered;
}

// NFC never changes what was assigned, from one version of Unicode to the next. What was not is left as it is.
function composedText(text, characters) {
  const pieces = [];
  let start = 0;
  let place = 0;
  for (const character of text) {
    if (characters.unassigned[character.codePointAt(0)]) {
      pieces.push(text.slice(start, place).normalize("NFC"), character);
      start = place + character.length;
    }
    place += character.length;
  }
  pieces.push(text.slice(start).normalize("NFC"));
  return pieces.join("");
}

function loweredText(text, characters) {
  const points = pointsOf(text);
  const lowered = [];
  points.forEach((point, i) => {
    if (point === SIGMA) lowered.push(isFinal(points, i, characters) ? FINAL_SIGMA : SMALL_SIGMA);
    else lowered.push(...(characters.lower.get(point) ?? [point]));
  });
  return textOf(lowered);
}

// Whether a capital sigma ends a word: a cased letter is before it, and none after it.
function isFinal(points, i, characters) {
  return isCased(points, i, -1, characters) && !isCased(points, i, 1, characters);
}

function isCased(points, i, step, characters) {
  let place = i + step;
  while (characters.ignorable[points[place]]) place += step;
  return Boolean(characters.cased[points[place]]);
}
