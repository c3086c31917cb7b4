// Normalising as the model does: NFC, lower case, NFC again, by the facts of the model's version of Unicode.

const ALL_POINTS = 0x110000;
const SIGMA = "Σ".codePointAt(0);
const FINAL_SIGMA = "ς".codePointAt(0);
const SMALL_SIGMA = "σ".codePointAt(0);

function charactersOf(header, sections) {
  const pairs = triplesOf(header.pairs, sections);
  const others = triplesOf(header.others, sections);
  const combining = classesOf(header.combining, sections);
  return {
    lower: lowerCase(header),
    cased: property(readRising(sections[header.cased])),
    ignorable: property(readRising(sections[header.ignorable])),
    combining,
    partsOf: new Map([...pairs, ...others].map(([whole, ...parts]) => [whole, parts.filter(Boolean)])),
    wholeOf: new Map(pairs.map(([whole, one, other]) => [pairKey(one, other), whole])),
    unsettled: unsettledBy(pairs, others, combining),
  };
}

// For each character whether it has a property, by the places where that turns.
function property(turns) {
  const has = new Uint8Array(ALL_POINTS);
  for (let i = 0; i < turns.length; i += 2) has.fill(1, turns[i], turns[i + 1]);
  return has;
}

// The class of each character, by runs of one class.
function classesOf({ firstPoints, classes }, sections) {
  const firsts = readRising(sections[firstPoints]);
  const classOf = new Uint8Array(ALL_POINTS);
  firsts.forEach((first, i) => classOf.fill(sections[classes][i], first, firsts[i + 1] ?? ALL_POINTS));
  return classOf;
}

// Characters with the one or two, 0 for none, that they are made of.
function triplesOf(about, sections) {
  const wholes = readRising(sections[about[0]]);
  const [ones, others] = [readCounts(sections[about[1]]), readCounts(sections[about[2]])];
  return Array.from(wholes, (whole, i) => [whole, ones[i], others[i]]);
}

// For each character whether a text with it may not be in NFC.
function unsettledBy(pairs, others, combining) {
  const unsettled = Uint8Array.from(combining, (own) => (own > 0 ? 1 : 0));
  for (const [, , second] of pairs) unsettled[second] = 1;
  for (const [whole] of others) unsettled[whole] = 1;
  return unsettled.fill(1, VOWELS, TAILS + N_TAILS);
}

function lowerCase({ lower, special }) {
  const lowerOf = new Map(Object.entries(special).map(([one, more]) => [one.codePointAt(0), pointsOf(more)]));
  for (const [start, step, n, distance] of lower) {
    for (let i = 0; i < n; i++) lowerOf.set(start + i * step, [start + i * step + distance]);
  }
  return lowerOf;
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
  // ASCII is in NFC, and most texts are ASCII.
  if (/^[\0-\x7f]*$/.test(text)) return tokens.lowercase ? text.toLowerCase() : text;
  const compose = tokens.composed ? (points) => nfc(points, characters) : (points) => points;
  const composed = compose(pointsOf(text));
  return textOf(tokens.lowercase ? compose(lowered(composed, characters)) : composed);
}

function lowered(points, characters) {
  return points.flatMap((point, i) => {
    if (point === SIGMA) return isFinal(points, i, characters) ? FINAL_SIGMA : SMALL_SIGMA;
    return characters.lower.get(point) ?? point;
  });
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
