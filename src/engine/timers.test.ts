/** Sessions that end by themselves: timers on the real store, with a clock that the test moves. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Command } from '../core/command.ts';
import { firstEventId, type ProfileId, type ProjectId } from '../core/ids.ts';
import { pauseTimeoutMs, sessionTimeoutMs } from '../core/limits.ts';
import type { Profile } from '../core/profile.ts';
import { GatedStore } from '../storage/contract/gated-store.ts';
import { DuckHistory } from '../storage/duckdb/history.ts';
import { foldAll } from '../storage/sqlite/fold-lines.ts';
import { openWriter } from '../storage/sqlite/open.ts';
import { migrate } from '../storage/sqlite/schema.ts';
import { SqliteStore } from '../storage/sqlite/store.ts';
import type { Batch, BatchResult } from './batch.ts';
import { dueTimersMax } from './limits.ts';
import { linesPerReadMax, StoreFullError } from './store.ts';
import { Engine } from './submit.ts';
import { Timers } from './timers.ts';

const startMs = 1_700_000_000_000;
const project = 1 as ProjectId;
let folder: string;
let nowMs: number;
let server: Awaited<ReturnType<typeof serve>>;

/** Everything that runs, on the folder of this test. */
function serve() {
  const store = new SqliteStore(join(folder, 'rapport.sqlite'));
  const gate = new GatedStore(store);
  const problems: unknown[] = [];
  const clock = () => nowMs;
  const onFatal = (error: unknown) => problems.push(error);
  const engine = new Engine({ store: gate, clock, onFatal, onBug: onFatal });
  /** The batches that timers submitted, by their size, and how many of them were under way at once. */
  const letIn = { sizes: [] as number[], underWay: 0, most: 0 };
  const submit = async (batch: Batch): Promise<BatchResult> => {
    letIn.sizes.push(batch.items.length);
    letIn.underWay += 1;
    letIn.most = Math.max(letIn.most, letIn.underWay);
    const result = await engine.submit(batch);
    letIn.underWay -= 1;
    return result;
  };
  const history = new DuckHistory({
    file: join(folder, 'rapport.sqlite'),
    folder: join(folder, 'history'),
    sealLines: 1_000_000,
    clock,
    lastEvent: () => store.lastEvent(),
    sealedUpTo: () => firstEventId,
    seal: (sealing) => store.seal(sealing),
  });
  const timers = new Timers({ store: gate, engine: { submit }, clock });
  const stop = async () => {
    await timers.stop();
    await engine.drain();
    await history.close();
    await store.close();
    assert.deepEqual(problems, []);
  };
  /** As a crash leaves it: rows of profiles may be behind their lines. */
  const crash = async () => {
    await history.close();
    await store.close();
  };
  return { store, gate, engine, history, timers, letIn, stop, crash };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapport-timers-'));
  const database = openWriter(join(folder, 'rapport.sqlite'));
  migrate(database);
  database.close();
  nowMs = startMs;
  server = serve();
});

afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

async function restart(end: 'stop' | 'crash' = 'stop'): Promise<void> {
  await server[end]();
  const database = openWriter(join(folder, 'rapport.sqlite'));
  foldAll(database);
  database.close();
  server = serve();
}

async function send(...commands: Command[]): Promise<void> {
  const items = commands.map((command) => ({ command }));
  const { code } = await server.engine.submit({ project, items, bytes: 0 });
  assert.equal(code, 'done');
}

const named = (user: string) => ({
  ids: [{ kind: 'user' as const, value: user, attach: true }],
  create: true,
});
const openSession = (user = 'ann'): Command => ({
  kind: 'open_session',
  ...named(user),
  continueOpen: false,
  background: false,
  attributes: [],
  facts: [],
  devices: [],
  timeSec: null,
});
const steer = (action: 'stop' | 'pause' | 'resume' | 'heartbeat', user = 'ann'): Command => ({
  kind: 'steer_session',
  ...named(user),
  action,
  timeSec: null,
});

/** The profile as a read in the order sees it. */
async function profileOf(user = 'ann'): Promise<Profile> {
  const command: Command = { kind: 'read_profile', ...named(user) };
  const result = await server.engine.submit({ project, items: [{ command }], bytes: 0 });
  const outcome = result.code === 'done' ? result.outcomes[0] : undefined;
  assert.ok(outcome?.code === 'profile', `nobody is ${user}`);
  return outcome.profile;
}

/** The kinds and times of a profile's lines since it has its name. */
async function linesOf(user = 'ann'): Promise<string[]> {
  const { id } = await profileOf(user);
  const wanted = { project, profiles: [id], upTo: server.store.lastEvent(), limit: linesPerReadMax };
  const { lines } = await server.history.linesOf({ ...wanted, by: 'id', order: 'asc' });
  return lines.slice(2).map((it) => `${it.kind} ${it.timeSec - startMs / 1000}`);
}

/** When the timers are due, seconds since the start. */
async function dueTimes(): Promise<number[]> {
  const timers = await server.store.dueTimers(Number.MAX_SAFE_INTEGER, 10_000);
  return timers.map(({ dueMs }) => (dueMs - startMs) / 1000);
}

const at = (sec: number) => {
  nowMs = startMs + sec * 1000;
};
const twoHours = sessionTimeoutMs / 1000;
const halfAnHour = pauseTimeoutMs / 1000;

