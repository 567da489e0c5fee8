/**
 * Whole calls of both dialects, through the engine onto a real store: always the dialect's envelope, never a 500, as many
 * answers as questions, and neighbours come through.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { validateHeaderValue } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { readSettings } from '../../src/config.ts';
import { firstEventId, type ProjectId } from '../../src/core/ids.ts';
import { readIdTypes } from '../../src/core/project/id-types.ts';
import { defaultPermissions, readPermissions } from '../../src/core/project/permissions.ts';
import { defaultSettings, type Project } from '../../src/core/project.ts';
import { answerAttributes } from '../../src/dialects/bloomreach/attributes.ts';
import { answerBatch, answerSingle } from '../../src/dialects/bloomreach/batch.ts';
import { commands, legacyCommands } from '../../src/dialects/bloomreach/commands.ts';
import { answerExportOne } from '../../src/dialects/bloomreach/data.ts';
import { answerBulk } from '../../src/dialects/bloomreach/legacy/bulk.ts';
import { legacyRoutes } from '../../src/dialects/bloomreach/legacy/crm.ts';
import { DevModeLimit } from '../../src/dialects/leanplum/dev-mode-limit.ts';
import { answerCall, type LeanplumRequest } from '../../src/dialects/leanplum/multi.ts';
import { Currencies } from '../../src/dialects/leanplum/rules/currency.ts';
import { Origin } from '../../src/dialects/leanplum/rules/detect.ts';
import { Lookups } from '../../src/engine/lookups.ts';
import { Projects } from '../../src/engine/projects.ts';
import { Engine } from '../../src/engine/submit.ts';
import { clientAddressBy } from '../../src/http/client-address.ts';
import { Places } from '../../src/http/places.ts';
import { hashSecret } from '../../src/lib/secret.ts';
import { DuckHistory } from '../../src/storage/duckdb/history.ts';
import { openWriter } from '../../src/storage/sqlite/open.ts';
import { migrate } from '../../src/storage/sqlite/schema.ts';
import { SqliteStore } from '../../src/storage/sqlite/store.ts';
import {
  bloomreachCommand,
  bloomreachData,
  contentType,
  damaged,
  formBytes,
  formOf,
  gzipped,
  json,
  jsonBytes,
  leanplumAction,
  legacyCommand,
  legacyData,
  mangled,
  multipartBytes,
  multipartType,
  runs,
  seed,
  text,
} from './cases.ts';

const folder = mkdtempSync(join(tmpdir(), 'rapport-fuzz-'));
const file = join(folder, 'rapport.sqlite');
const database = openWriter(file);
migrate(database);
database.close();
const store = new SqliteStore(file);
const bugs: unknown[] = [];
const engine = new Engine({
  store,
  clock: Date.now,
  onFatal: (error) => bugs.push(error),
  onBug: (error) => bugs.push(error),
});
const history = new DuckHistory({
  file,
  folder: join(folder, 'history'),
  sealLines: 250_000,
  clock: Date.now,
  lastEvent: () => store.lastEvent(),
  sealedUpTo: () => store.sealed?.last ?? firstEventId,
  seal: (sealing) => store.seal(sealing),
});
const key = 'prod_key';
const developmentKey = 'dev_key';
const project: Project = {
  id: 1 as ProjectId,
  name: 'fuzz',
  leanplumApp: 'app',
  bloomreachToken: '5b1d6c3a-2f64-4e0f-9d0e-3c7a1f0e9b52',
  settings: defaultSettings,
  idTypes: readIdTypes(defaultSettings.ids),
  leanplumKeys: [
    { class: 'production', hash: hashSecret(key) },
    { class: 'dataExport', hash: hashSecret('exp_key') },
    { class: 'development', hash: hashSecret(developmentKey) },
  ],
  publicTokens: [],
  privateKeys: [],
};
const permissions = readPermissions(defaultPermissions.private);
const projects = new Projects([project]);
const leanplumParts = {
  engine,
  projects,
  lookups: new Lookups(store, []),
  devModeLimit: new DevModeLimit('off', 1_000),
  productionKeyDevMode: false,
  actionSettings: {
    currencies: new Currencies('USD', undefined),
    keepsOldTimes: false,
    limits: readSettings({}).limits,
    nameLimits: { event: 20, state: 10, attribute: 20, param: 20, message: 20, interaction: 20 },
  },
};
const detectors = {
  addressOf: clientAddressBy([]),
  places: new Places(undefined, (error) => bugs.push(error)),
};
after(async () => {
  await engine.drain();
  await history.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Calls that arrive together, so that they share commits: one run is that many cases. */
