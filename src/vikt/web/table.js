"use strict";
// A table on the page: a file is chosen or dropped, its rows are labelled, and it is offered for download.

(() => {
  const { byId, element } = vikt;
  const MOST_BYTES = 100e6;
  const MOST_ROWS_SHOWN = 5;
  const MOST_LABELS_SHOWN = 12;
  const MOST_CHARACTERS_SHOWN = 120;
  const SHORT = 24;

  const shownCell = (value) => {
    const cut = value.length > MOST_CHARACTERS_SHOWN ? `${value.slice(0, MOST_CHARACTERS_SHOWN)}…` : value;
    return element("td", { className: value.length > SHORT ? "words" : "short", dir: "auto" }, cut);
  };

  const preview = ({ header, rows }) => {
    const shown = rows.slice(0, MOST_ROWS_SHOWN);
    const caption = `The first ${vikt.count(shown.length, "row")}, labelled`;
    const headings = header.map((name) => element("th", { scope: "col", className: "words" }, element("bdi", name)));
    const table = element(
      "table",
      element("caption", element("span", caption)),
      element("thead", element("tr", ...headings)),
      element("tbody", ...shown.map((row) => element("tr", ...row.map(shownCell)))),
    );
    return element("div.wide", { tabIndex: 0, aria: { role: "region", label: caption } }, table);
  };

  const tallied = (about, answers) => {
    const counts = vikt.tally(answers).slice(0, MOST_LABELS_SHOWN);
    const name = (label) => (label === null ? vikt.kind(about).none : vikt.labelText(label));
    const items = counts.map(([label, n]) => element("li", name(label), `: ${n.toLocaleString("en")}`));
    return element("ul.tally", { aria: { label: "Rows by label" } }, ...items);
  };

  const offer = (labelled, { dialect }, name) => {
    const link = byId("download");
    const lines = vikt.tableLines([labelled.header, ...labelled.rows], dialect);
    const content = new Blob([dialect.hasMark ? "\ufeff" : "", ...lines], { type: "text/csv;charset=utf-8" });
    URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(content);
    link.download = name.replace(/(\.[^.]*)?$/u, (ending) => `-labelled${ending || ".csv"}`);
    link.textContent = `Download ${link.download}`;
    vikt.show(link, true);
  };

  const setBusy = (isBusy) => {
    for (const id of ["text-column", "with-all", "start"]) byId(id).disabled = isBusy;
    for (const id of ["stop", "progress"]) vikt.show(byId(id), isBusy);
  };

  const forget = () => {
    byId("labelled").replaceChildren();
    byId("start").className = "main";
    vikt.show(byId("download"), false);
    vikt.complain(byId("table-problem"), "");
  };

  // The table that is on the page now; what was begun for another one ends unseen.
  let current = null;

  const label = async (classifier, about, table, name) => {
    const box = byId("table");
    const isCurrent = () => current === table && box.isConnected;
    const advance = (n) => {
      byId("bar").value = n;
      byId("done").textContent = `${n.toLocaleString("en")} of ${vikt.count(table.rows.length, "row")}`;
    };
    let isStopped = false;
    byId("stop").onclick = () => {
      isStopped = true;
    };
    forget();
    setBusy(true);
    byId("bar").max = table.rows.length;
    advance(0);
    const column = about.reads.text ? Number(byId("text-column").value) : -1;
    const withAll = byId("with-all").checked;
    const goOn = (n) => {
      if (isStopped || !isCurrent()) return false;
      advance(n);
      return true;
    };
    const { answers, error } = await vikt.answersTo(classifier, about, table, column, goOn).then(
      (value) => ({ answers: value }),
      (reason) => ({ error: reason }),
    );
    if (!isCurrent()) return;
    setBusy(false);
    if (error) vikt.complain(byId("table-problem"), error.message);
    byId("table-status").textContent = answers ? `${vikt.count(answers.length, "row")} labelled` : "";
    if (!answers) return;
    const labelled = vikt.labelledTable(about, table, answers, withAll);
    offer(labelled, table, name);
    byId("start").className = "";
    byId("labelled").replaceChildren(tallied(about, answers), preview(labelled));
  };

  const readFile = async (about, file) => {
    if (file.size > MOST_BYTES) {
      throw new Error(`${file.name} has more than ${MOST_BYTES / 1e6} MB. Label it by the command vikt predict.`);
    }
    const table = vikt.readTable(new Uint8Array(await file.arrayBuffer()), file.name);
    const missing = about.reads.columns.find((name) => !table.header.includes(name));
    if (missing !== undefined) {
      const found = table.header.join(", ");
      throw new Error(`${file.name} has no column ${missing}, which the model reads. Its columns are ${found}.`);
    }
    return table;
  };

  const present = (classifier, about, table, name) => {
    const { header, rows } = table;
    byId("table-name").textContent = name;
    byId("table-size").textContent = `${vikt.count(rows.length, "row")}, ${vikt.count(header.length, "column")}`;
    const choices = header.map((own, c) => element("option", { value: c }, own || `column ${c + 1}`));
    byId("text-column").replaceChildren(...choices);
    byId("text-column").value = vikt.textColumn(table);
    vikt.show(byId("text-column-field"), about.reads.text);
    const classes = `${about.classes.length} ${vikt.kind(about).many}`;
    byId("with-all-label").textContent = `Also write the probability of each of the ${classes}`;
    byId("start").textContent = `Label ${vikt.count(rows.length, "row")}`;
    byId("start").onclick = () => label(classifier, about, table, name);
    vikt.show(byId("table"), true);
  };

  // Reads a file and offers to label its rows.
  vikt.openTable = async (classifier, about, file) => {
    current = null;
    forget();
    setBusy(false);
    vikt.show(byId("table"), false);
    try {
      current = await readFile(about, file);
      present(classifier, about, current, file.name);
    } catch (error) {
      vikt.complain(byId("table-problem"), error.message);
    }
  };
})();
