import assert from 'node:assert/strict';
import type { Random } from '../support/random.ts';
import { type Answer, bloomreach, type LeanplumBody, leanplum, type Target } from '../support/requests.ts';
import type { Item, Ledger } from './ledger.ts';

/** Builds the next request of a client, of one of its kinds. */
export function nextRequest(writer: Writer): WriteRequest {
  return writer.random.pick(writer.kinds)(writer);
}

/** One client: it writes to users of its own, so that the order of its requests is the order of their items. */
export interface Writer {
  readonly users: readonly string[];
  /** The SDK on this device serves the first user. */
  readonly device: string;
  readonly kinds: readonly Kind[];
  /** The share of its requests with an `Idempotency-Key`, of the kinds that may have one. */
  readonly keyedShare: number;
  readonly random: Random;
  readonly ledger: Ledger;
  /** Random bytes that each event carries along, to fill a disk sooner. */
  readonly padding: number;
}

export type Kind = (writer: Writer) => WriteRequest;

export interface WriteRequest {
  readonly dialect: Dialect;
  readonly items: readonly Item[];
  /** The server knows a repeat when it sees one, so the client repeats until it is acknowledged. */
  readonly repeatable: boolean;
  /** Throws when the connection breaks, and fails on any answer but success and a well-formed 503. */
  send(server: Target, attempt: number): Promise<'acknowledged' | 'refused'>;
}

export type Dialect = 'leanplum' | 'bloomreach';

/** Whose repeat the server recognises only by a key. */
export const plainKinds: readonly Kind[] = [multi, track, batch, addEvent];
export const leanplumKinds: readonly Kind[] = [sdkBatch, sdkBatch, multi, multi, track];
export const bloomreachKinds: readonly Kind[] = [timestampedBatch, timestampedBatch, batch, batch, addEvent];

/** A batch of a mobile SDK: each action has a pair of ids; a repeat may come in other portions. */
function sdkBatch(writer: Writer): WriteRequest {
  const { random, device } = writer;
  const user = writer.users[0] as string;
  const uuid = random.uuid();
  const { items, actions } = leanplumActions(writer, [user], random.between(1, 20), true);
  const data = actions.map((action) => ({ ...action, deviceId: device, reqId: random.uuid(), uuid }));
  const half = random.below(data.length);
  const sendData = async (server: Target, portion: typeof data) => {
    const outer = { action: 'multi', sdkVersion: '7.8.0', client: 'android', time: seconds(), data: portion };
    const answer = await leanplum(server, outer);
    if (answer.status === 503) return refusedByLeanplum(answer);
    const reqIds = answer.body.response?.map((element) => element.reqId);
    assert.deepEqual(
      reqIds,
      portion.map((action) => action.reqId),
      answer.text,
    );
    return acknowledgedByLeanplum(answer, portion.length);
  };
  return {
    dialect: 'leanplum',
    items,
    repeatable: true,
    async send(server, attempt) {
      if (attempt === 0 || half === 0) return sendData(server, data);
      const first = await sendData(server, data.slice(0, half));
      return first === 'refused' ? first : sendData(server, data.slice(half));
    },
  };
}

/** A batch of an API caller over several users, with a key or without. */
function multi(writer: Writer): WriteRequest {
  const { key, repeatable } = idempotencyKey(writer);
  const { items, actions } = leanplumActions(writer, writer.users, writer.random.between(1, 30), repeatable);
  const outer = { action: 'multi', time: seconds(), data: actions };
  return {
    dialect: 'leanplum',
    items,
    repeatable,
    async send(server) {
      const answer = await leanplum(server, outer, { headers: key });
      if (answer.status === 503) return refusedByLeanplum(answer);
      return acknowledgedByLeanplum(answer, actions.length);
    },
  };
}

function track(writer: Writer): WriteRequest {
  const { key, repeatable } = idempotencyKey(writer);
  const user = writer.random.pick(writer.users);
  const { item, params } = event(writer, user);
  return {
    dialect: 'leanplum',
    items: [item],
    repeatable,
    async send(server) {
      const action = { action: 'track', userId: user, event: item.eventName, params };
      const answer = await leanplum(server, action, { headers: key });
      return answer.status === 503 ? refusedByLeanplum(answer) : acknowledgedByLeanplum(answer, 1);
    },
  };
}

/** No key: the client's timestamps make each event recognisable. */
function timestampedBatch(writer: Writer): WriteRequest {
  return bloomreachBatch(writer, { key: {}, repeatable: true }, true);
}

function batch(writer: Writer): WriteRequest {
  return bloomreachBatch(writer, idempotencyKey(writer), false);
}

