"use strict";
// A table that comes back with labels: the file, the columns that the model reads, progress, and the result.

(() => {
  const { byId, element } = vikt;
  const MOST_BYTES = 100e6, MOST_ROWS = 200, MOST_CHARACTERS = 200_000, ROWS_SHOWN = 5, MOST_SHOWN = 120, SHORT = 24;

  // Rows from `start` on that are labelled at once: so many, or so many characters.
  const batchEnd = (rows, start, column) => {
    let end = start, characters = 0;
    while (end < rows.length && end - start < MOST_ROWS && (end === start || characters < MOST_CHARACTERS)) {
      characters += column < 0 ? 0 : rows[end][column].length;
      end += 1;
    }
    return end;
  };

  const guess = ({ header, rows }) => {
    const named = header.findIndex((name) => /^(text|message|body|review|document|content)$/iu.test(name.trim()));
    if (named >= 0) return named;
    const length = header.map((_, c) => rows.slice(0, 50).reduce((sum, row) => sum + row[c].length, 0));
    return length.indexOf(Math.max(...length));
  };

  const isBusy = (isBusyNow, controls) => { for (const control of controls) control.disabled = isBusyNow; };

  // Names of columns that the table does not have yet.
  const newNames = (names, header) => names.map((name) => (header.includes(name) ? `vikt_${name}` : name));

  const number = (p) => String(Number(p.toPrecision(12)));

  const added = (about, answer, withAll) => {
    const labels = vikt.answered(answer);
    const own = [labels.join(","), labels.map((label) => number(vikt.probability(answer, label))).join(",")];
    return (withAll ? [...own, ...about.classes.map((label) => number(vikt.probability(answer, label)))] : own).map(vikt.inert);
  };

  const addedNames = (about, withAll) => ["predicted", "probability", ...(withAll ? about.classes.map((label) => `P(${label})`) : [])];

  const tally = (answers) => {
    const counts = new Map();
    for (const label of answers.flatMap((answer) => (vikt.answered(answer).length ? vikt.answered(answer) : ["no label"]))) {
      counts.set(label, (counts.get(label) || 0) + 1);
    }
    return Array.from(counts).sort((a, b) => b[1] - a[1]);
  };

  const cut = (value) => (value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value);

  const preview = (header, rows, caption) => element("div", { className: "wide", tabIndex: 0, aria: { role: "region", label: caption } },
    element("table", {}, element("caption", {}, element("span", {}, caption)),
      element("thead", {}, element("tr", {}, ...header.map((name) => element("th", { scope: "col", className: "words" }, element("bdi", {}, name))))),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((value) => element("td", { className: value.length > SHORT ? "words" : "short", dir: "auto" }, cut(value))))))));

  // The answers to all rows, in batches; `progress` is called with the rows that are done.
  const answersTo = async (classifier, about, table, column, progress, isStopped) => {
    const places = about.reads.columns.map((name) => [name, table.header.indexOf(name)]);
    const answers = [];
    for (let start = 0; start < table.rows.length;) {
      const end = batchEnd(table.rows, start, column), rows = table.rows.slice(start, end);
      const texts = rows.map((row) => (column < 0 ? "" : row[column]));
      const columns = Object.fromEntries(places.map(([name, place]) => [name, rows.map((row) => row[place])]));
      try {
        answers.push(...await classifier.predict(texts, columns));
      } catch (error) {
        throw new Error(`Rows ${start + 1} to ${end}: ${error.message}`);
      }
      if (isStopped()) return null;
      progress(start = end);
      await new Promise((resume) => setTimeout(resume)); // lets the page draw between batches
    }
    return answers;
  };

  const result = (about, table, answers, withAll, name) => {
    const header = [...table.header, ...newNames(addedNames(about, withAll).map(vikt.inert), table.header)];
    const rows = table.rows.map((row, i) => [...row, ...added(about, answers[i], withAll)]);
    const content = [table.dialect.hasMark ? "\ufeff" : "", ...vikt.tableLines([header, ...rows], table.dialect)];
    const file = name.replace(/(\.[^.]*)?$/u, (ending) => `-labelled${ending || ".csv"}`);
    const link = element("a", { className: "button", href: URL.createObjectURL(new Blob(content, { type: "text/csv;charset=utf-8" })), download: file }, `Download ${file}`);
    const counts = tally(answers).slice(0, 12).map(([label, n]) => element("li", {}, vikt.labelText(label), ` ${n.toLocaleString("en")}`));
    return [link, element("ul", { className: "tally", aria: { label: "Rows by label" } }, ...counts),
      preview(header, rows.slice(0, ROWS_SHOWN), `The first ${Math.min(ROWS_SHOWN, rows.length)} rows, labelled`)];
  };

  const form = (about, table) => {
    const chooser = element("select", { id: "text-column" }, ...table.header.map((name, c) => element("option", { value: c }, name || `column ${c + 1}`)));
    chooser.value = guess(table);
    const all = element("input", { type: "checkbox", id: "with-all" });
    const start = element("button", { type: "button", className: "main" }, `Label ${vikt.count(table.rows.length, "row")}`);
    const stop = element("button", { type: "button", hidden: true }, "Stop");
    const bar = element("progress", { max: table.rows.length, value: 0, aria: { label: "Rows labelled" } });
    const done = element("span", { className: "hint" });
    const progress = element("p", { className: "progress", hidden: true }, bar, " ", done);
    const column = about.reads.text ? [element("label", { htmlFor: "text-column" }, "Column of the texts"), chooser] : [];
    const options = element("div", { className: "options" }, element("span", {}, ...column.slice(0, 1), " ", ...column.slice(1)),
      element("span", {}, all, " ", element("label", { htmlFor: "with-all" }, `Also write the probability of each of the ${about.classes.length} ${vikt.kind(about).many}`)));
    const output = element("div", {}), download = element("span", {});
    const buttons = element("p", { className: "buttons" }, download, start, stop);
    return { chooser, all, start, stop, bar, done, progress, download, output, nodes: [options, buttons, progress, output] };
  };

  const label = async (classifier, about, table, name, parts) => {
    const { chooser, all, start, stop, bar, done, progress, download, output } = parts;
    let isStopped = false;
    stop.onclick = () => { isStopped = true; };
    for (const part of [download, output]) part.replaceChildren();
    start.className = "main";
    vikt.complain(byId("table-problem"), "");
    isBusy(true, [chooser, all, start]);
    for (const part of [stop, progress]) vikt.show(part, true);
    const advance = (n) => { bar.value = n; done.textContent = `${n.toLocaleString("en")} of ${vikt.count(table.rows.length, "row")}`; };
    advance(0);
    try {
      const column = about.reads.text ? Number(chooser.value) : -1;
      const answers = await answersTo(classifier, about, table, column, advance, () => isStopped || !output.isConnected);
      if (answers) {
        const [link, ...shown] = result(about, table, answers, all.checked, name);
        download.replaceChildren(link);
        output.replaceChildren(...shown);
        start.className = "";
      }
      byId("table-status").textContent = answers ? `${vikt.count(answers.length, "row")} labelled` : "Stopped";
    } catch (error) {
      if (output.isConnected) vikt.complain(byId("table-problem"), error.message);
    }
    for (const part of [stop, progress]) vikt.show(part, false);
    isBusy(false, [chooser, all, start]);
  };

  // Reads a file and offers to label it. Returns whether it could be read.
  vikt.openTable = async (classifier, about, file) => {
    const box = byId("table"), problem = byId("table-problem");
    box.replaceChildren();
    vikt.show(box, false);
    vikt.complain(problem, "");
    try {
      if (file.size > MOST_BYTES) throw new Error(`${file.name} has more than ${MOST_BYTES / 1e6} MB. Label it with vikt predict, which reads files of any size.`);
      const table = vikt.readTable(new Uint8Array(await file.arrayBuffer()), file.name);
      const missing = about.reads.columns.filter((name) => !table.header.includes(name));
      if (missing.length) throw new Error(`${file.name} has no column ${missing[0]}, which the model reads. Its columns are ${table.header.join(", ")}.`);
      const parts = form(about, table);
      parts.start.onclick = () => label(classifier, about, table, file.name, parts);
      box.replaceChildren(element("p", {}, element("strong", {}, file.name), `: ${vikt.count(table.rows.length, "row")}, ${vikt.count(table.header.length, "column")}`), ...parts.nodes);
      vikt.show(box, true);
    } catch (error) {
      vikt.complain(problem, error.message);
    }
  };
})();
