/** How many names an app may use, and none for both events and states (contract 8.1): what is over is skipped. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { assertRefusesStart } from '../support/refused-start.ts';
import { bloomreach, type LeanplumElement, leanplum } from '../support/requests.ts';
import { newScratchFolder, removeScratchFolder, type Server, startServer } from '../support/server.ts';
import { countsOf, exportOne, exportUser, nowSec, userNotFound } from './wire.ts';

type Params = Record<string, unknown>;

const environment = {
  RAPPORT_EVENT_NAMES: '2',
  RAPPORT_STATE_NAMES: '2',
  RAPPORT_ATTRIBUTE_NAMES: '2',
  RAPPORT_PARAMETER_NAMES: '2',
  RAPPORT_MESSAGES: '2',
};
const done = { success: true };
const folders: string[] = [];
let dataFolder: string;
let server: Server;

/** A server whose projects have used no name yet. */
async function fresh(
  more: Record<string, string> = {},
  options: { bootstrap?: unknown } = {},
): Promise<void> {
  dataFolder = newScratchFolder();
  folders.push(dataFolder);
  server = await startServer({ dataFolder, environment: { ...environment, ...more }, ...options });
}

async function stop(): Promise<void> {
  await server[Symbol.asyncDispose]();
}

after(() => folders.forEach(removeScratchFolder));

function skipped(message: string) {
  return { success: true, warning: { message } };
}

const tooMany = (kind: string, names: string) => skipped(`Too many ${kind} names; skipped: ${names}.`);

/** The element of one call. */
async function call(params: Params): Promise<unknown> {
  const { body, text } = await leanplum(server, { userId: 'ann', ...params });
  assert.equal(body.response.length, 1, text);
  return withoutOffline(body.response[0] as LeanplumElement);
}

/** The elements of one batch. */
async function multi(actions: readonly Params[], outer: Params = {}): Promise<unknown[]> {
  const data = actions.map((it) => ({ userId: 'ann', ...it }));
  const { body, text } = await leanplum(server, { action: 'multi', time: nowSec(), data, ...outer });
  assert.equal(body.response.length, data.length, text);
  return body.response.map(withoutOffline);
}

/** Nobody here has a session. */
function withoutOffline({ isOffline: _, ...element }: LeanplumElement & { isOffline?: boolean }) {
  return element;
}

const track = (event: string, more: Params = {}) => ({ action: 'track', event, ...more });
const advance = (state: string, more: Params = {}) => ({
  action: 'advance',
  state,
  createDisposition: 'CreateIfNeeded',
  ...more,
});
const set = (userAttributes: Params, more: Params = {}) => ({
  action: 'setUserAttributes',
  userAttributes,
  ...more,
});

async function attributesOf(userId = 'ann'): Promise<unknown> {
  return (await exportUser(server, { userId })).userAttributes;
}

async function statesOf(userId = 'ann'): Promise<string[]> {
  return Object.keys((await exportUser(server, { userId })).states ?? {});
}

