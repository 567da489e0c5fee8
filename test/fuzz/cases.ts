/** What hostile callers send, as arbitraries; how many cases, and from which seed. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { freshSeed } from '../support/random.ts';

/** Of all fuzz tests together; `FUZZ_CASES=1000000 npm test -- test/fuzz/*.test.ts` runs more. */
const allCases = Number(process.env['FUZZ_CASES'] ?? 100_000);

/** `FUZZ_SEED` repeats a run; a failure prints the seed it had, and the smallest case that fails. */
export const seed = Number(process.env['FUZZ_SEED'] ?? freshSeed());

/** The runs that a test gets of all cases; `perRun` when one run is many cases. */
export function runs(share: number, perRun = 1): { numRuns: number; seed: number } {
  return { numRuns: Math.ceil((allCases * share) / perRun), seed };
}

const oddTexts = [
  '',
  ' ',
  '\u0000',
  '\uFEFF',
  '\uD800',
  '💥',
  'null',
  'undefined',
  'NaN',
  '-0',
  '1e400',
  '0x10',
  '1.7E9',
  'true',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '(detect)',
  '{}',
  '[]',
  '{"data":[]}',
  "{'a':1}",
  '{a:1,}',
  '[a, b]',
  '2026-02-30',
  '9'.repeat(400),
  'x'.repeat(500),
  '{"a":'.repeat(50),
  '['.repeat(200) + ']'.repeat(200),
] as const;

export const text: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom(...oddTexts), weight: 3 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 12 }), weight: 1 },
);

const number = fc.oneof(
  fc.constantFrom(0, -0, -1, 1e15, 1e16, 1e308, Number.MAX_SAFE_INTEGER, 1_700_000_000.5, Date.now()),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** Any JSON value, also nested deeper than may be stored. */
export const json: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    number,
    fc.constantFrom(null, true, false),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4 }),
    fc.integer({ min: 20, max: 60 }).map((depth) => JSON.parse('['.repeat(depth) + ']'.repeat(depth))),
  ),
})).value;

/** JSON in a text, as SDKs nest it, whole or broken. */
const jsonText = fc.tuple(json, fc.nat(30)).map(([value, cut]) => {
  const written = JSON.stringify(value);
  return cut > 20 ? written.slice(0, written.length - 1) : written;
});

export const value: fc.Arbitrary<unknown> = fc.oneof(
  { arbitrary: json, weight: 4 },
  { arbitrary: jsonText, weight: 1 },
);

/** An object with some of these members, each as it should be or anything else. */
export function mangled(members: Readonly<Record<string, fc.Arbitrary<unknown>>>) {
  const entries = Object.entries(members).map(([name, usual]) => {
    const kept = { arbitrary: usual, weight: 6 };
    return [name, fc.oneof(kept, { arbitrary: value, weight: 1 })] as const;
  });
  return fc.record(Object.fromEntries(entries), { requiredKeys: [] });
}

/** Bytes with some of them changed, left out or cut off. */
export function damaged(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const damage = fc.record({ at: fc.nat(), byte: fc.nat(255), kind: fc.constantFrom('set', 'cut', 'drop') });
  return fc.tuple(bytes, fc.array(damage, { maxLength: 2 })).map(([whole, damages]) => {
    let result = Buffer.from(whole);
    for (const { at, byte, kind } of damages) {
      if (result.length === 0) break;
      const index = at % result.length;
      if (kind === 'set') result[index] = byte;
      else if (kind === 'cut') result = result.subarray(0, index);
      else result = Buffer.concat([result.subarray(0, index), result.subarray(index + 1)]);
    }
    return result;
  });
}

export function jsonBytes(body: fc.Arbitrary<unknown>): fc.Arbitrary<Uint8Array> {
  return body.map((it) => Buffer.from(JSON.stringify(it)));
}

