/** Hostile senders against a running server: it stays up, in bounds, and serves the others. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { demoProject } from '../support/demo-project.ts';
import { type Server, startServer } from '../support/server.ts';
import { damaged, formBytes, jsonBytes, leanplumAction, runs, seed } from './cases.ts';
import { Connection, type RawAnswer } from './connection.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

const { appId, keys } = demoProject.leanplum;
const { projectToken, publicTokens } = demoProject.bloomreach;
const access = { appId, clientKey: keys.production };

function post(
  path: string,
  body: string | Uint8Array,
  headers: Record<string, string | number> = {},
): Buffer {
  const bytes = Buffer.from(body);
  const all = { host: 'x', 'content-length': bytes.length, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), bytes]);
}

const track = post('/api', JSON.stringify({ ...access, action: 'track', userId: 'neighbour', event: 'a' }));

async function ask(bytes: Uint8Array): Promise<RawAnswer> {
  const connection = new Connection(server).send(bytes);
  const answer = await connection.answer();
  connection.close();
  return answer ?? assert.fail('the connection closed without an answer');
}

/** JSON with `success`, alone or in `response`: what a client of either dialect reads. */
function assertEnvelope({ status, head, body }: RawAnswer): void {
  assert.notEqual(status, 500, body);
  const parsed = JSON.parse(body) as { success?: unknown; response?: { success?: unknown }[] };
  const successes = parsed.response?.map((it) => it.success) ?? [parsed.success];
  assert.ok(
    successes.every((it) => typeof it === 'boolean'),
    body,
  );
  if (status === 503) assert.match(head, /retry-after: \d/i);
}

function residentMegabytes(): number {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

afterEach(async () => {
  const answer = await ask(track);
  assert.equal(answer.body, '{"response":[{"success":true,"isOffline":true}]}');
  assert.equal(server.stderr(), '');
});

/** Asks again and again while the others do their worst; milliseconds of each answer. */
async function neighbourDuring(work: Promise<unknown>): Promise<string> {
  let ended = false;
  const end = work.finally(() => {
    ended = true;
  });
  const latencies: number[] = [];
  let refused = 0;
  const connection = new Connection(server);
  do {
    const start = performance.now();
    const answer = await connection.send(track).answer();
    if (answer?.status === 200) latencies.push(performance.now() - start);
    else refused += 1;
  } while (!ended);
  connection.close();
  await end;
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN).toFixed(0);
  return `a neighbour's ${sorted.length} requests: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; ${refused} refused`;
}

test(`bytes that are nearly requests (seed ${seed})`, async () => {
  const action = leanplumAction as fc.Arbitrary<Record<string, unknown>>;
  const path = fc.constantFrom(
    `/api?appId=${appId}&clientKey=${keys.production}`,
    `/track/v2/projects/${projectToken}/batch?access_token=${publicTokens[0]}`,
    '/metrics',
    '//',
    '/%zz',
  );
  const header = fc.constantFrom<Record<string, string>>(
    {},
    { 'transfer-encoding': 'chunked' },
    { 'content-length': '5' },
    { 'content-encoding': 'gzip' },
    { 'content-type': 'multipart/form-data; boundary=x' },
    { expect: '100-continue' },
    { 'idempotency-key': 'k' },
    { 'x-long': 'x'.repeat(20_000) },
  );
  const sent = fc
    .tuple(path, fc.oneof(jsonBytes(action), formBytes(action)), header)
    .map(([to, body, headers]) => post(to, body, headers));
  const one = damaged(sent);
  await fc.assert(
    fc.asyncProperty(fc.array(one, { minLength: 20, maxLength: 20 }), async (many) => {
      const said = await Promise.all(many.map((bytes) => new Connection(server).send(bytes).whole()));
      for (const text of said) {
        assert.match(text, /^(HTTP\/1\.1 [1-5]\d\d |$)/);
        assert.doesNotMatch(text, /^HTTP\/1\.1 500/);
      }
    }),
    runs(0.02, 20),
  );
});

