import assert from 'node:assert/strict';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { leanplum } from '../support/requests.ts';
import { type Server, ServerDidNotStart, startServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const timeout = 30_000;

test('a second server on the same data refuses to start and names the first', { timeout }, async ({
  signal,
}) => {
  await using first = await startServer({ signal });
  const refused = await startServer({ signal, dataFolder: first.dataFolder }).then(
    () => assert.fail('two servers on one data folder'),
    (error: unknown) => error,
  );
  assert.ok(refused instanceof ServerDidNotStart);
  assert.notEqual(refused.exit?.code ?? 0, 0);
  const holder = new RegExp(`\\b${first.pid}\\b|${first.url}`);
  assert.match(refused.output, holder);

  const answer = await leanplum(first, { action: 'track', userId: 'ann', event: 'still here' });
  assert.equal(answer.body.response[0]?.success, true, answer.text);
});

test('after kill -9 the next server starts on the same data', { timeout }, async ({ signal }) => {
  await using first = await startServer({ signal });
  await leanplum(first, { action: 'track', userId: 'ann', event: 'before' });
  await first.kill();
  await using next = await startServer({ signal, dataFolder: first.dataFolder });
  assert.equal(await countOf('before', next), 1);
});

test('SIGTERM finishes what is in flight, hangs up on the idle, and exits 0', { timeout }, async ({
  signal,
}) => {
  await using first = await startServer({ signal });
  await leanplum(first, { action: 'track', userId: 'ann', event: 'before' }); // Its connection stays open and idle.
  const upload = await startedUpload(first, { action: 'track', userId: 'ann', event: 'in flight' });

  const exited = first.stop();
  await until(() => refusesConnections(first), 'the server takes no more requests');
  const answer = await upload.finish();
  assert.equal(answer.headers.connection, 'close', 'an open connection would hold up the end');
  assert.match(await text(answer), /"success":true/);
  assert.deepEqual(await exited, { code: 0, signal: null });

  await using next = await startServer({ signal, dataFolder: first.dataFolder });
  assert.equal(await countOf('before', next), 1);
  assert.equal(await countOf('in flight', next), 1);
});

async function countOf(event: string, server: Server): Promise<number | undefined> {
  const answer = await leanplum(server, { action: 'exportUser', userId: 'ann' }, { key: 'dataExport' });
  return answer.body.response[0]?.events?.[event]?.count;
}

/** A request whose headers the server has (it said so, with 100 Continue) and whose body it still lacks. */
async function startedUpload(server: Server, params: Record<string, unknown>) {
  const { appId, keys } = demoProject.leanplum;
  const body = JSON.stringify({ appId, clientKey: keys.production, ...params });
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    expect: '100-continue',
  };
  const upload = request(`${server.url}/api`, { method: 'POST', headers });
  const answered = answerTo(upload);
  upload.flushHeaders();
  await new Promise((resolve) => upload.once('continue', resolve));
  return {
    finish(): Promise<IncomingMessage> {
      upload.end(body);
      return answered;
    },
  };
}

function answerTo(upload: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    upload.once('response', resolve);
    upload.once('error', reject);
  });
}

/** It hangs up, or says that it is closing. */
function refusesConnections(server: Server): Promise<boolean> {
  return fetch(`${server.url}/health/live`, { headers: { connection: 'close' } }).then(
    (answer) => answer.status === 503,
    () => true,
  );
}