describe('names beyond what an app may use', () => {
  before(() => fresh());
  after(stop);

  test('one by one: the known ones go on, the first too many is skipped', async () => {
    assert.deepEqual(await call(track('buy')), done);
    assert.deepEqual(await call(track('sell')), done);
    assert.deepEqual(await call(track('rent')), tooMany('event', "'rent'"));
    assert.deepEqual(await call(track('buy')), done);
    assert.deepEqual(await countsOf(server, 'ann'), { buy: 2, sell: 1 });
  });

  test('in one batch, for all users together', async () => {
    const elements = await multi([
      advance('cart'),
      advance('till', { userId: 'bob' }),
      advance('exit'),
      advance('cart', { userId: 'bob' }),
    ]);
    assert.deepEqual(elements, [done, done, tooMany('state', "'exit'"), done]);
    assert.deepEqual([await statesOf('ann'), await statesOf('bob')], [['cart'], ['till', 'cart']]);
  });

  test('of parameters: the event is kept without them', async () => {
    assert.deepEqual(await multi([track('buy', { params: { sku: 1, size: 2 } })]), [done]);
    const params = { color: 'red', sku: 2, shape: 'round', 'a,b': 1 };
    const [element] = await multi([track('buy', { userId: 'cyd', params })]);
    const message = "Invalid param name; skipped: 'a,b'. Too many param names; skipped: 'color', 'shape'.";
    assert.deepEqual(element, skipped(message));
    const { events } = await exportOne(server, { registered: 'cyd' });
    assert.deepEqual(
      events.map((it) => [it.type, it.properties['sku'], it.properties['color']]),
      [['buy', 2, undefined]],
    );
  });

  test('of attributes: what stands beside them is set, and taking away needs no name', async () => {
    assert.deepEqual(
      await call(set({ plan: 'pro', age: 5, zip: 1, city: 2, car: 3, job: 4 })),
      tooMany('userAttribute', "'zip', 'city', 'car' and 1 more"),
    );
    assert.deepEqual(await attributesOf(), { plan: 'pro', age: 5 });
    const edits = {
      userAttributeValuesToIncrement: { age: 1, visits: 1 },
      userAttributeValuesToRemove: { zip: [1] },
      userAttributeValuesToAdd: { plan: 'max' },
    };
    assert.deepEqual(await call(set({ zip: null }, edits)), tooMany('userAttribute', "'visits'"));
    assert.deepEqual(await attributesOf(), { plan: ['pro', 'max'], age: 6 });
  });

  test('of counters: events and states, each by their own', async () => {
    const events = { buy: { count: 9 }, swap: { count: 1 } };
    const states = { cart: { count: 9 }, hall: { count: 1 } };
    assert.deepEqual(
      await call({ action: 'setUserAttributes', events, states }),
      skipped("Too many event names; skipped: 'swap'. Too many state names; skipped: 'hall'."),
    );
    const user = await exportUser(server, { userId: 'ann' });
    assert.deepEqual(Object.keys(user.events ?? {}), ['buy', 'sell']);
    assert.deepEqual([user.events?.['buy']?.count, user.states?.['cart']?.count], [9, 9]);
  });

  test('nobody is created for what is skipped, and a repeat of it is done with', async () => {
    const marked = track('rent', { userId: 'dan', uuid: 'u', reqId: 'r', sdkVersion: '7.8.0' });
    const element = { ...tooMany('event', "'rent'"), reqId: 'r' };
    assert.deepEqual(await multi([marked, marked]), [element, { ...done, reqId: 'r' }]);
    const exported = await leanplum(server, { action: 'exportUser', userId: 'dan' }, { key: 'dataExport' });
    assert.equal(exported.text, userNotFound);
  });

  test('messages have names of their own, and what users do with them has', async () => {
    const elements = await multi([
      track('Open', { messageId: 42, userId: 'eve' }),
      track('Accept', { messageId: '42', userId: 'eve' }),
      track('', { messageId: 43, userId: 'eve' }),
      track('Dismiss', { messageId: 42, userId: 'eve' }),
      track('Open', { messageId: 44, userId: 'eve' }),
      track('.m43 Open', { userId: 'eve' }),
      set(
        {},
        { userId: 'eve', events: { '.m45': { count: 1 }, '.m42 View': { count: 1 }, '.m43': { count: 7 } } },
      ),
    ]);
    assert.deepEqual(elements, [
      done,
      done,
      done,
      tooMany('interaction', "'Dismiss'"),
      tooMany('message', "'.m44'"),
      done,
      skipped("Too many message names; skipped: '.m45'. Too many interaction names; skipped: 'View'."),
    ]);
    const counts = { '.m42 Open': 1, '.m42 Accept': 1, '.m43': 7, '.m43 Open': 1 };
    assert.deepEqual(await countsOf(server, 'eve'), counts);
  });

  test('an Idempotency-Key has the answer as it was', async () => {
    const headers = { 'Idempotency-Key': 'names' };
    const ask = () => leanplum(server, { userId: 'ann', ...track('rent') }, { headers });
    const first = await ask();
    assert.deepEqual(first.body.response, [tooMany('event', "'rent'")]);
    assert.equal((await ask()).text, first.text);
  });

  test('the names are known after a restart', async () => {
    await server.kill();
    server = await startServer({ dataFolder, environment });
    const actions = [track('rent'), track('sell'), advance('exit'), set({ plan: 1, zip: 2 })];
    const elements = [
      tooMany('event', "'rent'"),
      done,
      tooMany('state', "'exit'"),
      tooMany('userAttribute', "'zip'"),
    ];
    assert.deepEqual(await multi(actions), elements);
  });

  test('the other API is not limited, does not count, and sees no difference', async () => {
    const names = ['rent', 'cart', 'pay'];
    for (const event_type of names) {
      const event = { customer_ids: { registered: 'ann' }, event_type, properties: { depth: 1 } };
      const answer = await bloomreach(server, '/track/v2/projects/{token}/customers/events', event);
      assert.equal(answer.text.includes('"success":true'), true, answer.text);
    }
    assert.deepEqual(await call(track('rent')), tooMany('event', "'rent'"));
    const { rent, cart, pay } = await countsOf(server, 'ann');
    assert.deepEqual([rent, cart, pay], [1, 1, 1]);
  });
});

