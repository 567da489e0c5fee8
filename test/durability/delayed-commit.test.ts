import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Answer, bloomreach, leanplum } from '../support/requests.ts';
import { newScratchFolder, type Server, startServer } from '../support/server.ts';
import { attachStrace, straceRefusal } from '../support/strace.ts';
import { until } from '../support/until.ts';
import { commitOf, exchangeOf, isUnfinishedWalSync, parseTrace } from './trace.ts';

/** Every sync takes a second longer: time enough to ask for what is applied and not yet on the disk. */
const slowSyncs = { inject: 'fsync,fdatasync:delay_enter=1000000' };

test('every answer waits for the commit of what it has seen', { timeout: 60_000 }, async (t) => {
  const refusal = await straceRefusal();
  if (refusal !== undefined) return t.skip(refusal);
  await using server = await startServer({ signal: t.signal });
  await using tracer = await attachStrace(server.pid, join(newScratchFolder(), 'trace'), slowSyncs);

  const written = Object.values(writes).map((write) => write(server, {}));
  await until(() => parseTrace(tracer.trace()).some(isUnfinishedWalSync), 'a sync that takes its time');
  const asked = questions.map(({ ask }, place) => ask(server, { 'x-question': `question-${place}-` }));
  const answers = await Promise.all(asked);
  for (const answer of await Promise.all(written)) assert.equal(answer.status, 200, answer.text);
  await tracer[Symbol.asyncDispose]();

  const calls = parseTrace(tracer.trace());
  for (const [place, { name, sees, expected }] of questions.entries()) {
    assert.match(answers[place]?.text ?? '', expected, name);
    const commit = commitOf(calls, sees);
    const { request, answer } = exchangeOf(calls, `question-${place}-`);
    assert.ok(
      commit !== undefined && request !== undefined && answer !== undefined,
      `${name}: is in the trace`,
    );
    assert.ok(request.end < commit.end, `${name}: asked before the commit, else this shows nothing`);
    assert.ok(answer.begin > commit.end, `${name}: answered after the commit`);
  }
});

type Call = (server: Server, headers: Record<string, string>) => Promise<Answer<unknown>>;

/** Each one to a user of its own, whose name is found again in the pages of the WAL. */
const writes = {
  keyed(server, headers) {
    const data = [
      { action: 'setUserAttributes', userId: 'user-keyed', userAttributes: { plan: 'pro' } },
      { action: 'track', userId: 'user-keyed', event: 'bought' },
    ];
    return leanplum(server, { action: 'multi', time: 1_700_000_000, data }, withKey('key-1', headers));
  },
  sdk(server, headers) {
    const ids = { userId: 'user-sdk', deviceId: 'device-sdk', reqId: 'request-1', uuid: 'batch-1' };
    const data = [{ action: 'track', event: 'bought', time: 1_700_000_000, ...ids }];
    return leanplum(server, { action: 'multi', sdkVersion: '7.8.0', time: 1_700_000_000, data }, { headers });
  },
  timestamped(server, headers) {
    const event = { event_type: 'bought', timestamp: 1_700_000_000.5, properties: { price: 5 } };
    const body = { customer_ids: { registered: 'user-timestamped' }, ...event };
    return bloomreach(server, '/track/v2/projects/{token}/customers/events', body, { headers });
  },
  customer(server, headers) {
    const body = { customer_ids: { registered: 'user-customer' }, properties: { plan: 'pro' } };
    return bloomreach(server, '/track/v2/projects/{token}/customers', body, withKey('key-2', headers));
  },
} satisfies Record<string, Call>;

/** `sees`: the user whose uncommitted state the answer rests on. */
const questions: { name: string; sees: string; expected: RegExp; ask: Call }[] = [
  {
    name: 'exportUser',
    sees: 'user-keyed',
    expected: /"plan":"pro".*"bought"/,
    ask: exportUser('user-keyed'),
  },
  {
    name: 'export-one',
    sees: 'user-keyed',
    expected: /"plan":"pro".*"bought"/,
    ask: exportOne('user-keyed'),
  },
  {
    name: 'exportUser of the other dialect',
    sees: 'user-customer',
    expected: /"plan":"pro"/,
    ask: exportUser('user-customer'),
  },
  {
    name: 'customers/attributes',
    sees: 'user-customer',
    expected: /"value":"pro"/,
    ask: attributes('user-customer'),
  },
  { name: 'exportUser of nobody', sees: 'user-keyed', expected: /User not found/, ask: exportUser('nobody') },
  {
    name: 'export-one of nobody',
    sees: 'user-keyed',
    expected: /Customer does not exist/,
    ask: exportOne('nobody'),
  },
  { name: 'a repeat with a key', sees: 'user-keyed', expected: /"success":true/, ask: writes.keyed },
  {
    name: 'a repeat with a key (Bloomreach)',
    sees: 'user-customer',
    expected: /"success":true/,
    ask: writes.customer,
  },
  { name: 'a repeat of an SDK', sees: 'user-sdk', expected: /"reqId":"request-1"/, ask: writes.sdk },
  {
    name: 'a duplicate event',
    sees: 'user-timestamped',
    expected: /"success":true/,
    ask: writes.timestamped,
  },
];

function exportUser(userId: string): Call {
  return (server, headers) =>
    leanplum(server, { action: 'exportUser', userId }, { key: 'dataExport', headers });
}

function exportOne(registered: string): Call {
  const path = '/data/v2/projects/{token}/customers/export-one';
  return (server, headers) => bloomreach(server, path, { customer_ids: { registered } }, { headers });
}

function attributes(registered: string): Call {
  const path = '/data/v2/projects/{token}/customers/attributes';
  const body = { customer_ids: { registered }, attributes: [{ type: 'property', property: 'plan' }] };
  return (server, headers) => bloomreach(server, path, body, { headers });
}

function withKey(key: string, headers: Record<string, string>) {
  return { headers: { ...headers, 'idempotency-key': key } };
}
