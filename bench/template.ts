/**
 * Requests that are rendered once and then patched in place.
 *
 * The generator shares the machine with the server it measures, so a request must cost it next to nothing: a template is
 * the bytes of a whole HTTP request plus the offsets of the few digits that differ from one request to the next.
 *
 * In the text of a body a field is written `{{kind index}}`; where the JSON value is a number it is written as the string
 * `"{{#kind index}}"` and loses its quotes. What the index means depends on the kind:
 *
 *   user    the request's index-th user, eight digits
 *   id      an id in the form of a UUID, unique in the run; the same index is the same id within one request
 *   serial  a number of nine digits that no other request uses
 *   random  three digits without a pattern
 *   time    seconds with three decimals, index milliseconds before the request was made
 */
export interface Template {
  readonly bytes: Buffer;
  readonly fields: readonly Field[];
  /** How many ids one request uses up: the next request starts that much further. */
  readonly idCount: number;
}

/** What one request puts into the fields. */
export interface Values {
  readonly users: readonly number[];
  readonly firstId: number;
  readonly nowMs: number;
}

type FieldKind = keyof typeof placeholders;
interface Field {
  readonly kind: FieldKind;
  readonly index: number;
  readonly offset: number;
}

const placeholders = {
  user: '00000000',
  id: '00000000-0000-4000-8000-000000000000',
  serial: '000000000',
  random: '000',
  time: '0000000000.000',
};

const marker = /"?\{\{(#?)(\w+) (\d+)\}\}"?/g;
const hexDigits = Buffer.from('0123456789abcdef');
const zeroDigit = 0x30;

/** `head` is the request line and headers without `Content-Length`, each ended by CRLF. Everything must be ASCII. */
export function compile(head: string, markedBody: string): Template {
  const found: { kind: FieldKind; index: number; offset: number }[] = [];
  let body = '';
  let end = 0;
  for (const match of markedBody.matchAll(marker)) {
    const [text, bare, name, index] = match;
    const kind = fieldKind(name);
    const opening = bare === '' && text.startsWith('"') ? '"' : '';
    const closing = bare === '' && text.endsWith('"') ? '"' : '';
    body += markedBody.slice(end, match.index) + opening;
    found.push({ kind, index: Number(index), offset: body.length });
    body += placeholders[kind] + closing;
    end = match.index + text.length;
  }
  body += markedBody.slice(end);
  const start = `${head}Content-Length: ${body.length}\r\n\r\n`;
  const fields = found.map((field) => ({ ...field, offset: field.offset + start.length }));
  const numbered = fields.filter((field) => field.kind === 'id' || field.kind === 'serial');
  return {
    bytes: Buffer.from(start + body, 'latin1'),
    fields,
    idCount: numbered.reduce((count, field) => Math.max(count, field.index + 1), 0),
  };
}

/** Writes `values` over the fields in `bytes`, a copy of the template's own. */
export function patch(template: Template, bytes: Buffer, values: Values): void {
  for (const { kind, index, offset } of template.fields) {
    switch (kind) {
      case 'user':
        writeDecimal(bytes, offset, 8, values.users[index] ?? 0);
        break;
      case 'id':
        writeId(bytes, offset, values.firstId + index);
        break;
      case 'serial':
        writeDecimal(bytes, offset, 9, 100_000_000 + ((values.firstId + index) % 900_000_000));
        break;
      case 'random':
        writeDecimal(bytes, offset, 3, 100 + (scramble(values.firstId + index) % 900));
        break;
      case 'time':
        writeTime(bytes, offset, values.nowMs - index);
        break;
    }
  }
}

function fieldKind(name: string | undefined): FieldKind {
  if (name !== undefined && Object.hasOwn(placeholders, name)) return name as FieldKind;
  throw new Error(`Unknown field in a template: ${name}`);
}

function writeDecimal(bytes: Buffer, offset: number, width: number, value: number): void {
  let rest = value;
  for (let at = offset + width - 1; at >= offset; at--) {
    const quotient = (rest / 10) | 0;
    bytes[at] = zeroDigit + rest - quotient * 10;
    rest = quotient;
  }
}

/** In two halves, because milliseconds since 1970 are more than a 32-bit integer holds. */
function writeTime(bytes: Buffer, offset: number, ms: number): void {
  const seconds = Math.floor(ms / 1000);
  writeDecimal(bytes, offset, 10, seconds);
  writeDecimal(bytes, offset + 11, 3, ms - seconds * 1000);
}

/** The tail counts, which makes it unique; the head is scrambled, so that an index over ids is hit in no order. */
function writeId(bytes: Buffer, offset: number, id: number): void {
  writeHex(bytes, offset, scramble(id));
  writeHex(bytes, offset + 28, id);
}

function writeHex(bytes: Buffer, offset: number, value: number): void {
  let rest = value;
  for (let at = offset + 7; at >= offset; at--) {
    bytes[at] = hexDigits[rest & 15] ?? zeroDigit;
    rest >>>= 4;
  }
}

function scramble(value: number): number {
  const mixed = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return Math.imul(mixed ^ (mixed >>> 13), 0x297a2d39) >>> 0;
}