const together = 50;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The statuses a caller's fault may have; 429 and 503 would mean that a few calls overload us. */
const statuses = [200, 400, 403, 404, 413, 422];

function assertAnswer({ status, body }: Answer): Record<string, unknown> {
  assert.ok(statuses.includes(status), `${status} ${body}`);
  assert.ok(!body.includes('Internal server error'), body);
  return JSON.parse(body) as Record<string, unknown>;
}

interface Element {
  success?: unknown;
  error?: { message?: unknown };
}

/** One element per action; each says whether it was done, and why not. */
function assertLeanplum(answer: Answer, count?: number): void {
  const { response } = assertAnswer(answer) as { response: Element[] };
  assert.ok(Array.isArray(response), answer.body);
  if (count !== undefined && answer.status === 200) assert.equal(response.length, count, answer.body);
  for (const element of response) {
    assert.equal(typeof element.success, 'boolean', answer.body);
    if (element.success === false) assert.ok(element.error?.message, answer.body);
  }
}

function assertBloomreach(answer: Answer): void {
  const { success, error, errors, message, results } = assertAnswer(answer);
  assert.equal(success, answer.status === 200, answer.body);
  if (success === false) assert.ok(error ?? errors ?? message, answer.body);
  for (const result of (results ?? []) as { success: unknown; errors?: unknown[]; error?: unknown }[]) {
    assert.equal(typeof result.success, 'boolean', answer.body);
    if (result.success === false) assert.ok(result.error ?? result.errors?.length, answer.body);
  }
}

let neighbours = 0;

/** Somebody whose calls are in order is served beside all of them. */
async function assertNeighbour(): Promise<void> {
  neighbours += 1;
  const track = { action: 'track', userId: 'neighbour', event: 'a', appId: 'app', clientKey: key };
  const answer = await answerCall(leanplum({ body: Buffer.from(JSON.stringify(track)) }), leanplumParts);
  assert.equal(answer.body, '{"response":[{"success":true,"isOffline":true}]}');
  const asked = { customer_ids: { registered: 'neighbour' }, attributes: [{ type: 'id', id: 'registered' }] };
  const read = { project, access: 'private' as const, permissions, body: Buffer.from(JSON.stringify(asked)) };
  const attributes = await answerAttributes(read, { engine, history, clock: Date.now });
  assert.equal(attributes.body, '{"success":true,"results":[{"success":true,"value":"neighbour"}]}');
  assert.deepEqual(bugs, []);
}

function leanplum(given: Partial<LeanplumRequest>): LeanplumRequest {
  return {
    receivedMs: Date.now(),
    endpoint: 'http://localhost/api',
    query: '',
    body: undefined,
    contentType: '',
    contentEncoding: '',
    idempotencyKey: undefined,
    take: () => true,
    origin: new Origin({ headers: {}, socket: new Socket() }, detectors),
    ...given,
  };
}

const idempotencyKey = fc.option(fc.oneof(fc.constantFrom('k1', 'k2'), text), { freq: 8, nil: undefined });

