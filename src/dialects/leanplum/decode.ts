import { isJsonObject, type Json, parseJson } from '../../lib/json.ts';
import { Fault, faults } from './fault.ts';
import type { Parameters } from './parameters.ts';

const byteOrderMark = '\uFEFF';

/**
 * The parameters of a call from its query and body (contract 1.2, 1.3). What the body is, is seen by looking at it:
 * `{` is a JSON object of parameters, `[` a bare `data` array, anything else form fields; the content type is only
 * asked where looking cannot tell. The body wins over the query; the last of repeated names wins.
 */
export function decodeCall(call: {
  query: string;
  body: Uint8Array | undefined;
  contentType: string;
  contentEncoding: string;
}): Parameters | Fault {
  const query = decodeForm(call.query);
  if (call.body === undefined || call.body.length === 0) return query;
  if (call.contentEncoding !== '' && call.contentEncoding !== 'identity') {
    return faults.unsupportedBody(`Content-Encoding ${call.contentEncoding}`);
  }
  if (call.contentType.startsWith('multipart/')) return faults.unsupportedBody('multipart/form-data');
  const text = Buffer.from(call.body.buffer, call.body.byteOffset, call.body.byteLength).toString('utf8');
  const start = text.startsWith(byteOrderMark) ? text.slice(1).trimStart() : text.trimStart();
  const body = decodeBody(start);
  return body instanceof Fault ? body : { ...query, ...body };
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
      value = parseJson(value);
    } catch {
      return faults.invalid('data');
    }
  }
  if (isJsonObject(value) && value['data'] !== undefined) value = value['data'] ?? null;
  return Array.isArray(value) ? value : faults.invalid('data');
}