export function formBytes(body: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<Uint8Array> {
  return body.map((it) => Buffer.from(formOf(it)));
}

export function formOf(fields: Record<string, unknown>): string {
  const written = Object.entries(fields).map(([name, it]): [string, string] => [
    name,
    typeof it === 'string' ? it : JSON.stringify(it),
  ]);
  return new URLSearchParams(written).toString();
}

const boundary = '==================================leanplum';
export const multipartType = `multipart/form-data; boundary=${boundary}`;

export function multipartBytes(body: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<Uint8Array> {
  return body.map((fields) => {
    const parts = Object.entries(fields).map(([name, it]) => {
      const head = `Content-Disposition: form-data; name="${name}"`;
      return `--${boundary}\r\n${head}\r\n\r\n${typeof it === 'string' ? it : JSON.stringify(it)}\r\n`;
    });
    return Buffer.from(`${parts.join('')}--${boundary}--\r\n`);
  });
}

export function gzipped(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return bytes.map((it) => gzipSync(it, { level: 1 }));
}

export const contentType = fc.constantFrom(
  '',
  'application/json',
  'text/plain',
  'text/csv',
  'application/x-www-form-urlencoded',
  multipartType,
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'nonsense',
);

const userName = fc.constantFrom('u1', 'u2', 'u3', 4);
/** Whom Leanplum actions of a fuzz test name; other tests' users are their neighbours. */
export const leanplumAction = mangled({
  action: fc.constantFrom(
    ...['start', 'track', 'track', 'track', 'setUserAttributes', 'exportUser', 'advance', 'getVars', 'stop'],
    ...['pauseSession', 'resumeSession', 'pauseState', 'resumeState', 'heartbeat', 'log', 'getMigrateState'],
    ...['getNewsfeedMessages', 'markNewsfeedMessageAsRead', 'deleteNewsfeedMessage', 'deleteUser'],
    ...['setVars', 'setVars', 'deleteVars', 'registerDevice', 'getMessage', 'getAbTests', 'sendMessage'],
  ),
  userId: userName,
  deviceId: fc.constantFrom('d1', 'd2'),
  event: fc.constantFrom('e1', 'e2'),
  messageId: fc.constant('7'),
  state: fc.constant('s1'),
  value: fc.constantFrom(1, '2.5'),
  info: fc.constant('i'),
  params: fc.constantFrom({ a: 1 }, '{"a":1}'),
  userAttributes: fc.constantFrom({ plan: 'pro' }, '{"plan":null}'),
  created: fc.constantFrom(1_600_000_000, '1600000000', 1e306, -1e306),
  totalSessions: fc.constantFrom(3, 1.7e308),
  timeSpentInApp: fc.constantFrom(60.5, 1e306),
  events: fc.constantFrom({ e1: { count: 2 } }, { e1: { count: 1.7e308 }, e2: { countIncrement: 1.7e308 } }),
  states: fc.constantFrom({ s1: { count: 2, value: 1.7e308, valueIncrement: 1.7e308, lastTime: 1e306 } }),
  createDisposition: fc.constantFrom('CreateIfNeeded', 'CreateNever'),
  devMode: fc.constantFrom(false, 'False', true),
  vars: fc.constantFrom({ a: { b: 1 } }, '{"a.b":[1]}', { 'a\\.b': {} }, ['a'], '[a]'),
  kinds: fc.constantFrom({ 'a.b': 'integer' }, '{}'),
  actionDefinitions: fc.constantFrom({ Confirm: { kind: 3, kinds: { Title: 'text' }, values: {} } }),
  fileAttributes: fc.constantFrom({ 'a.png': { '': { hash: 'h', size: 1 } } }, '{"a.png":{"_empty_":1}}'),
  email: fc.constant('dev@example.com'),
  includeDefaults: fc.boolean(),
  time: fc.constantFrom(1_700_000_000, '1.7E9', '1700000000.5'),
  reqId: fc.constantFrom('r1', 'r2', 'r3'),
  uuid: fc.constantFrom('b1', 'b2'),
  newsfeedMessages: fc.constant([]),
});

export const bloomreachIds = mangled({ registered: userName, cookie: fc.constantFrom('c1', ['c1', 'c2']) });

export const bloomreachData = mangled({
  customer_ids: bloomreachIds,
  event_type: fc.constantFrom('visit', 'purchase'),
  url: fc.constantFrom('https://x.example/?utm_source=a&xnpe_cmp=b', 'app://?utm_%=%zz#?'),
  properties: fc.constantFrom({ a: 1 }, {}, null),
  timestamp: fc.constantFrom(1_700_000_000.5, '1700000000', '2026-01-01T00:00:00Z', null),
  update_timestamp: fc.constantFrom(1_700_000_000, null),
  age: fc.constantFrom(3, -3),
  attributes: fc.constantFrom([{ type: 'property', property: 'a' }], [{ type: 'id', id: 'cookie' }]),
});

const bloomreachProject = fc.constantFrom(
  '5b1d6c3a-2f64-4e0f-9d0e-3c7a1f0e9b52',
  '5B1D6C3A-2F64-4E0F-9D0E-3C7A1F0E9B52',
  '5b1d6c3a-2f64-4e0f-9d0e-3c7a1f0e9b53',
);

/** Data of the older clients, which name the project themselves; all there are call it by one of two names. */
export const legacyData = mangled({
  project_id: bloomreachProject,
  company_id: bloomreachProject,
  ids: bloomreachIds,
  customer_ids: bloomreachIds,
  cookie: fc.constantFrom('c1', 'c 1;\r\nx: y', null),
  type: fc.constantFrom('visit', 'session_ping'),
  properties: fc.constantFrom({ a: 1 }, {}, null),
  timestamp: fc.constantFrom(1_700_000_000.5, '1700000000', null),
  age: fc.constantFrom(0.189, -3),
  expires: fc.constantFrom(60, 1.8e9, -1),
  device: fc.constant({}),
});

export const legacyCommand = mangled({
  name: fc.constantFrom(
    ...['crm/customers', 'crm/events', 'crm/events', 'system/ids', 'system/time'],
    ...['system/push-notifications-vapid-key', 'customers', 'crm\\/events'],
  ),
  data: legacyData,
});

export const bloomreachCommand = mangled({
  name: fc.constantFrom('customers', 'customers/events', 'campaigns/clicks', 'system/time', '/customers'),
  command_id: fc.constantFrom('c-1', 2),
  data: bloomreachData,
});
