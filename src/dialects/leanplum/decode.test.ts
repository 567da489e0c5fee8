import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Json } from '../../lib/json.ts';
import { decodeCall, decodeData, decompress, type EncodedCall } from './decode.ts';
import { faults } from './fault.ts';
import { bodyBytesMax } from './limits.ts';
import { isFault } from './parameters.ts';

interface Given {
  readonly query?: string;
  readonly body?: string | Uint8Array;
  readonly contentType?: string;
  readonly contentEncoding?: string;
}

async function decode({ query = '', body, contentType = '', contentEncoding = '' }: Given): Promise<unknown> {
  const sent = typeof body === 'string' ? Buffer.from(body) : body;
  const bytes =
    sent === undefined || contentEncoding === '' ? sent : await decompress(sent, contentEncoding, () => true);
  if (isFault(bytes)) return bytes;
  const call: EncodedCall = { query, body: bytes, contentType };
  return await decodeCall(call);
}

const json = 'application/json';
const form = 'application/x-www-form-urlencoded';

describe('the parameters of a call', () => {
  const rows: readonly (readonly [name: string, Given, expected: unknown])[] = [
    ['nothing', {}, {}],
    ['a query', { query: 'action=track&event=a+b%20%C3%A9' }, { action: 'track', event: 'a b é' }],
    ['a query with an empty body', { query: 'action=x', body: '' }, { action: 'x' }],
    ['a name without =', { query: 'segment&ab_test_id&x=' }, { segment: '', ab_test_id: '', x: '' }],
    ['repeated names: the last', { query: 'a=1&a=2&a=3' }, { a: '3' }],
    [
      'an object',
      { body: '{"action":"track","value":1.5}', contentType: json },
      { action: 'track', value: 1.5 },
    ],
    ['an object sent as text', { body: '{"a":1}', contentType: 'text/plain' }, { a: 1 }],
    ['an object sent as a form', { body: '{"a":"x=y&z"}', contentType: form }, { a: 'x=y&z' }],
    ['an object of no type', { body: '{"a":1}' }, { a: 1 }],
    ['an object after white space and a mark', { body: '\uFEFF \r\n\t{"a":1}' }, { a: 1 }],
    ['a bare list', { body: ' [{"action":"track"}]', contentType: form }, { data: [{ action: 'track' }] }],
    ['form fields', { body: 'a=1&b=%7B%22x%22%3A2%7D', contentType: form }, { a: '1', b: '{"x":2}' }],
    ['form fields sent as JSON', { body: 'a=1&b=2', contentType: json }, { a: '1', b: '2' }],
    ['only white space', { body: ' \n', contentType: json }, {}],
    ['both: the body wins', { query: 'a=1&b=2', body: '{"b":3,"c":4}' }, { a: '1', b: 3, c: 4 }],
    ['both, as a form', { query: 'a=1&b=2', body: 'b=3&b=4' }, { a: '1', b: '4' }],
    ['both: null is absent', { query: 'a=1', body: '{"a":null}' }, { a: '1' }],
    ['broken escapes', { query: 'a=%zz&b=%' }, { a: '%zz', b: '%' }],
    ['broken UTF-8', { body: Buffer.from([0x61, 0x3d, 0xff]) }, { a: '\uFFFD' }],
    ['an unchanged body', { body: '{"a":1}', contentEncoding: 'identity' }, { a: 1 }],
    ['a compressed object', { body: gzipSync('{"a":1}'), contentEncoding: 'gzip' }, { a: 1 }],
    [
      'compressed form fields',
      { body: gzipSync('a=1'), contentEncoding: 'gzip', contentType: form },
      { a: '1' },
    ],
    ['an encoding in capitals', { body: gzipSync('{"a":1}'), contentEncoding: 'GZIP' }, { a: 1 }],
    ['broken JSON', { body: '{"a":', contentType: json }, faults.invalidJson],
    ['a broken list', { body: '[1,', contentType: form }, faults.invalidJson],
    ['two objects', { body: '{"a":1}{"b":2}' }, faults.invalidJson],
    ['sloppy JSON', { body: "{'a':1}" }, faults.invalidJson],
    ['broken JSON beside a query', { query: 'action=track', body: '{' }, faults.invalidJson],
    [
      'broken gzip',
      { body: gzipSync('{"a":1}').subarray(0, 15), contentEncoding: 'gzip' },
      faults.unsupportedBody('broken gzip'),
    ],
    ['no gzip', { body: '{"a":1}', contentEncoding: 'gzip' }, faults.unsupportedBody('broken gzip')],
    ['another encoding', { body: 'x', contentEncoding: 'br' }, faults.unsupportedBody('Content-Encoding br')],
  ];
  for (const [name, given, expected] of rows) {
    test(name, async () => assert.deepEqual(plain(await decode(given)), plain(expected)));
  }

  test('a small body that unpacks to more than a body may have', async () => {
    const body = gzipSync(Buffer.alloc(bodyBytesMax + 1, ' '), { level: 1 });
    assert.deepEqual(await decode({ body, contentEncoding: 'gzip' }), faults.tooLargeBody(bodyBytesMax));
  });

  const hostile = [
    { query: '__proto__=1&constructor=2' },
    { body: '__proto__=1&constructor=2' },
    { body: '{"__proto__":"1","constructor":"2"}' },
    { query: '__proto__=0&constructor=2', body: '{"__proto__":"1"}' },
    { body: '{"__proto__":"1","constructor":"2","x":"\\ud800"}' },
  ];
  for (const given of hostile) {
    test(`names like those of prototypes are plain names: ${JSON.stringify(given)}`, async () => {
      const parameters = await decode(given);
      assert.deepEqual(Object.entries(parameters as object).slice(0, 2), [
        ['__proto__', '1'],
        ['constructor', '2'],
      ]);
    });
  }
});

