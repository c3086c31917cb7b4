// Why a text is answered as it is: its score is a sum, and each n-gram adds its weight times its value.

const SHADES = 8;

// The explanations of a label, or of what is answered, and a remark.
function explained(text, label, model) {
  const parts = measured(text, model);
  const logs = logProbabilities(parts, model);
  const named = { chosen: [model.classes.indexOf(label)], remark: "" };
  const { chosen, remark } = label === null ? EXPLAINED[model.targets].choose(parts, logs, model) : named;
  return { explanations: chosen.map((k) => explanation(text, parts, logs, k, model)), remark };
}

function theDecided(parts, logs, model) {
  return { chosen: [decided(parts, logs, model).k], remark: "" };
}

function theAnswered(_, logs, model) {
  const own = labelsOf(logs, model);
  if (own.length) return { chosen: own, remark: "" };
  return { chosen: ranked(logs).slice(0, 1), remark: "no label is answered; the most probable one is explained" };
}

function explanation(text, parts, logs, k, model) {
  const weights = weightsFor(k, model);
  const contributions = parts.flatMap((own) => contributionsOf(own, weights));
  const { shown, emphasis } = emphasised(text, parts, weights);
  return {
    label: model.classes[k],
    probability: Math.exp(logs[k]),
    ...EXPLAINED[model.targets].about(parts, logs, k, model),
    score: contributions.reduce((sum, { contribution }) => sum + contribution, 0) + weights.intercept,
    intercept: weights.intercept,
    contributions: contributions.sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)),
    runs: runsOf(shown, emphasis),
  };
}

// The weights that speak for a class: of two classes the one score is the second's, and levels share one.
function weightsFor(k, model) {
  const isShared = model.intercepts.length === 1;
  const sign = isShared && model.targets !== "ordered" && k === 0 ? -1 : 1;
  const row = isShared ? 0 : k;
  return { intercept: sign * model.intercepts[row], of: (part, column) => sign * part.weights[row][column] };
}

function aboutClass(parts, logs, k, model) {
  return { answered: decided(parts, logs, model).isAnswered };
}

function aboutLabel(_, logs, k, model) {
  const threshold = model.thresholds[k];
  return { answered: Math.exp(logs[k]) >= threshold, threshold };
}

function aboutLevel(parts, logs, k, model) {
  return { ...aboutClass(parts, logs, k, model), levels: model.classes, cuts: model.cuts };
}

// By the kind of targets: which classes are explained where none is named, and what is said of each.
const EXPLAINED = {
  classes: { choose: theDecided, about: aboutClass },
  soft: { choose: theDecided, about: aboutClass },
  several: { choose: theAnswered, about: aboutLabel },
  ordered: { choose: theDecided, about: aboutLevel },
};

function contributionsOf({ part, units, values }, weights) {
  const namesOf = new Map();
  part.find(units, (column, first, n, bucket) => {
    const name = units.slice(first, first + n).map((unit) => unit.text).join(part.tokens.joiner);
    if (!namesOf.has(column)) namesOf.set(column, new Set(bucket === undefined ? [] : [`#${bucket}`]));
    namesOf.get(column).add(name);
  });
  return Array.from(values, ([column, value]) => {
    const weight = weights.of(part, column);
    return { feature: part.prefix + nameOf(namesOf.get(column)), weight, value, contribution: weight * value };
  });
}

// A bucket is named with its n-grams.
function nameOf([name, ...ngrams]) {
  return ngrams.length ? `${name} ${ngrams.join(" | ")}` : name;
}

// What each character of a text adds: the contribution of an n-gram is spread over the characters that it covers.
function emphasised(text, parts, weights) {
  const own = Array.from(text);
  const normal = Array.from(parts[0].text);
  const shown = own.length === normal.length ? own : normal;
  const emphasis = new Array(shown.length).fill(0);
  for (const part of parts) {
    if (Array.from(part.text).length === shown.length) spread(part, weights, emphasis);
  }
  return { shown, emphasis };
}

function spread({ part, units, values }, weights, emphasis) {
  const placesOf = new Map();
  part.find(units, (column, first, n) => {
    const characters = units.slice(first, first + n).flatMap(placesOfUnit);
    if (placesOf.has(column)) placesOf.get(column).push(characters);
    else placesOf.set(column, [characters]);
  });
  for (const [column, places] of placesOf) {
    const share = (weights.of(part, column) * values.get(column)) / places.length;
    for (const characters of places) {
      for (const place of characters) emphasis[place] += share / characters.length;
    }
  }
}

function placesOfUnit({ start, end }) {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

// Neighbouring characters of one shade: it follows the sum over neighbours of one emphasis, as those of a word are.
function runsOf(shown, emphasis) {
  const pieces = grouped(shown.map((text, i) => ({ text, key: emphasis[i], sum: emphasis[i] })));
  const strongest = pieces.reduce((most, { sum }) => Math.max(most, Math.abs(sum)), 0) || 1;
  const shaded = pieces.map((piece) => ({ ...piece, key: toEven((piece.sum / strongest) * SHADES) / SHADES }));
  return grouped(shaded).map(({ text, key, sum }) => ({ text, emphasis: sum, shade: key }));
}

// Neighbours of one key, joined.
function grouped(pieces) {
  const groups = [];
  for (const piece of pieces) {
    const last = groups[groups.length - 1];
    if (last?.key !== piece.key) groups.push({ ...piece });
    else {
      last.text += piece.text;
      last.sum += piece.sum;
    }
  }
  return groups;
}

// Rounded to a whole number, halves to the even one.
function toEven(value) {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}
