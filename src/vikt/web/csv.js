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

  // The text of a file, and whether it began with a byte order mark. Throws an Error with one sentence.
  vikt.decoded = (bytes, name) => {
    const found = MARKS.find(([mark]) => mark.every((byte, i) => bytes[i] === byte));
    try {
      return {
        text: new TextDecoder(found ? found[1] : "utf-8", { fatal: true }).decode(bytes),
        hasMark: Boolean(found),
      };
    } catch {
      throw new Error(`${name} is not text in UTF-8. Save it in UTF-8 and choose it again.`);
    }
  };

  const lines = (text, end) => text.slice(0, end).split(/\r\n|\n|\r/u).length;

  // The records of a text from a place on.
  const records = (text, begin, { delimiter, isQuoted }) => {
    const mark = `\\u{${delimiter.codePointAt(0).toString(16)}}`;
    const plain = isQuoted ? `(?!")[^${mark}\\r\\n]*` : `[^${mark}\\r\\n]*`;
    const value = isQuoted ? `"([^"]*(?:""[^"]*)*)"|(${plain})` : `()(${plain})`;
    const field = new RegExp(`(?:${value})(${mark}|\\r\\n|\\n|\\r|$)`, "uy");
    field.lastIndex = begin;
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
      const isBlank = row.length === 1 && match[0] === match[3];
      // In a table of one column a blank line is an empty text.
      if (!isBlank || found[0]?.length === 1) found.push(row);
      row = [];
      if (field.lastIndex === text.length) break;
    }
    return found;
  };

  const DELIMITERS = [",", ";", "\t"];

  const mostFrequent = (line) => {
    const bare = line.replace(/"[^"]*(?:""[^"]*)*"/gu, "");
    const parts = (delimiter) => bare.split(delimiter).length;
    return DELIMITERS.reduce((best, one) => (parts(one) > parts(best) ? one : best));
  };

  // How columns are divided: as a line above them says (Excel's `sep=;`), by the name of the file, or by the first row.
  const dialectOf = (text, name) => {
    const [separatorLine, separator] = /^sep=(.)(?:\r\n|\n|\r)/iu.exec(text) || [""];
    if (separator === '"') {
      throw new Error("Line 1: a quotation mark follows sep=, where a delimiter is expected. Correct the line.");
    }
    const rows = text.slice(separatorLine.length);
    const first = rows.slice(0, rows.search(/[\r\n]|$/u));
    const isTsv = /\.(tsv|tab)$/iu.test(name);
    const delimiter = separator || (isTsv ? "\t" : mostFrequent(first));
    const isQuoted = !isTsv || first.split(delimiter).every((cell) => /^".*"$/u.test(cell));
    return { delimiter, isQuoted, separatorLine };
  };

  // {header, rows, dialect} of the bytes of a file. Throws an Error with one sentence.
  vikt.readTable = (bytes, name) => {
    const { text, hasMark } = vikt.decoded(bytes, name);
    const dialect = { ...dialectOf(text, name), hasMark, newline: (/\r\n|\n|\r/u.exec(text) || ["\n"])[0] };
    const [header, ...rows] = records(text, dialect.separatorLine.length, dialect);
    if (!header) throw new Error(`${name} is empty.`);
    if (!rows.length) throw new Error(`${name} has a single row. The first row names the columns; add rows below it.`);
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
    if (!isQuoted) return value.split(delimiter).join(" ").replace(/[\t\r\n]/gu, " ");
    return value.includes(delimiter) || /["\r\n]/u.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  };

  // Lines of a file, as strings, for rows of strings.
  vikt.tableLines = (rows, dialect) =>
    rows.map((row) => row.map((value) => cell(value, dialect)).join(dialect.delimiter) + dialect.newline);
})();
