// The classifier that a page shows, with its model in the page itself.

function localClassifier(model) {
  return {
    about: async () => ({
      name: model.name,
      targets: model.targets,
      classes: model.classes,
      thresholds: model.thresholds && Object.fromEntries(model.classes.map((label, k) => [label, model.thresholds[k]])),
      features: model.parts.reduce((n, part) => n + part.n, 0),
      facts: model.facts,
      links: {},
      reads: { text: true, columns: [] },
    }),
    predict: async (texts) => texts.map((text) => answered(text, model)),
    explain: async (text, label) => explained(text, label, model),
  };
}