describe('a session ends by itself', () => {
  test('two hours after its last activity, at that time', async () => {
    await send(openSession());
    at(60);
    await send(steer('heartbeat'));
    at(twoHours);
    await server.timers.run();
    assert.deepEqual(await dueTimes(), [twoHours], 'not yet due');
    // Due, but there was activity since: set anew, once.
    at(twoHours + 1);
    await server.timers.run();
    assert.deepEqual(await dueTimes(), [60 + twoHours]);
    assert.equal((await profileOf()).sessions.length, 1);
    at(60 + twoHours + 1);
    await server.timers.run();
    const { sessions, timeSpentMs, lastActiveMs } = await profileOf();
    assert.deepEqual([sessions, timeSpentMs, lastActiveMs], [[], 60_000, startMs + 60_000]);
    assert.deepEqual(await dueTimes(), []);
    assert.deepEqual(await linesOf(), [
      'session_opened 0',
      'session_continued 60',
      `time_passed ${twoHours + 1}`,
      'session_ended 60',
    ]);
  });

  test('half an hour after its pause', async () => {
    await send(openSession());
    at(60);
    await send(steer('pause'));
    assert.deepEqual(await dueTimes(), [60 + halfAnHour, twoHours]);
    at(60 + halfAnHour + 1);
    await server.timers.run();
    assert.deepEqual(await linesOf(), ['session_opened 0', 'session_paused 60', 'session_ended 60']);
    // What was set when it was opened comes to nothing.
    at(twoHours + 1);
    await server.timers.run();
    assert.equal((await linesOf()).length, 3);
    assert.deepEqual(await dueTimes(), []);
  });

  for (const end of ['stop', 'crash'] as const) {
    test(`also when the server was down then, after a ${end}`, async () => {
      await send(openSession(), openSession('bob'));
      at(60);
      await send(steer('heartbeat'), steer('pause', 'bob'));
      await restart(end);
      at(5 * 24 * 3600);
      await server.timers.run();
      assert.deepEqual(await linesOf(), ['session_opened 0', 'session_continued 60', 'session_ended 60']);
      assert.deepEqual(await linesOf('bob'), ['session_opened 0', 'session_paused 60', 'session_ended 60']);
      assert.deepEqual(await dueTimes(), []);
      await restart(end);
      assert.deepEqual((await profileOf()).sessions, []);
    });
  }

  test('once, when an action has noticed it before', async () => {
    await send(openSession());
    at(twoHours + 1);
    await send(steer('heartbeat'));
    await server.timers.run();
    assert.deepEqual(await linesOf(), ['session_opened 0', 'session_ended 0']);
    assert.deepEqual(await dueTimes(), []);
  });
});

test('activity sets no timers; a session that was stopped leaves one that comes to nothing', async () => {
  await send(openSession());
  for (let sec = 10; sec < 100; sec += 10) {
    at(sec);
    await send(steer('heartbeat'));
  }
  assert.deepEqual(await dueTimes(), [twoHours]);
  await send(steer('stop'));
  const before = await linesOf();
  assert.deepEqual(await dueTimes(), [twoHours]);
  at(twoHours + 1);
  await server.timers.run();
  assert.deepEqual(await dueTimes(), []);
  assert.deepEqual(await linesOf(), before);
});

test('after a downtime they are let in a bounded batch after the other', async () => {
  const users = 2 * dueTimersMax + 50;
  await send(...Array.from({ length: users }, (_, n) => openSession(`user ${n}`)));
  await restart();
  at(twoHours + 1);
  await Promise.all([server.timers.run(), server.timers.run()]);
  assert.deepEqual(server.letIn.sizes, [dueTimersMax, dueTimersMax, 50]);
  assert.equal(server.letIn.most, 1);
  assert.deepEqual(await dueTimes(), []);
  for (let n = 0; n < users; n += 97) assert.deepEqual((await profileOf(`user ${n}`)).sessions, []);
});

test('one that found no room comes again', async () => {
  await send(openSession());
  at(twoHours + 1);
  server.gate.hold('commit');
  const run = server.timers.run();
  await server.gate.settle();
  server.gate.refuse('commit', new StoreFullError('no room'));
  await run;
  assert.deepEqual(await dueTimes(), [twoHours]);
  server.gate.open('commit');
  await server.timers.run();
  assert.deepEqual(await linesOf(), ['session_opened 0', 'session_ended 0']);
  assert.deepEqual(await dueTimes(), []);
});

test('one that comes twice has one effect, one of nobody is done with', async () => {
  await send(openSession());
  const { id } = await profileOf();
  const dueMs = startMs + sessionTimeoutMs;
  at(twoHours + 1);
  const timer = (profile: ProfileId): Command => ({
    kind: 'pass_time',
    ids: [],
    create: false,
    profile,
    dueMs,
  });
  await send(timer(id), timer(id), timer(5 as ProfileId));
  await send(timer(id), timer(5 as ProfileId));
  assert.deepEqual(await linesOf(), ['session_opened 0', 'session_ended 0']);
  assert.deepEqual(await dueTimes(), []);
});

test('one that comes before its time, by a clock set back, stays', async () => {
  await send(openSession());
  at(twoHours - 10);
  const { id } = await profileOf();
  const dueMs = startMs + sessionTimeoutMs;
  await send({ kind: 'pass_time', ids: [], create: false, profile: id, dueMs });
  assert.deepEqual(await dueTimes(), [twoHours]);
  assert.equal((await profileOf()).sessions.length, 1);
});

test('nothing begins after the stop', async () => {
  await send(openSession());
  at(twoHours + 1);
  await server.timers.stop();
  await server.timers.run();
  assert.deepEqual(await dueTimes(), [twoHours]);
});
