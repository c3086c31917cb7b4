// From texts to scores, from scores to probabilities, and from these to answers.

function modelOf({ header, sections }) {
  const characters = charactersOf(header.characters, sections);
  return { ...header, parts: header.parts.map((part) => partOf(part, sections, characters)) };
}

function measured(text, model) {
  return model.parts.map((part) => readBy(part, text));
}

function scoresOf(parts, model) {
  return model.intercepts.map((intercept, k) => {
    let score = intercept;
    for (const { part, values } of parts) {
      const weights = part.weights[k];
      for (const [column, value] of values) score += weights[column] * value;
    }
    return score;
  });
}

function logLogistic(z) {
  return z >= 0 ? -Math.log1p(Math.exp(-z)) : z - Math.log1p(Math.exp(z));
}

function logSoftmax(scores) {
  const largest = placeOfLargest(scores);
  const others = scores.reduce((sum, z, k) => sum + (k === largest ? 0 : Math.exp(z - scores[largest])), 0);
  return scores.map((z) => z - scores[largest] - Math.log1p(others));
}

function logOdds(scores) {
  return scores.length > 1 ? logSoftmax(scores) : [logLogistic(-scores[0]), logLogistic(scores[0])];
}

// Levels share one score, and have cuts between them.
function logLevels([score], cuts) {
  const bounds = [-Infinity, ...cuts, Infinity];
  return bounds.slice(1).map((upper, k) => {
    const lower = bounds[k];
    const beside = logLogistic(upper - score) + logLogistic(score - lower);
    return beside + Math.log(-Math.expm1(lower - upper));
  });
}

function logProbabilities(parts, model) {
  const temperature = model.decision?.temperature ?? 1;
  const scores = scoresOf(parts, model).map((z) => z / temperature);
  return TARGETS[model.targets].logsOf(scores, model.cuts);
}

// The place of the largest value, the first of equal ones.
function placeOfLargest(values) {
  return values.reduce((best, value, k) => (value > values[best] ? k : best), 0);
}

// Which class stands first, by log-probabilities.
const CHOICES = {
  most_probable: placeOfLargest,
  median: (logs) => {
    const upTo = [];
    for (const p of logs.map(Math.exp)) upTo.push((upTo[upTo.length - 1] ?? 0) + p);
    return upTo.findIndex((sum) => sum >= upTo[upTo.length - 1] / 2);
  },
  class_threshold: (logs, rule, classes) => {
    const own = classes.indexOf(rule.class);
    return Math.exp(logs[own]) >= rule.threshold ? own : placeOfLargest(logs.map((log, k) => (k === own ? -Infinity : log)));
  },
  least_cost: (logs, rule, classes) => {
    const probabilities = logs.map(Math.exp);
    const savings = probabilities.map((p, k) => p * rule.by_class[k]);
    for (const [real, answered, cost] of rule.pairs) {
      const k = classes.indexOf(real);
      savings[classes.indexOf(answered)] -= (cost - rule.by_class[k]) * probabilities[k];
    }
    const best = savings[placeOfLargest(savings)];
    return placeOfLargest(logs.map((log, k) => (savings[k] >= best ? log : -Infinity)));
  },
};

// What a model that gives one label says: which class stands first, and whether it is answered.
function decided(parts, logs, model) {
  const { rule, confidence, answers_unknown: answersUnknown } = model.decision;
  const k = CHOICES[rule.kind](logs, rule, model.classes);
  const isKnown = answersUnknown || parts.some(({ values }) => values.size > 0);
  return { k, isAnswered: isKnown && (confidence === 0 || Math.exp(logs[k]) > confidence) };
}

// The places of classes, the most probable first; of equally probable ones the first in order.
function ranked(logs) {
  return logs.map((_, k) => k).sort((a, b) => logs[b] - logs[a] || a - b);
}

function answerOfOne(parts, logs, model) {
  const { k, isAnswered } = decided(parts, logs, model);
  const answer = { predicted: isAnswered ? model.classes[k] : null, probability: Math.exp(logs[k]) };
  const least = model.decision.set_threshold;
  if (least === null) return answer;
  const members = ranked(logs).filter((own) => own === k || Math.exp(logs[own]) >= least);
  return { ...answer, set: members.map((own) => model.classes[own]) };
}

function labelsOf(logs, model) {
  return ranked(logs).filter((k) => Math.exp(logs[k]) >= model.thresholds[k]);
}

function answerOfSeveral(_, logs, model) {
  const own = labelsOf(logs, model);
  return { predicted: own.map((k) => model.classes[k]), probability: own.map((k) => Math.exp(logs[k])) };
}

// By the kind of targets: log-probabilities of scores, and the answer by these.
const TARGETS = {
  classes: { logsOf: logOdds, answer: answerOfOne },
  soft: { logsOf: logOdds, answer: answerOfOne },
  several: { logsOf: (scores) => scores.map(logLogistic), answer: answerOfSeveral },
  ordered: { logsOf: logLevels, answer: answerOfOne },
};

// The answer to a text as a line of `vikt predict --json --proba`.
function answered(text, model) {
  const parts = measured(text, model);
  const logs = logProbabilities(parts, model);
  const answer = TARGETS[model.targets].answer(parts, logs, model);
  const probabilities = model.classes.map((label, k) => [`P(${label})`, Math.exp(logs[k])]);
  return { ...answer, ...Object.fromEntries(probabilities) };
}
