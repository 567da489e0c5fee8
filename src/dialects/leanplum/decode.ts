import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { isJsonObject, type Json, parseJson } from '../../lib/json.ts';
import { type Fault, faults } from './fault.ts';
import { bodyBytesMax } from './limits.ts';
import { isFault, type Parameters, parseSloppyJson } from './parameters.ts';

const byteOrderMark = '\uFEFF';

const gunzipAsync = promisify(gunzip);

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
  if (call.body === undefined || call.body.length === 0) return query;
  const bytes = call.body;
  if (call.contentType.trimStart().toLowerCase().startsWith('multipart/')) {
    return decodeMultipart(bytes, call.contentType).then((fields) => merge(query, fields));
  }
  return merge(query, decodeBody(textOf(bytes)));
}

/** `null` in the body is the same as absent. */
function merge(query: Parameters, body: Parameters | Fault): Parameters | Fault {
  if (isFault(body) || Object.keys(query).length === 0) return body;
  const given = Object.entries(body).filter(([, value]) => value !== null);
  return Object.fromEntries([...Object.entries(query), ...given]);
}

/** The body of a call as the client meant it; apart from `decodeCall` because it takes its time on another thread. */
export async function decompress(body: Uint8Array, encoding: string): Promise<Uint8Array | Fault> {
  const name = encoding.trim().toLowerCase();
  if (name === 'identity') return body;
  if (name !== 'gzip') return faults.unsupportedBody(`Content-Encoding ${encoding}`);
  try {
    return await gunzipAsync(body, { maxOutputLength: bodyBytesMax });
  } catch (error) {
    const isTooLarge = (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
    return isTooLarge ? faults.tooLargeBody(bodyBytesMax) : faults.unsupportedBody('broken gzip');
  }
}

/** The fields of a form; files are left out, no action takes one yet. */
async function decodeMultipart(body: Uint8Array, contentType: string): Promise<Parameters | Fault> {
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

function decodeForm(text: string): Parameters {
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
