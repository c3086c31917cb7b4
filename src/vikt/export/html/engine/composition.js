// NFC (UAX #15): characters are taken apart, marks are put in order, and what belongs together is composed.

// Syllables of Hangul are made of a lead, a vowel and maybe a tail, by arithmetic.
const SYLLABLES = 0xac00;
const LEADS = 0x1100;
const VOWELS = 0x1161;
const TAILS = 0x11a7;
const [N_LEADS, N_VOWELS, N_TAILS] = [19, 21, 28];
const N_SYLLABLES = N_LEADS * N_VOWELS * N_TAILS;

function pairKey(one, other) {
  return one * ALL_POINTS + other;
}

function nfc(points, characters) {
  if (!points.some((point) => characters.unsettled[point])) return points;
  const apart = points.flatMap((point) => decomposed(point, characters));
  return joined(inOrder(apart, characters.combining), characters);
}

function decomposed(point, characters) {
  const syllable = point - SYLLABLES;
  if (syllable >= 0 && syllable < N_SYLLABLES) {
    const tail = syllable % N_TAILS;
    const vowel = Math.floor(syllable / N_TAILS);
    const start = [LEADS + Math.floor(vowel / N_VOWELS), VOWELS + (vowel % N_VOWELS)];
    return tail ? [...start, TAILS + tail] : start;
  }
  const parts = characters.partsOf.get(point);
  return parts ? parts.flatMap((part) => decomposed(part, characters)) : [point];
}

// Marks of one letter by their combining class; those of one class stay in order.
function inOrder(points, combining) {
  const ordered = [];
  let start = 0;
  while (start < points.length) {
    let end = start + 1;
    if (combining[points[start]] > 0) {
      while (combining[points[end]] > 0) end++;
    }
    const run = points.slice(start, end).sort((a, b) => combining[a] - combining[b]);
    for (const point of run) ordered.push(point);
    start = end;
  }
  return ordered;
}

// A character joins the last one of class 0, unless another of its class or a higher one is between.
function joined(points, characters) {
  const found = [];
  let starter = -1;
  let between = -1;
  for (const point of points) {
    const own = characters.combining[point];
    const whole = starter >= 0 && between < own ? wholeOf(found[starter], point, characters) : undefined;
    if (whole !== undefined) {
      found[starter] = whole;
      continue;
    }
    if (own === 0) starter = found.length;
    between = own === 0 ? -1 : own;
    found.push(point);
  }
  return found;
}

function wholeOf(one, other, characters) {
  const [lead, vowel, tail] = [one - LEADS, other - VOWELS, other - TAILS];
  if (lead >= 0 && lead < N_LEADS && vowel >= 0 && vowel < N_VOWELS) {
    return SYLLABLES + (lead * N_VOWELS + vowel) * N_TAILS;
  }
  const syllable = one - SYLLABLES;
  const isOpen = syllable >= 0 && syllable < N_SYLLABLES && syllable % N_TAILS === 0;
  return isOpen && tail > 0 && tail < N_TAILS ? one + tail : characters.wholeOf.get(pairKey(one, other));
}
