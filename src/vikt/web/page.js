"use strict";
// The page: a text with its answer and its reasons, a table with labels, and what is known of the model.
//
// It knows a classifier, and nothing of where that runs: by HTTP (remote.js), or in the page itself. A classifier is an
// object with three methods, each of which returns a promise:
//
//   about()                          {name, targets, classes, thresholds, features, facts, links, reads, limits}
//                                      targets     "classes", "several", "soft" or "ordered"
//                                      classes     labels as strings, levels from lowest to highest
//                                      thresholds  {label: probability} of several labels, else null
//                                      facts       [[name, sentence], ...]; links {name: address}, which may be empty
//                                      reads       {text: boolean, columns: [name, ...]}
//                                      limits      what one call may hold: {texts, bytes} to predict, as JSON, and
//                                                  {explained} characters to explain
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
  const MOST_BYTES = 5e6;

  const showAbout = (about) => {
    byId("kind").textContent = "vikt text classifier";
    byId("title").textContent = about.name;
    document.title = `${about.name} – text classifier`;
    byId("facts").replaceChildren(
      ...about.facts.map(([name, sentence]) =>
        element("div", element("dt", name), element("dd", { dir: "auto" }, sentence)),
      ),
    );
    byId("links").replaceChildren(
      ...Object.entries(about.links).map(([name, href]) => element("li", element("a", { href }, name))),
    );
  };

  const readText = async (file) => {
    if (file.size > MOST_BYTES) {
      throw new Error(`${file.name} is larger than ${MOST_BYTES / 1e6} MB. Cut it into parts.`);
    }
    return vikt.decoded(await vikt.bytesOf(file), file.name).text;
  };

  const receive = async (file, answerText, openTable) => {
    if (vikt.isTable(file.name)) {
      await openTable(file);
      byId("table-title").scrollIntoView();
    } else {
      await readText(file).then(answerText, (error) => vikt.setMessage(byId("problem"), error.message));
    }
  };

  const takeDrops = (take) => {
    const mark = (isOver) => document.body.classList.toggle("dropping", isOver);
    const hasFiles = (event) => event.dataTransfer && event.dataTransfer.types.includes("Files");
    document.ondragover = (event) => {
      if (hasFiles(event)) {
        event.preventDefault();
        mark(true);
      }
    };
    document.ondragleave = (event) => {
      if (!event.relatedTarget) mark(false);
    };
    document.ondrop = (event) => {
      mark(false);
      if (!hasFiles(event)) return;
      event.preventDefault();
      take(event.dataTransfer.files[0]);
    };
  };

  const newestPage = vikt.newest();

  // Draws the page for a classifier, and answers the text that was typed before.
  vikt.showPage = async (classifier) => {
    const found = await newestPage(classifier.about());
    if (!found) return;
    if (found.error) throw found.error;
    const about = found.value;
    const typed = byId("text")?.value ?? "";
    byId("content").replaceChildren(byId("page").content.cloneNode(true));
    showAbout(about);
    const answerText = vikt.textPanel(classifier, about);
    const openTable = vikt.tablePanel(classifier, about);
    takeDrops((file) => receive(file, answerText, openTable));
    byId("file").onchange = ({ target }) => {
      if (target.files.length) openTable(target.files[0]);
      target.value = ""; // else a browser says nothing of the same file, chosen again
    };
    if (typed) answerText(typed);
  };
})();
