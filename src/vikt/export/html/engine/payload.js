// A model as it is embedded in a page: a header of JSON, and sections of bytes to which the header refers by number.

async function decoded(base64) {
  if (typeof DecompressionStream === "undefined") {
    throw new Error("This browser is too old to open this page: it cannot decompress the model. Please use a newer one.");
  }
  const stream = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const content = new Uint8Array(await new Response(stream).arrayBuffer());
  const start = 4 + new DataView(content.buffer).getUint32(0, true);
  const about = JSON.parse(new TextDecoder().decode(content.subarray(4, start)));
  const sections = [];
  let end = start;
  for (const length of about.sections) {
    sections.push(content.subarray(end, end + length));
    end += length;
  }
  return { header: about.header, sections };
}

function bytesOf(base64) {
  const characters = atob(base64.trim());
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

// Whole numbers, seven bits a byte, the lowest first.
function readCounts(section) {
  let n = 0;
  for (const byte of section) n += byte < 128;
  const values = new Uint32Array(n);
  let place = 0;
  let value = 0;
  let scale = 1;
  for (const byte of section) {
    value += (byte & 127) * scale;
    scale *= 128;
    if (byte < 128) {
      values[place++] = value;
      value = 0;
      scale = 1;
    }
  }
  return values;
}

function readRising(section) {
  return summed(readCounts(section));
}

function summed(values) {
  for (let i = 1; i < values.length; i++) values[i] += values[i - 1];
  return values;
}

const KINDS = { u1: Uint8Array, u2: Uint16Array, f4: Float32Array, f8: Float64Array };

// Numbers whose first bytes stand together, then their second bytes, and so on; or the place of each in a list.
function readNumbers(about, sections) {
  const planes = sections[about.planes];
  const Kind = KINDS[about.kind];
  const width = Kind.BYTES_PER_ELEMENT;
  const n = planes.length / width;
  const bytes = new Uint8Array(planes.length);
  for (let byte = 0; byte < width; byte++) {
    for (let i = 0; i < n; i++) bytes[i * width + byte] = planes[byte * n + i];
  }
  const values = new Kind(bytes.buffer);
  if (!about.values) return values;
  const different = readNumbers(about.values, sections);
  const own = new different.constructor(n);
  for (let i = 0; i < n; i++) own[i] = different[values[i]];
  return own;
}