describe('a name', () => {
  before(() => fresh());
  after(stop);
  const noEvent = (name: string) => skipped(`Event name is used for a state; skipped: '${name}'.`);
  const noState = (name: string) => skipped(`State name is used for an event; skipped: '${name}'.`);

  test('is that of an event or of a state, whichever came first', async () => {
    const actions = [track('a'), advance('a'), advance('b'), track('b'), track('a'), advance('b')];
    assert.deepEqual(await multi(actions), [done, noState('a'), done, noEvent('b'), done, done]);
    assert.deepEqual(await call(advance('a')), noState('a'));
    assert.deepEqual(await call(track('b')), noEvent('b'));
    assert.deepEqual([await countsOf(server, 'ann'), await statesOf()], [{ a: 2 }, ['b']]);
  });

  test('of both in one action is an event', async () => {
    const counters = { events: { c: { count: 1 } }, states: { c: { count: 1 } } };
    assert.deepEqual(await call({ action: 'setUserAttributes', ...counters }), noState('c'));
  });

  test('may be one that an object has', async () => {
    const params = JSON.parse('{"__proto__":1,"constructor":2,"toString":3}');
    assert.deepEqual(await multi([track('a', { params })]), [tooMany('param', "'toString'")]);
  });

  test('is not brought in by what is not done', async () => {
    const nobody = { userId: 'nobody', createDisposition: 'CreateNever' };
    const notFound = skipped('User not found; request skipped.');
    assert.deepEqual(await multi([set({ x: 1, y: 2 }, nobody), set({ p: 1, q: 2 })]), [notFound, done]);
  });
});

describe('two projects', () => {
  const other = {
    ...demoProject,
    name: 'other',
    leanplum: { appId: 'app_other', keys: { production: 'prod_other', dataExport: 'exp_other' } },
    bloomreach: { projectToken: 'b1b1b1b1-0000-4000-8000-000000000002' },
  };
  before(() => fresh({}, { bootstrap: { projects: [demoProject, other] } }));
  after(stop);

  test('each have names of their own', async () => {
    const actions = [track('a'), track('b'), track('c')];
    const otherKeys = { appId: 'app_other', clientKey: 'prod_other' };
    assert.deepEqual(await multi(actions.slice(0, 2)), [done, done]);
    assert.deepEqual(await multi(actions.toReversed(), otherKeys), [done, done, tooMany('event', "'a'")]);
    assert.deepEqual(await multi(actions), [done, done, tooMany('event', "'c'")]);
  });
});

describe('the limits', () => {
  test('are 500 of events, states and attributes, and 200 of parameters', async () => {
    await using plain = await startServer();
    const names = Array.from({ length: 501 }, (_, index) => `n${index}`);
    const attributes = (few: readonly string[]) => Object.fromEntries(few.map((it) => [it, 1]));
    const params = names.slice(0, 201).map((it) => ({ [it]: 1 }));
    const data = [
      ...names.map((it) => track(it, { params: params.shift() ?? {} })),
      ...names.map((it) => advance(`s${it}`)),
      set(attributes(names.slice(0, 400))),
      set(attributes(names.slice(300))),
    ].map((it) => ({ userId: 'gil', ...it }));
    const { body } = await leanplum(plain, { action: 'multi', time: nowSec(), data, sdkVersion: '7.8.0' });
    const warned = body.response.filter((it) => it.warning !== undefined).map((it) => it.warning?.message);
    assert.deepEqual(warned, [
      "Too many param names; skipped: 'n200'.",
      "Too many event names; skipped: 'n500'.",
      "Too many state names; skipped: 'sn500'.",
      "Too many userAttribute names; skipped: 'n500'.",
    ]);
  });

  test('are none with 0, and then a name may be of both', async () => {
    const none = Object.fromEntries(Object.keys(environment).map((name) => [name, '0']));
    await using endless = await startServer({ environment: none });
    const data = Array.from({ length: 501 }, (_, index) => track(`n${index}`, { userId: 'hal' }));
    const all = [...data, advance('n0', { userId: 'hal' })];
    const { body } = await leanplum(endless, {
      action: 'multi',
      time: nowSec(),
      data: all,
      sdkVersion: '7.8.0',
    });
    assert.deepEqual(
      body.response.filter((it) => it.warning !== undefined),
      [],
    );
    assert.equal(Object.keys(await countsOf(endless, 'hal')).length, 501);
  });

  for (const name of Object.keys(environment)) {
    const message = `${name} must be a number from 0 to 10000, not '10001'`;
    test(message, () => assertRefusesStart({ [name]: '10001' }, message));
  }
});