/** `each`: how many cases one of the arbitrary is in the mean. */
async function all<Case>(
  share: number,
  arbitrary: fc.Arbitrary<Case>,
  check: (each: Case) => Promise<void>,
  each = 1,
): Promise<void> {
  const many = fc.array(arbitrary, { minLength: together, maxLength: together });
  await fc.assert(
    fc.asyncProperty(many, async (cases) => {
      await Promise.all([...cases.map(check), assertNeighbour()]);
    }),
    runs(share, together * each),
  );
  assert.ok(neighbours > 0);
}

describe(`seed ${seed}`, () => {
  const access = {
    appId: fc.constant('app'),
    clientKey: fc.constantFrom(key, key, 'exp_key', developmentKey),
  };

  test('Leanplum: actions in a batch of an SDK have as many elements', () => {
    const batch = fc.array(leanplumAction, { minLength: 1, maxLength: 8 });
    const check = async (data: unknown[]) => {
      const clientKey = data.length % 2 === 0 ? key : developmentKey;
      const call = { appId: 'app', clientKey, action: 'multi', sdkVersion: '1', data };
      const body = Buffer.from(JSON.stringify(call));
      assertLeanplum(await answerCall(leanplum({ body }), leanplumParts), data.length);
    };
    return all(0.15, batch, check, 4);
  });

  test('Leanplum: calls in every form, whole and broken', () => {
    const single = fc
      .tuple(mangled(access), leanplumAction)
      .map(([keys, action]) => ({ ...keys, ...action })) as fc.Arbitrary<Record<string, unknown>>;
    const multi = mangled({
      ...access,
      action: fc.constant('multi'),
      sdkVersion: fc.constant('1'),
      time: fc.constant(Date.now() / 1000),
      data: fc.oneof(
        fc.array(leanplumAction, { maxLength: 4 }),
        fc.array(leanplumAction, { maxLength: 4 }).map((data) => JSON.stringify({ data })),
      ),
    }) as fc.Arbitrary<Record<string, unknown>>;
    const call = fc.oneof(single, multi);
    const plain = fc.record({ contentEncoding: fc.constant(''), contentType });
    const form = fc.oneof(
      fc.record({ body: damaged(jsonBytes(call)), more: plain }),
      fc.record({ body: damaged(formBytes(call)), more: plain }),
      fc.record({
        body: damaged(multipartBytes(call)),
        more: fc.constant({ contentType: multipartType, contentEncoding: '' }),
      }),
      fc.record({
        body: damaged(gzipped(jsonBytes(call))),
        more: fc.constant({ contentType: '', contentEncoding: 'gzip' }),
      }),
      fc.record({ body: damaged(jsonBytes(json)), more: plain }),
    );
    const query = fc.oneof({ arbitrary: fc.constant(''), weight: 3 }, call.map(formOf), text);
    return all(0.1, fc.tuple(form, query, idempotencyKey), async ([{ body, more }, given, idempotency]) => {
      const request = leanplum({ body, query: given, ...more, idempotencyKey: idempotency });
      assertLeanplum(await answerCall(request, leanplumParts));
    });
  });

  const write = (body: Uint8Array, idempotency?: string) => ({
    project,
    access: 'private' as const,
    permissions,
    receivedMs: Date.now(),
    body,
    query: '',
    idempotencyKey: idempotency,
  });
  const parts = {
    engine,
    history,
    nameLimits: { property: 20 },
    clock: Date.now,
    commands: new Map([...commands, ...legacyCommands]),
  };

  test('Bloomreach: batches have as many results', () =>
    all(0.06, fc.array(bloomreachCommand, { minLength: 1, maxLength: 6 }), async (given) => {
      const answer = await answerBatch(write(Buffer.from(JSON.stringify({ commands: given }))), parts);
      assertBloomreach(answer);
      const { results } = JSON.parse(answer.body) as { results: unknown[] };
      assert.equal(results.length, given.length);
    }));

  test('Bloomreach: batches, whole and broken', () => {
    const batch = mangled({ commands: fc.array(bloomreachCommand, { maxLength: 4 }), sdk: fc.constant('x') });
    return all(0.03, fc.tuple(damaged(jsonBytes(batch)), idempotencyKey), async ([body, idempotency]) => {
      assertBloomreach(await answerBatch(write(body, idempotency), parts));
    });
  });

  test('Bloomreach: single routes', () => {
    const route = fc.constantFrom(...commands.values());
    return all(0.025, fc.tuple(route, damaged(jsonBytes(bloomreachData)), idempotencyKey), async (given) => {
      const [command, body, idempotency] = given;
      assertBloomreach(await answerSingle(command, write(body, idempotency), parts));
    });
  });

  const legacyParts = { engine, projects, nameLimits: { property: 20 }, clock: Date.now };
  const legacyCall = (body: Uint8Array, cookies: string, idempotency?: string) => ({
    receivedMs: Date.now(),
    body,
    params: {},
    query: {},
    cookies,
    idempotencyKey: idempotency,
  });
  const kept = fc.oneof(
    fc.constantFrom('', `xnpe_${project.bloomreachToken}=c1`),
    text.map((it) => `a=1; xnpe_${project.bloomreachToken}=${it}; b`),
  );

  interface BulkResult {
    readonly success: boolean;
    readonly status: string;
    readonly errors?: readonly string[];
  }

  /** Every command has a result, in both forms, to be dropped by the client whatever it is. */
  async function assertBulk(call: ReturnType<typeof legacyCall>, count?: number): Promise<void> {
    const answer = await answerBulk(call, legacyParts);
    assert.ok(typeof answer.body === 'string');
    const body = answer.body;
    assertBloomreach({ ...answer, body });
    for (const value of Object.values(answer.headers ?? {})) validateHeaderValue('set-cookie', value);
    if (answer.status !== 200) return;
    const { results } = JSON.parse(body) as { results: readonly BulkResult[] };
    if (count !== undefined) assert.equal(results.length, count, body);
    for (const { success, status, errors } of results) {
      assert.equal(status, success ? 'ok' : 'error', body);
      assert.equal(success, errors === undefined, body);
      if (!success) assert.ok(errors?.[0], body);
    }
  }

  test('Bloomreach: /bulk has as many results', () => {
    const named = { name: 'system/ids', data: { project_id: project.bloomreachToken } };
    const given = fc.array(legacyCommand, { maxLength: 6 });
    return all(0.02, fc.tuple(given, kept, idempotencyKey), async ([list, cookies, idempotency]) => {
      const body = Buffer.from(JSON.stringify({ commands: [...list, named] }));
      await assertBulk(legacyCall(body, cookies, idempotency), list.length + 1);
    });
  });

  test('Bloomreach: /bulk, whole and broken', () => {
    const bulk = mangled({ commands: fc.array(legacyCommand, { maxLength: 4 }), sdk: fc.constant('x') });
    return all(0.015, fc.tuple(damaged(jsonBytes(bulk)), kept), ([body, cookies]) =>
      assertBulk(legacyCall(body, cookies)),
    );
  });

  test('Bloomreach: routes that name the project in the body', () => {
    const named = legacyRoutes(legacyParts).filter(({ path, methods }) => methods.POST && path !== '/bulk');
    const route = fc.constantFrom(...named);
    return all(0.015, fc.tuple(route, damaged(jsonBytes(legacyData)), kept), async ([it, body, cookies]) => {
      const answer = (await it.methods.POST?.(legacyCall(body, cookies))) ?? assert.fail();
      assert.ok(typeof answer.body === 'string');
      assertBloomreach({ status: answer.status, body: answer.body });
    });
  });

  // Few: every one reads the whole history that the tests before have left.
  test('Bloomreach: reads', () => {
    const route = fc.constantFrom(answerAttributes, answerExportOne);
    return all(0.005, fc.tuple(route, damaged(jsonBytes(bloomreachData))), async ([answer, body]) => {
      const { status, body: sent } = await answer({ project, access: 'private', permissions, body }, parts);
      assertBloomreach({ status, body: typeof sent === 'string' ? sent : await textOf(sent) });
    });
  });
});
