// Texts to units: words, or characters. Each kind of unit has a function that cuts a text; what it gives are units with
// the places of their characters in the text, without a place where the text does not spell them. The unit "" ends
// n-grams.

function cutterOf(about, sections) {
  return { ...about, cut: CUTTERS[about.kernel], classOf: classesOf(about, sections) };
}

function cut(text, tokens) {
  const characters = Array.from(text);
  return tokens.cut(characters, characters.map((character) => tokens.classOf[character.codePointAt(0)]), tokens);
}

const SEPARATES = 0;
const SPACE = { text: " ", start: 0, end: 0 };
const END = { text: "", start: 0, end: 0 };

// A finite automaton: what each class of characters does in each state.
function words(characters, classes, tokens) {
  const units = [];
  let start = 0;
  let state = 0;
  for (let i = 0; i <= characters.length; i++) {
    const [next, opens, closes] = tokens.automaton[classes[i] ?? SEPARATES][state];
    if (closes) units.push({ text: characters.slice(start, i).join(""), start, end: i });
    if (opens) start = i;
    state = next;
  }
  units.push(END);
  return units;
}

// Each character, and each run of white space as one space.
function single(characters, classes) {
  const units = [];
  characters.forEach((text, i) => {
    const separates = classes[i] === SEPARATES;
    if (separates && i > 0 && classes[i - 1] === SEPARATES) units[units.length - 1] = SPACE;
    else units.push({ text, start: i, end: i + 1 });
  });
  units.push(END);
  return units;
}

// The characters of each word between spaces; no n-gram crosses words.
function bounded(characters, classes) {
  const units = [];
  for (let i = 0; i < characters.length; i++) {
    if (classes[i] === SEPARATES) continue;
    if (i === 0 || classes[i - 1] === SEPARATES) units.push(SPACE);
    units.push({ text: characters[i], start: i, end: i + 1 });
    if (i + 1 === characters.length || classes[i + 1] === SEPARATES) units.push(SPACE, END);
  }
  return units;
}

const CUTTERS = { word_edges: words, character_edges: single, bounded_character_edges: bounded };
