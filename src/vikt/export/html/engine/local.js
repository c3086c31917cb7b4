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
      limits: { texts: Infinity, bytes: Infinity, explained: 20_000 },
    }),
    predict: async (texts) => texts.map((text) => answered(text, model)),
    explain: async (text, label) => explained(text, label, model),
  };
}

async function start() {
  const content = vikt.byId("content");
  vikt.byId("privacy").textContent = "Texts stay in this browser: the page holds the whole model and asks for nothing.";
  content.append(vikt.element("p", { className: "hint", aria: { role: "status" } }, "Opening the model…"));
  try {
    const model = modelOf(await decoded(vikt.byId("model").textContent));
    await vikt.showPage(localClassifier(model));
  } catch (error) {
    content.replaceChildren(vikt.element("p", { className: "note error", aria: { role: "alert" } }, error.message));
  }
}
