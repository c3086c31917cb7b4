"use strict";
// CSV (RFC 4180) and TSV (without quotation marks) as rows of values, and back.

(() => {
  const MARKS = [
    [[0xef, 0xbb, 0xbf], "utf-8"],
    [[0xff, 0xfe], "utf-16le"],
    [[0xfe, 0xff], "utf-16be"],
  ];
  const TABLE = /\.(csv|tsv|tab)$/iu;
  const WORKBOOK = /\.(xlsx|xlsm|xlsb|xls|ods|numbers)$/iu;
  const OTHER_TABLE = /\.(jsonl|ndjson|parquet|arrow|feather|(csv|tsv|jsonl|ndjson)\.(gz|zst))$/iu;
  // How files start that hold no text, or text of another kind, whatever they are called.
  const ZIP = [0x50, 0x4b, 0x03, 0x04];
  const OLD_WORKBOOK = [0xd0, 0xcf, 0x11, 0xe0];
  const UNSAFE = /^[=+\-@\t\r]/u;
  const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/u;

  const startsWith = (bytes, mark) => mark.every((byte, i) => bytes[i] === byte);

  // Whether a name is that of a table, also of one that the page cannot read and then says so.
  vikt.isTable = (name) => [TABLE, WORKBOOK, OTHER_TABLE].some((kind) => kind.test(name));

  // Throws an Error of one sentence for a table that is neither CSV nor TSV.
  const refuseOthers = (bytes, name) => {
    if (WORKBOOK.test(name) || startsWith(bytes, ZIP) || startsWith(bytes, OLD_WORKBOOK)) {
      throw new Error(`${name} is a workbook, such as Excel's. Save it as CSV UTF-8 and choose that file.`);
    }
    if (OTHER_TABLE.test(name)) {
      throw new Error(`${name} is not CSV or TSV. Convert it, or label it with the command vikt predict.`);
    }
  };

  // The text of a file, and whether it began with a byte order mark. Throws an Error with one sentence.
  vikt.decoded = (bytes, name) => {
    const found = MARKS.find(([mark]) => startsWith(bytes, mark));
    try {
      return {
        text: new TextDecoder(found ? found[1] : "utf-8", { fatal: true }).decode(bytes),
        hasMark: Boolean(found),
      };
    } catch {
      throw new Error(`${name} is not text in UTF-8. Choose a file of text, saved in UTF-8.`);
    }
  };

  const lines = (text, end) => text.slice(0, end).split(/\r\n|\n|\r/u).length;

  // The records of a text from a place on, and where each starts.
  const records = (text, begin, { delimiter, isQuoted }) => {
    const mark = `\\u{${delimiter.codePointAt(0).toString(16)}}`;
    const plain = isQuoted ? `(?!")[^${mark}\\r\\n]*` : `[^${mark}\\r\\n]*`;
    const value = isQuoted ? `"([^"]*(?:""[^"]*)*)"|(${plain})` : `()(${plain})`;
    const field = new RegExp(`(?:${value})(${mark}|\\r\\n|\\n|\\r|$)`, "uy");
    field.lastIndex = begin;
    const found = { rows: [], starts: [] };
    let row = [];
    let rowStart = begin;
    while (field.lastIndex < text.length || row.length) {
      const start = field.lastIndex;
      const match = field.exec(text);
      if (!match) {
        const fault = "a quotation mark is not closed, or text follows it";
        throw new Error(`line ${lines(text, start)}: ${fault}. Inside quotation marks, write each one twice: "".`);
      }
      row.push(match[1] === undefined || !isQuoted ? match[2] : match[1].replaceAll('""', '"'));
      if (match[3] === delimiter) continue;
      const isBlank = row.length === 1 && match[0] === match[3];
      // In a table of one column a blank line is an empty text.
      if (!isBlank || found.rows[0]?.length === 1) {
        found.rows.push(row);
        found.starts.push(rowStart);
      }
      row = [];
      rowStart = field.lastIndex;
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
      throw new Error("line 1: a quotation mark follows sep=, where a delimiter is expected. Correct the line.");
    }
    const rows = text.slice(separatorLine.length);
    const first = rows.slice(0, rows.search(/[\r\n]|$/u));
    const isTsv = /\.(tsv|tab)$/iu.test(name);
    const delimiter = separator || (isTsv ? "\t" : mostFrequent(first));
    const isQuoted = !isTsv || first.split(delimiter).every((cell) => /^".*"$/u.test(cell));
    return { delimiter, isQuoted, separatorLine };
  };

  const NAMES_OF_DELIMITERS = { ",": "commas", ";": "semicolons", "\t": "tabs" };

  // Throws an Error for the first row whose width is not that of the others.
  const checkWidths = (text, { rows, starts }, { delimiter, isQuoted }, hasHeader) => {
    const width = rows[0].length;
    const wrong = rows.findIndex((row) => row.length !== width);
    if (wrong < 0) return;
    const place = `row ${wrong + (hasHeader ? 0 : 1)} (line ${lines(text, starts[wrong])})`;
    const found = `found ${vikt.count(rows[wrong].length, "value")}, expected ${width}, as in the first row`;
    const beginning = vikt.visible(rows[wrong][0]);
    const marks = NAMES_OF_DELIMITERS[delimiter] ?? `“${delimiter}”`;
    const remedy = isQuoted ? `put values that contain ${marks} in quotation marks` : `replace ${marks} within values`;
    throw new Error(`${place}, which starts with “${beginning}”: ${found}. Correct the row, or ${remedy}.`);
  };

  // What a first row of data looks like, by the rules of the commands: a long value, a number, a sentence, or a value
  // that recurs. A name that is usual for a column speaks against it.
  const USUAL_NAMES = new Set(
    (
      "text document sentence review message content body comment tweet utterance question email mail post " +
      "label labels class category target sentiment tag tags topic intent y"
    ).split(" "),
  );
  const NUMERIC = /^[-+]?\d[-+\d.,:/ ]*(e[-+]?\d+)?%?$/iu;
  const SENTENCE = /\s[^]*[.!?…]$/u;
  const isValue = (cell) =>
    cell.length >= 40 || cell.trim().split(/\s+/u).length >= 5 || [NUMERIC, SENTENCE].some((kind) => kind.test(cell.trim()));
  const isNumbered = (row) => [0, 1].some((first) => row.every((cell, c) => cell === String(first + c)));

  const looksLikeData = ([first, ...rest]) => {
    const isUsual = first.some((cell) => USUAL_NAMES.has(cell.trim().toLowerCase()));
    const least = Math.max(1, (isUsual ? 0.05 : 0.002) * rest.length);
    const recurs = (cell, c) => cell.trim() !== "" && rest.filter((row) => row[c] === cell).length >= least;
    return first.some(recurs) || (!isUsual && !isNumbered(first) && first.some(isValue));
  };

  // A table whose first row names its columns, or is data.
  vikt.withHeader = ({ records, dialect }, hasHeader) => ({
    header: hasHeader ? records[0] : records[0].map((_, c) => `column ${c + 1}`),
    rows: hasHeader ? records.slice(1) : records,
    hasHeader,
    records,
    dialect,
  });

  // The records and the dialect of a text, and whether the first record probably names the columns.
  const readRecords = (text, name) => {
    const dialect = { ...dialectOf(text, name), newline: (/\r\n|\n|\r/u.exec(text) || ["\n"])[0] };
    const found = records(text, dialect.separatorLine.length, dialect);
    const hasHeader = found.rows.length > 0 && !looksLikeData(found.rows);
    if (found.rows.length) checkWidths(text, found, dialect, hasHeader);
    return { records: found.rows, dialect, hasHeader };
  };

  const isJson = (line) => {
    try {
      return line.startsWith("{") && typeof JSON.parse(line) === "object";
    } catch {
      return false;
    }
  };

  // {header, rows, hasHeader, records, dialect} of the bytes of a file. Throws an Error with one sentence.
  vikt.readTable = (bytes, name) => {
    refuseOthers(bytes, name);
    const { text, hasMark } = vikt.decoded(bytes, name);
    if (isJson(text.slice(0, text.search(/[\r\n]|$/u)))) {
      throw new Error(`${name} is JSON, not CSV or TSV. Convert it, or label it with the command vikt predict.`);
    }
    let found;
    try {
      found = readRecords(text, name);
    } catch (error) {
      throw new Error(`${name}, ${error.message}`);
    }
    if (!found.records.length) throw new Error(`${name} is empty.`);
    const table = vikt.withHeader({ ...found, dialect: { ...found.dialect, hasMark } }, found.hasHeader);
    if (table.rows.length) return table;
    throw new Error(`${name} has a single row. The first row names the columns; add rows below it.`);
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
