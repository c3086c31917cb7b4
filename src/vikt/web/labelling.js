"use strict";
// The rows of a table, their answers in batches, and the file that comes back with them.

(() => {
  const MOST_ROWS = 200;
  const MOST_CHARACTERS = 200_000;
  const USUAL_NAME = /^(text|message|body|review|document|content)$/iu;

  // The place of the column that probably holds the texts: by its name, or else the longest.
  vikt.textColumn = ({ header, rows }) => {
    const named = header.findIndex((name) => USUAL_NAME.test(name.trim()));
    if (named >= 0) return named;
    const lengths = header.map((_, c) => rows.slice(0, 50).reduce((sum, row) => sum + row[c].length, 0));
    return lengths.indexOf(Math.max(...lengths));
  };

  // Where the batch ends that starts with a row: after so many rows, or so many characters.
  const batchEnd = (texts, start) => {
    let end = start;
    for (let characters = 0; end < texts.length && end - start < MOST_ROWS && characters < MOST_CHARACTERS; end += 1) {
      characters += texts[end].length;
    }
    return end;
  };

  // The answers to the rows, in batches, after each of which `advance` is called with the number of rows done; it
  // returns whether to go on. `column` is the place of the texts, or -1 for none. Null where it was not to go on.
  vikt.answersTo = async (classifier, about, { header, rows }, column, advance) => {
    const texts = rows.map((row) => (column < 0 ? "" : row[column]));
    const places = about.reads.columns.map((name) => [name, header.indexOf(name)]);
    const answers = [];
    for (let start = 0, end; start < rows.length; start = end) {
      end = batchEnd(texts, start);
      const values = places.map(([name, place]) => [name, rows.slice(start, end).map((row) => row[place])]);
      try {
        answers.push(...(await classifier.predict(texts.slice(start, end), Object.fromEntries(values))));
      } catch (error) {
        throw new Error(`Rows ${start + 1} to ${end}: ${error.message}`);
      }
      if (!advance(end)) return null;
      await new Promise((resume) => setTimeout(resume)); // lets the page draw
    }
    return answers;
  };

  const number = (p) => String(Number(p.toPrecision(12)));

  // Labels in one value: with commas between them, or as JSON where a label of the model holds one.
  const joined = (about, labels) =>
    about.targets === "several" && about.classes.some((label) => label.includes(","))
      ? JSON.stringify(labels)
      : labels.join(",");

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
      header: [...header, ...names.map((name) => (header.includes(name) ? `vikt_${name}` : name))],
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