function bloomreachBatch(writer: Writer, repeat: Repeat, timestamped: boolean): WriteRequest {
  const { random, ledger } = writer;
  const items: Item[] = [];
  const commands = Array.from({ length: random.between(1, 30) }, (_, index) => {
    const user = random.pick(writer.users);
    if (repeat.repeatable && random.chance(0.15)) {
      const properties = { last: ledger.nextAttribute(user) };
      const data = { customer_ids: { registered: user }, properties, update_timestamp: seconds() };
      return { name: 'customers', data };
    }
    const { item, params } = event(writer, user);
    items.push(item);
    const time = timestamped ? { timestamp: seconds() + index / 10_000 } : {};
    const data = {
      customer_ids: { registered: user },
      event_type: item.eventName,
      properties: params,
      ...time,
    };
    return { name: 'customers/events', data };
  });
  return {
    dialect: 'bloomreach',
    items,
    repeatable: repeat.repeatable,
    async send(server) {
      const path = '/track/v2/projects/{token}/batch';
      const answer = await bloomreach(server, path, { commands }, { auth: 'public', headers: repeat.key });
      if (answer.status === 503) return refusedByBloomreach(answer);
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(
        answer.body.results?.map((result) => result.success),
        commands.map(() => true),
        answer.text,
      );
      return 'acknowledged';
    },
  };
}

function addEvent(writer: Writer): WriteRequest {
  const { key, repeatable } = idempotencyKey(writer);
  const user = writer.random.pick(writer.users);
  const { item, params } = event(writer, user);
  return {
    dialect: 'bloomreach',
    items: [item],
    repeatable,
    async send(server) {
      const body = { customer_ids: { registered: user }, event_type: item.eventName, properties: params };
      const path = '/track/v2/projects/{token}/customers/events';
      const answer = await bloomreach(server, path, body, { headers: key });
      if (answer.status === 503) return refusedByBloomreach(answer);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.body.success, true, answer.text);
      return 'acknowledged';
    },
  };
}

function leanplumActions(writer: Writer, users: readonly string[], length: number, withAttributes: boolean) {
  const items: Item[] = [];
  const actions = Array.from({ length }, () => {
    const user = writer.random.pick(users);
    if (withAttributes && writer.random.chance(0.15)) {
      const userAttributes = { last: writer.ledger.nextAttribute(user) };
      return { action: 'setUserAttributes', userId: user, userAttributes, time: seconds() };
    }
    const { item, params } = event(writer, user);
    items.push(item);
    return { action: 'track', userId: user, event: item.eventName, params, time: seconds() };
  });
  return { items, actions };
}

function event({ random, ledger, padding }: Writer, user: string) {
  const item = ledger.addEvent(user, random.pick(['opened', 'bought', 'closed']));
  const pad = padding === 0 ? {} : { pad: random.noise(padding) };
  return { item, params: { n: item.number, s: item.sequence, ...pad } };
}

interface Repeat {
  key: Record<string, string>;
  repeatable: boolean;
}

function idempotencyKey({ random, keyedShare }: Writer): Repeat {
  const repeatable = random.chance(keyedShare);
  return { repeatable, key: repeatable ? { 'idempotency-key': random.uuid() } : {} };
}

function acknowledgedByLeanplum(answer: Answer<LeanplumBody>, actions: number): 'acknowledged' {
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.response.length, actions, answer.text);
  for (const element of answer.body.response) {
    assert.equal(element.success, true, answer.text);
    assert.equal(element.warning, undefined, answer.text);
  }
  return 'acknowledged';
}

/** Overload and a full disk look the same to a client: come back later, told in the envelope of its dialect. */
export function refusedByLeanplum(answer: Answer<LeanplumBody>): 'refused' {
  assert.equal(answer.status, 503);
  assert.match(answer.headers.get('retry-after') ?? 'none', /^[1-9][0-9]*$/);
  assert.ok(answer.body.response.length > 0, answer.text);
  for (const element of answer.body.response) {
    assert.equal(element.success, false, answer.text);
    assert.ok(element.error !== undefined && element.error.message.length > 0, answer.text);
  }
  return 'refused';
}

export function refusedByBloomreach(answer: Answer<{ success: boolean; error?: string }>): 'refused' {
  assert.equal(answer.status, 503);
  assert.match(answer.headers.get('retry-after') ?? 'none', /^[1-9][0-9]*$/);
  assert.equal(answer.body.success, false, answer.text);
  assert.ok(answer.body.error !== undefined && answer.body.error.length > 0, answer.text);
  return 'refused';
}

function seconds(): number {
  return Date.now() / 1000;
}
