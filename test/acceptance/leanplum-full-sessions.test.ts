/** How many events and states of SDKs one session may hold (contract 8.1): what is over is skipped with a warning. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertRefusesStart } from '../support/refused-start.ts';
import { leanplum } from '../support/requests.ts';
import { newScratchFolder, removeScratchFolder, type Server, startServer } from '../support/server.ts';
import { countsOf, exportUser, nowSec } from './wire.ts';

const dataFolder = newScratchFolder();
const environment = { RAPPORT_SESSION_EVENTS: '2', RAPPORT_SESSION_STATES: '1' };
let server: Server;
before(async () => {
  server = await startServer({ dataFolder, environment });
});
after(async () => {
  await server[Symbol.asyncDispose]();
  removeScratchFolder(dataFolder);
});

type Params = Record<string, unknown>;

const sdk = { sdkVersion: '7.8.0' };
const done = { success: true };
const start = { action: 'start' };
const event = { action: 'track', event: 'buy' };
const state = { action: 'advance', state: 'cart' };
const manyEvents = full('events');
const manyStates = full('states');

function full(of: string) {
  return { success: true, warning: { message: `Session has too many ${of}; request skipped.` } };
}

/** The elements of one batch, without what only `start` says. */
async function multi(userId: string, actions: readonly Params[], outer: Params = sdk): Promise<unknown[]> {
  const data = actions.map((it): Params => ({ userId, deviceId: `${userId}'s`, ...it }));
  const { body, text } = await leanplum(server, { action: 'multi', time: nowSec(), data, ...outer });
  assert.equal(body.response.length, data.length, text);
  return body.response.map((it, index) =>
    data[index]?.['action'] === 'start' ? { success: it.success } : it,
  );
}

describe('a full session', () => {
  test('skips events and states of an SDK, each by their own count, and goes on', async () => {
    const actions = [start, event, state, event, event, state, { action: 'heartbeat' }];
    const elements = await multi('ann', actions);
    assert.deepEqual(elements, [done, done, done, done, manyEvents, manyStates, done]);
    assert.deepEqual(await countsOf(server, 'ann'), { buy: 2 });
    const { states } = await exportUser(server, { userId: 'ann' });
    assert.equal((states as Record<string, { count: number }>)['cart']?.count, 1);
  });

  test('is not the next one', async () => {
    const elements = await multi('bob', [start, event, event, event, start, event, event, event]);
    assert.deepEqual(elements, [done, done, done, manyEvents, done, done, done, manyEvents]);
    assert.deepEqual(await countsOf(server, 'bob'), { buy: 4 });
  });

  test('takes everything of callers that are no SDK, whose events count as well', async () => {
    assert.deepEqual(await multi('cyd', [start, event, event, event], {}), [done, done, done, done]);
    assert.deepEqual(await multi('cyd', [event]), [manyEvents]);
  });

  test('says so beside what else it warns of', async () => {
    const [, , , skipped] = await multi('dan', [
      start,
      event,
      event,
      { ...event, params: { '.a': 1, b: 2 } },
    ]);
    const { message } = (skipped as typeof manyEvents).warning;
    assert.match(message, /\.a/);
    assert.ok(message.endsWith(` ${manyEvents.warning.message}`), message);
  });

  test('is done with what it has skipped, also when another session is open at its repeat', async () => {
    const marked = { ...event, uuid: 'batch', reqId: 'r' };
    assert.deepEqual((await multi('eve', [start, event, event, marked])).at(-1), {
      ...manyEvents,
      reqId: 'r',
    });
    assert.deepEqual(await multi('eve', [start, marked]), [done, { ...done, reqId: 'r' }]);
    assert.deepEqual(await countsOf(server, 'eve'), { buy: 2 });
  });

  test('is full after a restart', async () => {
    assert.deepEqual(await multi('fay', [start, event, state, event]), [done, done, done, done]);
    await server.stop();
    server = await startServer({ dataFolder, environment });
    assert.deepEqual(await multi('fay', [event, state]), [manyEvents, manyStates]);
  });
});

describe('the limits', () => {
  test('are 1,500 events and as many states', async () => {
    await using plain = await startServer();
    const actions = Array.from({ length: 1501 }, () => [event, state]).flat();
    const data = [start, ...actions].map((it) => ({ userId: 'gil', ...it }));
    const { body } = await leanplum(plain, { action: 'multi', time: nowSec(), data, ...sdk });
    assert.deepEqual(body.response.slice(-4), [done, done, manyEvents, manyStates]);
    assert.deepEqual(await countsOf(plain, 'gil'), { buy: 1500 });
  });

  test('are none with 0', async () => {
    const none = { RAPPORT_SESSION_EVENTS: '0', RAPPORT_SESSION_STATES: '0' };
    await using endless = await startServer({ environment: none });
    const data = [start, ...Array(1501).fill(event)].map((it) => ({ userId: 'hal', ...it }));
    await leanplum(endless, { action: 'multi', time: nowSec(), data, ...sdk });
    assert.deepEqual(await countsOf(endless, 'hal'), { buy: 1501 });
  });

  for (const name of ['RAPPORT_SESSION_EVENTS', 'RAPPORT_SESSION_STATES']) {
    const message = `${name} must be a number from 0 to 99999999, not 'many'`;
    test(message, () => assertRefusesStart({ [name]: 'many' }, message));
  }
});
