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

  // Probabilities to three digits; the file has more.
  const rounded = (value) => value.replace(/\d\.\d{4,}(e-\d+)?/gu, (p) => Number(p).toPrecision(3));

  const preview = ({ header, rows }, firstProbability) => {
    const shown = rows
      .slice(0, MOST_ROWS_SHOWN)
      .map((row) => row.map((value, c) => (c < firstProbability ? value : rounded(value))));
    const which = rows.length > shown.length ? "The first " : "";
    const caption = `${which}${vikt.count(shown.length, "row")}, labelled`;
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

  const offer = (labelled, { dialect, hasHeader }, name) => {
    const link = byId("download");
    const lines = vikt.tableLines([...(hasHeader ? [labelled.header] : []), ...labelled.rows], dialect);
    const type = "text/csv;charset=utf-8";
    const content = new Blob([dialect.hasMark ? "\ufeff" : "", dialect.separatorLine, ...lines], { type });
    URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(content);
    link.download = name.replace(/(\.[^.]*)?$/u, (ending) => `-labelled${ending || ".csv"}`);
    link.textContent = `Download ${link.download}`;
    vikt.show(link, true);
  };

  const setBusy = (isBusy) => {
    for (const id of ["text-column", "with-all", "first-row", "start"]) byId(id).disabled = isBusy;
    for (const id of ["stop", "progress"]) vikt.show(byId(id), isBusy);
  };

  const forget = () => {
    byId("labelled").replaceChildren();
    byId("table-status").textContent = "";
    byId("start").className = "main";
    vikt.show(byId("download"), false);
    vikt.setMessage(byId("table-problem"), "");
  };

  const advance = (n, total) => {
    byId("bar").max = total;
    byId("bar").value = n;
    byId("done").textContent = `${n.toLocaleString("en")} of ${vikt.count(total, "row")}`;
  };

  const nameStart = (n, total) => {
    byId("start").textContent = `Label ${n ? "the remaining " : ""}${vikt.count(total - n, "row")}`;
  };

  const finish = (about, table, answers, name) => {
    const labelled = vikt.labelledTable(about, table, answers, byId("with-all").checked);
    offer(labelled, table, name);
    byId("start").className = "";
    byId("table-status").textContent = `${vikt.count(answers.length, "row")} labelled`;
    byId("labelled").replaceChildren(tallied(about, answers), preview(labelled, table.header.length + 1));
  };

  const readFile = async (about, file) => {
    if (file.size > MOST_BYTES) {
      throw new Error(`${file.name} is larger than ${MOST_BYTES / 1e6} MB. Label it with the command vikt predict.`);
    }
    const read = vikt.readTable(await vikt.bytesOf(file), file.name);
    // A model that reads columns finds them by their names.
    const table = about.reads.columns.length ? vikt.withHeader(read, true) : read;
    const missing = about.reads.columns.find((name) => !table.header.includes(name));
    if (missing !== undefined) {
      const found = table.header.join(", ");
      throw new Error(`${file.name} has no column ${missing}, which the model reads. Its columns are ${found}.`);
    }
    return table;
  };

  // Returns what reads a file and offers to label its rows; a later file replaces it.
  vikt.tablePanel = (classifier, about) => {
    const box = byId("table");
    const newest = vikt.newest();
    let current = null;
    let isStopped = false;
    const isCurrent = (table) => current === table && box.isConnected;

    // Answers the rows that have no answers yet. Returns what went wrong.
    const answerRest = (table, answers) => {
      const column = about.reads.text ? Number(byId("text-column").value) : -1;
      const goOn = () => {
        if (isCurrent(table)) advance(answers.length, table.rows.length);
        return isCurrent(table) && !isStopped;
      };
      return vikt.answerRows(classifier, about, table, column, answers, goOn).then(
        () => "",
        (error) => error.message,
      );
    };

    const present = (table, name) => {
      const { header, rows } = table;
      let answers = []; // so far; what is stopped or fails resumes from there
      const label = async () => {
        isStopped = false;
        forget();
        setBusy(true);
        advance(answers.length, rows.length);
        const problem = await answerRest(table, answers);
        if (!isCurrent(table)) return;
        setBusy(false);
        vikt.setMessage(byId("table-problem"), problem);
        if (answers.length === rows.length) {
          finish(about, table, answers, name);
          answers = [];
        }
        nameStart(answers.length, rows.length);
      };

      byId("table-name").textContent = name;
      byId("table-size").textContent = `${vikt.count(rows.length, "row")}, ${vikt.count(header.length, "column")}`;
      const choices = header.map((own, c) => element("option", { value: c }, own || `column ${c + 1}`));
      byId("text-column").replaceChildren(...choices);
      byId("text-column").value = vikt.textColumn(table);
      byId("text-column").onchange = () => {
        answers = [];
        nameStart(0, rows.length);
      };
      vikt.show(byId("text-column-field"), about.reads.text);
      vikt.show(byId("first-row-field"), !about.reads.columns.length && table.records.length > 1);
      byId("first-row").checked = !table.hasHeader;
      byId("first-row").onchange = ({ target }) => {
        forget();
        current = vikt.withHeader(table, !target.checked);
        present(current, name);
      };
      const classes = `${about.classes.length} ${vikt.kind(about).many}`;
      byId("with-all-label").textContent = `Also write the probability of each of the ${classes}`;
      nameStart(0, rows.length);
      byId("start").onclick = label;
      vikt.show(box, true);
    };

    byId("stop").onclick = () => {
      isStopped = true;
    };
    return async (file) => {
      current = null;
      forget();
      setBusy(false);
      vikt.show(box, false);
      const found = await newest(readFile(about, file));
      if (!found || !box.isConnected) return;
      if (found.error) {
        vikt.setMessage(byId("table-problem"), found.error.message);
        return;
      }
      current = found.value;
      present(current, file.name);
    };
  };
})();
