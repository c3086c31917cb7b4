"use strict";
// The page: a text with its answer and its reasons, a table with labels, and what is known of the model.
//
// It knows a classifier, and nothing of where that runs: by HTTP (remote.js), or in the page itself. A classifier is an
// object with three methods, each of which returns a promise:
//
//   about()                          {name, targets, classes, thresholds, features, facts, links, reads}
//                                      targets     "classes", "several", "soft" or "ordered"
//                                      classes     labels as strings, levels from lowest to highest
//                                      thresholds  {label: probability} of several labels, else null
//                                      facts       [[name, sentence], ...]; links {name: address}, which may be empty
//                                      reads       {text: boolean, columns: [name, ...]}
//   predict(texts, columns)          an answer for each text: {predicted, probability, set?, "P(label)": ...}, where
//                                      predicted is a label, null for no answer, or of several labels a list;
//                                      columns are {name: [value of each text, ...]}, values as they were typed
//   explain(text, label, columns)    {explanations, remark}; label is null for what is answered, columns {name: value};
//                                      an explanation is {label, probability, answered, score, intercept,
//                                      contributions: [{feature, weight, value, contribution}], runs: [{text, emphasis,
//                                      shade}], threshold?, levels?, cuts?}, the largest contribution first
//
// What a method rejects with is an Error whose message is shown as it stands.
// vikt.showPage(classifier) draws the page, and draws it anew for another classifier.

(() => {
  const { byId, element } = vikt;
  const PATIENCE = 200, MOST_CHARACTERS = 5e6, MOST_EXPLAINED = 20_000;
  const TABLE = /\.(csv|tsv|tab)$/iu;

  const showAbout = (about) => {
    byId("title").textContent = about.name;
    document.title = `${about.name} – text classifier`;
    byId("facts").replaceChildren(...about.facts.map(([name, sentence]) =>
      element("div", {}, element("dt", {}, name), element("dd", { dir: "auto" }, sentence))));
    byId("links").replaceChildren(...Object.entries(about.links).map(([name, href]) => element("li", {}, element("a", { href }, name))));
  };

  const columnFields = (about, changed) => {
    const box = byId("columns");
    const fields = about.reads.columns.map((name, i) => {
      const input = element("input", { id: `column-${i}`, oninput: changed, autocomplete: "off", dir: "auto" });
      box.append(element("span", { className: "field" }, element("label", { htmlFor: input.id }, element("bdi", {}, name)), input));
      return [name, input];
    });
    vikt.show(box, fields.length > 0);
    return () => Object.fromEntries(fields.map(([name, input]) => [name, input.value]));
  };

  const listed = (columns) => Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, [value]]));

  const missing = (columns) => Object.keys(columns).filter((name) => columns[name].trim() === "");

  // An answer is shown even where it cannot be explained.
  const unexplained = (remark) => ({ explanations: [], remark });

  const tooLong = (text) => `The text has ${text.length.toLocaleString("en")} characters. It is answered as a whole; the words of texts of up to ${MOST_EXPLAINED.toLocaleString("en")} characters are shown.`;

  // The part of the page that answers one text. Returns {read(text), again()}.
  const desk = (classifier, about) => {
    const text = byId("text"), problem = byId("problem");
    const newest = vikt.newest(), newestLeft = vikt.newest();
    // Whether the page has been drawn anew meanwhile, for another model.
    const isGone = () => !text.isConnected;
    let chosen = null, told = null;
    const columns = columnFields(about, () => soon());

    const left = async (rest) => {
      const { base, explained } = told;
      const found = await newestLeft(rest === null ? Promise.resolve([base]) : classifier.predict([rest], listed(columns())));
      if (!found || told.base !== base || isGone()) return;
      vikt.complain(problem, found.error ? found.error.message : "");
      if (found.value) answer.show(base, found.value[0], explained);
    };
    const reasons = vikt.reasonsPanel(left);
    const answer = vikt.answerPanel(about, (label) => {
      chosen = label === chosen ? null : label;
      again();
    });

    const clear = (remark) => {
      answer.clear(remark || "The answer appears here.");
      reasons.hide();
      vikt.complain(problem, "");
    };
    const again = async () => {
      if (isGone()) return;
      const typed = text.value, own = columns();
      vikt.show(byId("clear"), typed !== "");
      const empty = missing(own);
      const isBlank = empty.length > 0 || (about.reads.text && typed.trim() === "");
      const isExplained = typed.length <= MOST_EXPLAINED;
      byId("answer").setAttribute("aria-busy", String(!isBlank));
      const found = await newest(isBlank ? Promise.resolve(null) : Promise.all([
        classifier.predict([typed], listed(own)),
        isExplained ? classifier.explain(typed, chosen, own).catch((error) => unexplained(error.message)) : unexplained(tooLong(typed)),
      ]));
      if (!found || isGone()) return;
      byId("answer").setAttribute("aria-busy", "false");
      if (isBlank) { clear(typed && empty.length ? `Fill in ${empty.join(", ")} as well, which the model reads.` : ""); return; }
      vikt.complain(problem, found.error ? found.error.message : "");
      if (found.error) { answer.clear("No answer."); reasons.hide(); return; }
      const [[base], { explanations, remark }] = found.value;
      const explained = explanations[0]?.label;
      told = { base, explained };
      answer.show(base, base, explained);
      if (explanations.length) reasons.show(explanations[0], remark);
      else { reasons.hide(); vikt.complain(problem, remark); }
    };
    const soon = vikt.settled(again, () => PATIENCE + text.value.length / 1000);
    const read = (value) => { text.value = value; again(); };

    text.oninput = soon;
    byId("clear").onclick = () => { read(""); text.focus(); };
    vikt.show(byId("text-field"), about.reads.text);
    return { read, again };
  };

  const receive = async (classifier, about, file, read) => {
    if (TABLE.test(file.name)) {
      await vikt.openTable(classifier, about, file);
      byId("table-title").scrollIntoView();
    } else if (file.size > MOST_CHARACTERS) {
      vikt.complain(byId("problem"), `${file.name} is larger than ${MOST_CHARACTERS / 1e6} MB. Cut it into parts.`);
    } else {
      read(await file.text());
    }
  };

  const takeDrops = (take) => {
    const mark = (isOver) => document.body.classList.toggle("dropping", isOver);
    const hasFiles = (event) => event.dataTransfer && event.dataTransfer.types.includes("Files");
    document.ondragover = (event) => { if (hasFiles(event)) { event.preventDefault(); mark(true); } };
    document.ondragleave = (event) => { if (!event.relatedTarget) mark(false); };
    document.ondrop = (event) => {
      mark(false);
      if (!hasFiles(event)) return;
      event.preventDefault();
      take(event.dataTransfer.files[0]);
    };
  };

  const newestPage = vikt.newest();

  // Draws the page for a classifier. Returns what answers the same text once more, as after a token was given.
  vikt.showPage = async (classifier) => {
    const found = await newestPage(classifier.about());
    if (!found) return null;
    if (found.error) throw found.error;
    const about = found.value;
    const typed = byId("text")?.value ?? "";
    byId("content").replaceChildren(byId("page").content.cloneNode(true));
    showAbout(about);
    const { read, again } = desk(classifier, about);
    takeDrops((file) => receive(classifier, about, file, read));
    byId("file").onchange = ({ target }) => { if (target.files.length) vikt.openTable(classifier, about, target.files[0]); };
    if (typed) read(typed);
    return again;
  };
})();
