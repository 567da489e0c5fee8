import type { TakeBytes } from '../../http/body.ts';
import { unpack } from '../../http/unpack.ts';
import { isJsonObject, type Json, parseJson } from '../../lib/json.ts';
import { type Fault, faults } from './fault.ts';
import { bodyBytesMax, fieldsMax, textBytesMax } from './limits.ts';
import { isFault, type Parameters, parseSloppyJson } from './parameters.ts';

const byteOrderMark = '\uFEFF';

export interface EncodedCall {
  /** Everything after `?`. */
  readonly query: string;
  readonly body: Uint8Array | undefined;
  readonly contentType: string;
}

/**
 * The parameters of a call from its query and body (contract 1.2, 1.3). What the body is, is seen by looking at it:
 * `{` is a JSON object of parameters, `[` a bare `data` array, anything else form fields; the content type is only
 * asked where looking cannot tell. The body wins over the query; the last of repeated names wins.
 */
export function decodeCall(call: EncodedCall): Parameters | Fault | Promise<Parameters | Fault> {
  const query = call.query === '' ? {} : decodeForm(call.query);
  if (isFault(query) || call.body === undefined || call.body.length === 0) return query;
  const bytes = call.body;
  if (call.contentType.trimStart().toLowerCase().startsWith('multipart/')) {
    return decodeMultipart(bytes, call.contentType).then((fields) => merge(query, fields));
  }
  if (bytes.length > textBytesMax) return faults.tooLargeBody(textBytesMax);
  const text = textOf(bytes);
  if (query['action'] === 'multi' && isCsv(text, call.contentType))
    return faults.notSupported('multi with CSV');
  return merge(query, decodeBody(text));
}

/** The keys of a call that are in its query, which can be looked at before the body is touched. */
export function decodeQuery(query: string): Parameters {
  const fields = decodeForm(query);
  return isFault(fields) ? {} : fields;
}

/** `null` in the body is the same as absent. */
function merge(query: Parameters, body: Parameters | Fault): Parameters | Fault {
  if (isFault(body) || Object.keys(query).length === 0) return body;
  const given = Object.entries(body).filter(([, value]) => value !== null);
  return Object.fromEntries([...Object.entries(query), ...given]);
}

/** The body of a call as the client meant it; apart from `decodeCall` because it takes its time on another thread. */
export async function decompress(
  body: Uint8Array,
  encoding: string,
  take: TakeBytes,
): Promise<Uint8Array | Fault> {
  const unpacked = await unpack(body, encoding, { max: bodyBytesMax, take });
  switch (unpacked) {
    case 'unknown':
      return faults.unsupportedBody(`Content-Encoding ${encoding}`);
    case 'broken':
      return faults.unsupportedBody('broken gzip');
    case 'too_large':
      return faults.tooLargeBody(bodyBytesMax);
    case 'server_busy':
      return faults.unavailable;
    default:
      return unpacked;
  }
}

/** The fields of a form; files are left out, no action takes one yet. */
async function decodeMultipart(body: Uint8Array, contentType: string): Promise<Parameters | Fault> {
  const boundary = /boundary="?([^";]+)/i.exec(contentType)?.[1] ?? '';
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  // Of no boundary at all there is one at every place.
  if (countUpTo(fieldsMax, bytes, Buffer.from(`--${boundary}`)) > fieldsMax) {
    return faults.tooManyFields(fieldsMax);
  }
  try {
    const form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': contentType },
    }).formData();
    return Object.fromEntries(
      [...form].filter((field): field is [string, string] => typeof field[1] === 'string'),
    );
  } catch {
    return faults.unsupportedBody('broken multipart/form-data');
  }
}

/** How often `mark` stands in a text or bytes; more than `max` are not counted. */
function countUpTo<Mark>(
  max: number,
  whole: { indexOf(mark: Mark, from: number): number },
  mark: Mark,
): number {
  let count = 0;
  for (let at = whole.indexOf(mark, 0); at !== -1 && count <= max; at = whole.indexOf(mark, at + 1))
    count += 1;
  return count;
}

/** CSV is told from form fields by its first line, and only where it may come: `multi` with the rest in the query. */
function isCsv(text: string, contentType: string): boolean {
  if (text === '' || text.startsWith('{') || text.startsWith('[')) return false;
  const type = contentType.trimStart().toLowerCase();
  if (type.startsWith('text/csv')) return true;
  return type.startsWith('text/plain') && !text.split('\n', 1)[0]?.includes('=');
}

function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return text.startsWith(byteOrderMark) ? text.slice(1).trimStart() : text.trimStart();
}

function decodeBody(text: string): Parameters | Fault {
  if (text === '') return {};
  if (!text.startsWith('{') && !text.startsWith('[')) return decodeForm(text);
  try {
    const value = parseJson(text);
    return isJsonObject(value) ? value : { data: value };
  } catch {
    return faults.invalidJson;
  }
}

function decodeForm(text: string): Parameters | Fault {
  if (countUpTo(fieldsMax, text, '&') >= fieldsMax) return faults.tooManyFields(fieldsMax);
  // From entries, so that a field named __proto__ is a field like any other.
  return Object.fromEntries(Array.from(new URLSearchParams(text), ([name, value]) => [name, value]));
}

/** `data` of a `multi`: an array, text of an array, or text of an object `{"data":[…]}` as the mobile SDKs send it. */
export function decodeData(data: Json | undefined): readonly Json[] | Fault {
  if (data === undefined || data === null || data === '') return faults.missing('data');
  let value: Json = data;
  if (typeof value === 'string') {
    try {
      value = parseSloppyJson(value);
    } catch {
      return faults.invalid('data');
    }
  }
  if (isJsonObject(value) && value['data'] !== undefined) value = value['data'] ?? null;
  return Array.isArray(value) ? value : faults.invalid('data');
}
