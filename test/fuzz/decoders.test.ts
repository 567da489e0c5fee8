/** Every decoder against what hostile callers send: a value or a fault, never an exception. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SettingError } from '../../src/config.ts';
import { readIdTypes } from '../../src/core/project/id-types.ts';
import { defaultSettings } from '../../src/core/project.ts';
import { parseObject } from '../../src/dialects/bloomreach/batch.ts';
import { readCustomerIds } from '../../src/dialects/bloomreach/customer-ids.ts';
import { findBadProperty, readProperties } from '../../src/dialects/bloomreach/properties.ts';
import { readAge, readTimestamp } from '../../src/dialects/bloomreach/time.ts';
import { readActionTime, readCallClock } from '../../src/dialects/leanplum/clock.ts';
import { decodeCall, decodeData, decodeQuery, decompress } from '../../src/dialects/leanplum/decode.ts';
import {
  beginCall,
  booleanOf,
  isFault,
  listOf,
  numberOf,
  objectOf,
  type Parameters,
  parseSloppyJson,
  textOf,
} from '../../src/dialects/leanplum/parameters.ts';
import { Users } from '../../src/dialects/leanplum/user.ts';
import { isJsonObject, type Json, type JsonObject, weighJson } from '../../src/lib/json.ts';
import { readBootstrap } from '../../src/setting-files.ts';
import {
  bloomreachData,
  contentType,
  damaged,
  formBytes,
  gzipped,
  json,
  jsonBytes,
  leanplumAction,
  mangled,
  multipartBytes,
  runs,
  seed,
  text,
  value,
} from './cases.ts';

const call = mangled({
  appId: fc.constant('app'),
  clientKey: fc.constant('key'),
  action: fc.constantFrom('multi', 'track'),
  time: fc.constant('1.7E9'),
  data: fc.array(leanplumAction, { maxLength: 3 }),
}) as fc.Arbitrary<Record<string, unknown>>;

const body = damaged(
  fc.oneof(
    jsonBytes(call),
    jsonBytes(json),
    formBytes(call),
    multipartBytes(call),
    fc.uint8Array({ maxLength: 60 }),
  ),
);

describe(`seed ${seed}`, () => {
  test('Leanplum: a call', async () => {
    await fc.assert(
      fc.asyncProperty(text, body, contentType, async (query, bytes, type) => {
        const decoded = await decodeCall({ query, body: bytes, contentType: type });
        if (isFault(decoded)) return;
        assert.ok(isJsonObject(decoded));
        beginCall();
        const data = decodeData(decoded['data']);
        assert.ok(isFault(data) || Array.isArray(data));
        assert.ok(isJsonObject(decodeQuery(query)));
      }),
      runs(0.2),
    );
  });

  test('Leanplum: a packed body', async () => {
    const packed = damaged(gzipped(fc.uint8Array({ maxLength: 200 })));
    await fc.assert(
      fc.asyncProperty(
        packed,
        fc.constantFrom('gzip', ' GZIP ', 'x-gzip', 'identity', 'br'),
        async (bytes, name) => {
          const unpacked = await decompress(bytes, name, (more) => more < 1_000);
          assert.ok(isFault(unpacked) || unpacked instanceof Uint8Array);
        },
      ),
      runs(0.02),
    );
  });

  test('Leanplum: parameters', () => {
    fc.assert(
      fc.property(leanplumAction as fc.Arbitrary<Parameters>, (parameters) => {
        beginCall();
        for (const name of Object.keys(parameters)) {
          const given = parameters[name] as Json;
          assert.match(typeof textOf(given), /^(string|undefined)$/);
          assert.equal(typeof booleanOf(given), 'boolean');
          const number = numberOf(parameters, name);
          assert.ok(number === undefined || isFault(number) || Number.isFinite(number));
          const object = objectOf(parameters, name);
          assert.ok(object === undefined || isFault(object) || isJsonObject(object));
        }
        const clock = readCallClock(parameters, Date.now(), true);
        if (!isFault(clock)) {
          const at = readActionTime(parameters, clock);
          assert.ok(isFault(at) || Number.isFinite(at));
        }
        const user = new Users({}, 400).of(parameters);
        assert.ok(isFault(user) || user.ids.length > 0);
      }),
      runs(0.13),
    );
  });

  test('Leanplum: sloppy JSON is JSON or none', () => {
    const sloppy = fc.oneof(
      text,
      json.map((it) => JSON.stringify(it)?.replaceAll('"', "'") ?? ''),
      json.map((it) => (JSON.stringify(it) ?? '').replace(/"(\w+)":/g, '$1:')),
      fc.integer({ min: 100, max: 10_000 }).map((depth) => `{a:${'['.repeat(depth)}${']'.repeat(depth)}}`),
    );
    fc.assert(
      fc.property(sloppy, (given) => {
        beginCall();
        let parsed: Json;
        try {
          parsed = parseSloppyJson(given);
        } catch (error) {
          assert.ok(error instanceof SyntaxError, String(error));
          return;
        }
        if (weighJson(parsed) > 0) assertStorable(parsed);
      }),
      runs(0.05),
    );
  });

  test('Leanplum: a list in a text is a list or a fault', () => {
    const word = fc.oneof(text, fc.stringMatching(/^[\w '-]{1,9}$/));
    const damage = fc.constantFrom('', ' ', ',', ']', '[', '"', "'", '{', '\\', '\ud800');
    const list = fc
      .tuple(fc.array(word, { maxLength: 5 }), fc.constantFrom(',', ', ', ' ,'), damage, damage)
      .map(([words, comma, first, last]) => `${first}[${words.join(comma)}]${last}`);
    fc.assert(
      fc.property(fc.oneof(text, list), (given) => {
        beginCall();
        const found = listOf({ p: given }, 'p');
        if (isFault(found)) return;
        assert.ok(Array.isArray(found));
        for (const each of found)
          assert.ok(typeof each !== 'string' || each.isWellFormed() || each === given);
      }),
      runs(0.05),
    );
  });

  test('Leanplum: the words of a list without quotes are read as they are', () => {
    const word = fc
      .stringMatching(/^[a-z][a-z' -]{0,8}[a-z]$/)
      .filter((it) => !/^(true|false|null)$/.test(it));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
        beginCall();
        assert.deepEqual(listOf({ p: `[${words.join(', ')}]` }, 'p'), words);
      }),
      runs(0.05),
    );
  });

  test('Bloomreach: a body and its members', () => {
    const bytes = damaged(jsonBytes(bloomreachData));
    fc.assert(
      fc.property(bytes, bloomreachData as fc.Arbitrary<JsonObject>, (given, members) => {
        const parsed = parseObject(given);
        assert.ok(parsed === undefined || isJsonObject(parsed));
        const ids = readCustomerIds(members['customer_ids'], readIdTypes(defaultSettings.ids));
        if (ids.problem === undefined) assert.ok(ids.ids.every((it) => it.value !== ''));
        for (const time of [readTimestamp(members['timestamp']), readAge(members, Date.now())]) {
          assert.ok(time === null || time === 'invalid' || (time >= 0 && time < 1e11));
        }
        const properties = readProperties(members['properties']);
        if (isJsonObject(properties as Json)) {
          const bad = findBadProperty(properties as JsonObject);
          // What is let through can be written down and read back as it is.
          if (bad === undefined) assertStorable(properties as Json);
        }
      }),
      runs(0.13),
    );
  });

  test('the file that declares projects', () => {
    const project = mangled({
      name: fc.constant('p'),
      leanplum: mangled({ appId: fc.constant('a'), keys: mangled({ production: fc.constant('k') }) }),
      bloomreach: mangled({
        projectToken: fc.constant('5b1d6c3a-2f64-4e0f-9d0e-3c7a1f0e9b52'),
        publicTokens: fc.constant(['t']),
        privateKeys: fc.constant([{ id: 'i', secret: 's' }]),
      }),
    });
    const file = fc.oneof(value, mangled({ projects: fc.array(project, { maxLength: 2 }) }));
    fc.assert(
      fc.property(damaged(jsonBytes(file)), (bytes) => {
        try {
          readBootstrap(Buffer.from(bytes).toString('utf8'));
        } catch (error) {
          assert.ok(error instanceof SettingError, String(error));
        }
      }),
      runs(0.02),
    );
  });
});

/** It can be written down, and what is read back is written the same. */
function assertStorable(it: Json): void {
  const written = JSON.stringify(it);
  assert.equal(JSON.stringify(JSON.parse(written)), written);
}
