"use strict";
// CSV (RFC 4180) and TSV (without quotation marks) as rows of values, and back.

(() => {
  const MARKS = [
    [[0xef, 0xbb, 0xbf], "utf-8"],
    [[0xff, 0xfe], "utf-16le"],
    [[0xfe, 0xff], "utf-16be"],
  ];
  const UNSAFE = /^[=+\-@\t\r]/u;
  const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/u;

  // The text of a file, and whether it began with a byte order mark.
  const decoded = (bytes) => {
    const found = MARKS.find(([mark]) => mark.every((byte, i) => bytes[i] === byte));
    try {
      return {
        text: new TextDecoder(found ? found[1] : "utf-8", { fatal: true }).decode(bytes),
        hasMark: Boolean(found),
      };
    } catch {
      throw new Error("The file is not UTF-8. Save it as CSV in UTF-8 and choose it again.");
    }
  };

  const lines = (text, end) => text.slice(0, end).split(/\r\n|\n|\r/u).length;

  const records = (text, { delimiter, isQuoted }) => {
    const plain = isQuoted ? `(?!")[^${delimiter}\\r\\n]*` : `[^${delimiter}\\r\\n]*`;
    const value = isQuoted ? `"([^"]*(?:""[^"]*)*)"|(${plain})` : `()(${plain})`;
    const field = new RegExp(`(?:${value})(${delimiter}|\\r\\n|\\n|\\r|$)`, "uy");
    const found = [];
    let row = [];
    while (field.lastIndex < text.length || row.length) {
      const start = field.lastIndex;
      const match = field.exec(text);
      if (!match) {
        const fault = "a quotation mark is not closed, or text follows it";
        throw new Error(`Line ${lines(text, start)}: ${fault}. Inside quotation marks, write each one twice: "".`);
      }
      row.push(match[1] === undefined || !isQuoted ? match[2] : match[1].replaceAll('""', '"'));
      if (match[3] === delimiter) continue;
      if (row.length > 1 || match[0] !== match[3]) found.push(row); // else the line is blank
      row = [];
      if (field.lastIndex === text.length) break;
    }
    return found;
  };

  const dialectOf = (text, name) => {
    const first = text.slice(0, text.search(/[\r\n]|$/u));
    if (/\.(tsv|tab)$/iu.test(name)) {
      return { delimiter: "\t", isQuoted: first.split("\t").every((cell) => /^".*"$/u.test(cell)) };
    }
    const bare = first.replace(/"[^"]*(?:""[^"]*)*"/gu, "");
    const often = [",", ";", "\t"].map((delimiter) => [delimiter, bare.split(delimiter).length]);
    return { delimiter: often.reduce((best, one) => (one[1] > best[1] ? one : best))[0], isQuoted: true };
  };

  // {header, rows, dialect} of the bytes of a file. Throws an Error with one sentence.
  vikt.readTable = (bytes, name) => {
    const { text, hasMark } = decoded(bytes);
    const dialect = { ...dialectOf(text, name), hasMark, newline: (/\r\n|\n|\r/u.exec(text) || ["\n"])[0] };
    const [header, ...rows] = records(text, dialect);
    if (!header || !rows.length) throw new Error("The file has no rows below a first row of column names.");
    const wrong = rows.findIndex((row) => row.length !== header.length);
    if (wrong >= 0) {
      const [found, expected] = [vikt.count(rows[wrong].length, "value"), vikt.count(header.length, "column")];
      const mark = dialect.delimiter === "\t" ? "tab" : dialect.delimiter;
      const fault = `Row ${wrong + 1} has ${found}, but the first row names ${expected}`;
      throw new Error(`${fault}. Correct the row, or put values that hold a ${mark} in quotation marks.`);
    }
    return { header, rows, dialect };
  };

  // A value that a spreadsheet shows rather than runs as a formula.
  vikt.inert = (value) => (UNSAFE.test(value) && !NUMBER.test(value) ? `'${value}` : value);

  const cell = (value, { delimiter, isQuoted }) => {
    if (!isQuoted) return value.replace(/[\t\r\n]/gu, " ");
    return value.includes(delimiter) || /["\r\n]/u.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  };

  // Lines of a file, as strings, for rows of strings.
  vikt.tableLines = (rows, dialect) =>
    rows.map((row) => row.map((value) => cell(value, dialect)).join(dialect.delimiter) + dialect.newline);
})();
