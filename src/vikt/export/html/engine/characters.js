// Normalising as the model does: NFC, lower case, NFC again, by the facts of the model's version of Unicode.

const ALL_POINTS = 0x110000;
const SIGMA = "Σ".codePointAt(0);
const FINAL_SIGMA = "ς".codePointAt(0);
const SMALL_SIGMA = "σ".codePointAt(0);

function charactersOf(header, sections) {
  const is = (name) => property(rising(sections[header[name]]));
  return {
    lower: lowerCase(header),
    cased: is("cased"),
    ignorable: is("ignorable"),
    unassigned: is("unassigned"),
    combining: classesOf(header.combining, sections),
  };
}

// The class of each character, by runs of one class.
function classesOf({ firstPoints, classes }, sections) {
  const firsts = rising(sections[firstPoints]);
  const classOf = new Uint8Array(ALL_POINTS);
  firsts.forEach((first, i) => classOf.fill(sections[classes][i], first, firsts[i + 1] ?? ALL_POINTS));
  return classOf;
}

// For each character whether it has a property, by the places where that turns.
function property(turns) {
  const has = new Uint8Array(ALL_POINTS);
  for (let i = 0; i < turns.length; i += 2) has.fill(1, turns[i], turns[i + 1]);
  return has;
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
  // ASCII is NFC, and most texts are ASCII.
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
      pieces.push(nfc(text.slice(start, place), characters), character);
      start = place + character.length;
    }
    place += character.length;
  }
  pieces.push(nfc(text.slice(start), characters));
  return pieces.join("");
}

function nfc(text, characters) {
  return (/\p{M}{64}/u.test(text) ? inOrder(text, characters) : text).normalize("NFC");
}

// The same text with its marks in order, since browsers take quadratic time to sort a long run of them.
function inOrder(text, { combining }) {
  const classOf = (character) => combining[character.codePointAt(0)];
  const apart = Array.from(Array.from(text, (character) => character.normalize("NFD")).join(""));
  const ordered = [];
  for (let start = 0; start < apart.length; ) {
    let end = start + 1;
    if (classOf(apart[start]) > 0) {
      while (end < apart.length && classOf(apart[end]) > 0) end++;
    }
    ordered.push(apart.slice(start, end).sort((a, b) => classOf(a) - classOf(b)).join(""));
    start = end;
  }
  return ordered.join("");
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