describe('a multipart body', () => {
  const contentType = 'multipart/form-data; boundary=cut';
  const part = (name: string, value: string, rest = '') =>
    `--cut\r\nContent-Disposition: form-data; name="${name}"${rest}\r\n\r\n${value}\r\n`;
  const whole = `${part('action', 'track')}${part('params', '{"a":1}')}--cut--\r\n`;

  test('its fields', async () => {
    assert.deepEqual(plain(await decode({ body: whole, contentType })), {
      action: 'track',
      params: '{"a":1}',
    });
  });

  test('the last of repeated names, over the query, without files', async () => {
    const file = part('file', 'bytes', '; filename="x.png"');
    const body = `${part('a', '1')}${file}${part('a', '2')}--cut--\r\n`;
    assert.deepEqual(plain(await decode({ query: 'a=0&b=3', body, contentType })), { a: '2', b: '3' });
  });

  test('compressed', async () => {
    const given = { body: gzipSync(whole), contentType, contentEncoding: 'gzip' };
    assert.deepEqual(plain(await decode(given)), { action: 'track', params: '{"a":1}' });
  });

  test('however its type is written', async () => {
    const given = {
      body: whole,
      contentType: contentType.replace('multipart/form-data', 'Multipart/Form-Data'),
    };
    assert.deepEqual(plain(await decode(given)), { action: 'track', params: '{"a":1}' });
  });

  for (const [name, given] of Object.entries({
    'that ends too early': { body: whole.slice(0, 50), contentType },
    'without a boundary': { body: whole, contentType: 'multipart/form-data' },
  })) {
    test(name, async () => {
      assert.deepEqual(await decode(given), faults.unsupportedBody('broken multipart/form-data'));
    });
  }
});

describe('data of a multi', () => {
  const list = [{ action: 'track' }, 5, null];
  const missing = faults.missing('data');
  const invalid = faults.invalid('data');
  const rows: readonly (readonly [Json | undefined, unknown])[] = [
    [list, list],
    [[], []],
    [JSON.stringify(list), list],
    [JSON.stringify({ data: list }), list],
    [{ data: list }, list],
    ["[{'action':'track'},{action:'x'}]", [{ action: 'track' }, { action: 'x' }]],
    [undefined, missing],
    [null, missing],
    ['', missing],
    ['[', invalid],
    ['track', invalid],
    ['5', invalid],
    ['null', invalid],
    ['"[]"', invalid],
    [5, invalid],
    [true, invalid],
    [{}, invalid],
    [{ data: null }, invalid],
    [{ data: '[]' }, invalid],
  ];
  for (const [data, expected] of rows) {
    test(JSON.stringify(data) ?? 'absent', () => assert.deepEqual(decodeData(data), expected));
  }
});

/** Whether the object has a prototype is no part of the comparison. */
function plain(value: unknown): unknown {
  return value !== null && typeof value === 'object' && !('status' in value) ? { ...value } : value;
}
