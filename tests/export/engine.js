// Answers and explains texts by an exported model: of a file of JSON, what another file is to hold.

const { readFileSync, writeFileSync } = require("node:fs");

async function main(input, output) {
  const { model: encoded, texts, labels } = JSON.parse(readFileSync(input, "utf-8"));
  const model = modelOf(await decoded(encoded));
  const results = texts.map((text) => ({
    answer: answered(text, model),
    values: measured(text, model).map(({ values, start }) => Array.from(values, ([column, value]) => [start + column, value])),
    units: measured(text, model).map(({ units }) => units.map((unit) => unit.text)),
    explanation: explained(text, labels ? model.classes[0] : null, model),
  }));
  writeFileSync(output, JSON.stringify(results));
}

main(...process.argv.slice(2));
