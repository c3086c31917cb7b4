"use strict";
// The rows of a table, their answers in batches, and the file that comes back with them.

(() => {
  // Small enough that the page draws the progress between two batches.
  const MOST_ROWS = 200;
  const MOST_BYTES = 200_000;
  const USUAL_NAME = /^(text|message|body|review|document|content)$/iu;

  // The place of the column that probably holds the texts: by its name, or else the longest.
  vikt.textColumn = ({ header, rows }) => {
    const named = header.findIndex((name) => USUAL_NAME.test(name.trim()));
    if (named >= 0) return named;
    const lengths = header.map((_, c) => rows.slice(0, 50).reduce((sum, row) => sum + row[c].length, 0));
    return lengths.indexOf(Math.max(...lengths));
  };

  const encoder = new TextEncoder();
  const size = (values) => encoder.encode(JSON.stringify(values)).length;

  // The place after the last row of the batch that starts with a row; a row that is too long stands alone.
  const batchEnd = (asked, start, limits) => {
    const most = Math.min(start + MOST_ROWS, start + limits.texts, asked.length);
    // What stands around the rows in a request is small, but not nothing.
    const room = Math.min(MOST_BYTES, limits.bytes / 2);
    let end = start + 1;
    for (let bytes = size(asked[start]); end < most; end += 1) {
      bytes += size(asked[end]);
      if (bytes > room) break;
    }
    return end;
  };

  const rowsFrom = (start, end) => (end - start === 1 ? `Row ${end}` : `Rows ${start + 1} to ${end}`);

  // Adds the answers to the rows that have none yet to `answers`, in batches, after each of which `goOn` is called; it
  // returns whether to continue. `column` is the place of the texts, or -1 for none.
  vikt.answerRows = async (classifier, about, { header, rows }, column, answers, goOn) => {
    const places = about.reads.columns.map((name) => header.indexOf(name));
    const asked = rows.map((row) => [column < 0 ? "" : row[column], ...places.map((place) => row[place])]);
    while (answers.length < rows.length) {
      const start = answers.length;
      const end = batchEnd(asked, start, about.limits);
      const batch = asked.slice(start, end);
      const columns = about.reads.columns.map((name, c) => [name, batch.map((values) => values[c + 1])]);
      const texts = batch.map(([text]) => text);
      try {
        answers.push(...(await classifier.predict(texts, Object.fromEntries(columns))));
      } catch (error) {
        throw new Error(`${rowsFrom(start, end)}: ${error.message}`);
      }
      if (!goOn()) return;
      await new Promise((resume) => setTimeout(resume)); // lets the page draw
    }
  };

  const number = (p) => String(Number(p.toPrecision(12)));

  // Labels in one value: with commas between them, or as JSON where a label of the model holds one.
  const joined = (about, labels) =>
    about.targets === "several" && about.classes.some((label) => label.includes(","))
      ? JSON.stringify(labels)
      : labels.join(",");

  // A name that no other column has.
  const unused = (name, header) => (header.includes(name) ? unused(`vikt_${name}`, header) : name);

  // The header and the rows of a table with the answers added: labels, their probabilities, and with `withAll` that of
  // each class. A new column that has the name of another is renamed.
  vikt.labelledTable = (about, { header, rows }, answers, withAll) => {
    const classes = withAll ? about.classes : [];
    const names = ["predicted", "probability", ...classes.map((label) => `P(${label})`)].map(vikt.inert);
    const added = answers.map((answer) => {
      const labels = vikt.answered(answer);
      const probabilities = labels.map((label) => number(vikt.probability(answer, label)));
      const all = classes.map((label) => number(vikt.probability(answer, label)));
      return [joined(about, labels), probabilities.join(","), ...all].map(vikt.inert);
    });
    return {
      header: [...header, ...names.map((name) => unused(name, header))],
      rows: rows.map((row, i) => [...row, ...added[i]]),
    };
  };

  // How many rows have each label, the most frequent first: [[label, count], ...]; a label of null is none.
  vikt.tally = (answers) => {
    const counts = new Map();
    for (const answer of answers) {
      const labels = vikt.answered(answer);
      for (const label of labels.length ? labels : [null]) counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    return Array.from(counts).sort((a, b) => b[1] - a[1]);
  };
})();