test('bytes that are no request get an envelope in both dialects', async () => {
  for (const [bytes, status] of [
    ['nonsense\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
  ] as const) {
    const answer = await ask(Buffer.from(bytes));
    assert.equal(answer.status, status);
    assertEnvelope(answer);
    assert.match(answer.body, /^\{"success":false,"error":".*","response":\[\{"success":false/);
  }
});

test('packed bombs: a thousandth of what they unpack to', async (t) => {
  const before = residentMegabytes();
  const bomb = gzipSync(Buffer.alloc(512 * 1024 * 1024), { level: 9 });
  const request = post('/api', bomb, { 'content-encoding': 'gzip' });
  const bombs = Promise.all(Array.from({ length: 12 }, () => ask(request)));
  t.diagnostic(await neighbourDuring(bombs));
  for (const answer of await bombs) {
    assertEnvelope(answer);
    assert.ok(answer.status === 413 || answer.status === 503, String(answer.status));
  }
  const grown = residentMegabytes() - before;
  t.diagnostic(`memory grew by ${grown.toFixed(0)} MB`);
  assert.ok(grown < 1024);
});

test('nesting of 10,000, wherever a value may be', async () => {
  const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
  const deeper = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
  const call = (more: string) => `{"appId":"${appId}","clientKey":"${keys.production}",${more}}`;
  const inText = JSON.stringify(deep);
  for (const nested of [deep, deeper, inText, JSON.stringify(deeper)]) {
    for (const more of [
      `"action":${nested}`,
      `"action":"multi","data":${nested}`,
      `"action":"multi","data":[${nested}]`,
      `"action":"multi","data":[{"action":"track","userId":"u","event":"a","params":${nested}}]`,
      `"action":"track","userId":${nested},"event":"a"`,
      `"action":"track","userId":"u","event":"a","params":{"a":${nested}}`,
      `"action":"setUserAttributes","userId":"u","userAttributes":${nested}`,
    ]) {
      assertEnvelope(await ask(post('/api', call(more))));
    }
    const track = `/track/v2/projects/${projectToken}`;
    const headers = { authorization: `Token ${publicTokens[0]}` };
    for (const [route, body] of [
      ['batch', `{"commands":${nested}}`],
      ['batch', `{"commands":[{"name":"customers","data":${nested}}]}`],
      ['batch', `{"commands":[{"name":"customers","command_id":${nested}}]}`],
      ['customers/events', `{"customer_ids":{"registered":"u"},"event_type":"a","properties":${nested}}`],
      ['customers', `{"customer_ids":{"registered":${nested}}}`],
      ['campaigns/clicks', nested],
    ] as const) {
      assertEnvelope(await ask(post(`${track}/${route}`, body, headers)));
    }
  }
});

test('2,000 bodies that never end hold up nobody', async (t) => {
  const lengths = [100, 1_000_000];
  const senders = Array.from({ length: 2_000 }, (_, index) => {
    const length = lengths[index % 2] as number;
    return new Connection(server).send(post('/api', '{"action":"track"', { 'content-length': length }));
  });
  const asked = Promise.all(Array.from({ length: 50 }, () => ask(track)));
  t.diagnostic(await neighbourDuring(asked));
  for (const answer of await asked) assertEnvelope(answer);
  for (const sender of senders) sender.close();
});

test('a flood of connections: everybody is answered, accepted or refused', async (t) => {
  const flood = Promise.all(Array.from({ length: 3_000 }, () => ask(track)));
  t.diagnostic(await neighbourDuring(flood));
  const answers = await flood;
  for (const answer of answers) assertEnvelope(answer);
  const accepted = answers.filter(({ status }) => status === 200).length;
  t.diagnostic(`${accepted} of 3000 accepted`);
  assert.ok(accepted > 0);
  assert.ok(answers.every(({ status }) => status === 200 || status === 503 || status === 429));
});

describe('SDK batches of 10,000 actions from 16 connections', () => {
  test('all are done in the end, and a neighbour is served meanwhile', async (t) => {
    const batch = (sender: number) => {
      const data = Array.from({ length: 10_000 }, (_, index) => ({
        ...{ action: 'track', userId: `hog ${sender}`, deviceId: `hog device ${sender}`, event: 'a' },
        ...{ params: { level: index }, reqId: `${sender}-${index}`, uuid: `${sender}` },
      }));
      return post('/api', JSON.stringify({ ...access, action: 'multi', sdkVersion: '7.8.0', data }));
    };
    /** As an SDK does: what was refused is sent again. */
    const deliver = async (sender: number): Promise<number> => {
      const request = batch(sender);
      for (let refused = 0; ; refused++) {
        const answer = await ask(request);
        assertEnvelope(answer);
        if (answer.status !== 200) continue;
        assert.equal((JSON.parse(answer.body) as { response: unknown[] }).response.length, 10_000);
        return refused;
      }
    };
    const start = performance.now();
    const hogs = Promise.all(Array.from({ length: 16 }, (_, sender) => deliver(sender)));
    t.diagnostic(await neighbourDuring(hogs));
    const refused = (await hogs).reduce((sum, it) => sum + it, 0);
    t.diagnostic(`160,000 actions in ${(performance.now() - start).toFixed(0)} ms, ${refused} times refused`);
  });
});
