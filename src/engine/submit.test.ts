import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Command } from '../core/command.ts';
import type { NamedIdentity } from '../core/identity.ts';
import type { ProjectId } from '../core/ids.ts';
import type { Outcome } from '../core/outcome.ts';
import type { IdentityKind, Profile } from '../core/profile.ts';
import { readProfile } from '../core/profile-document.ts';
import type { Json } from '../lib/json.ts';
import { GatedStore } from '../storage/contract/gated-store.ts';
import { openWriter } from '../storage/sqlite/open.ts';
import { migrate } from '../storage/sqlite/schema.ts';
import { SqliteStore } from '../storage/sqlite/store.ts';
import type { Batch, BatchResult, Item } from './batch.ts';
import { groupItemsEarly, groupItemsMax, queuedBatchesMax, queuedBytesMax } from './limits.ts';
import { StoreFullError } from './store.ts';
import { Engine } from './submit.ts';

const folder = mkdtempSync(join(tmpdir(), 'rapport-engine-'));
const file = join(folder, 'rapport.sqlite');
const database = openWriter(file);
migrate(database);
database.close();
const store = new SqliteStore(file);
let projects = 0;

after(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

// --- An engine with a project of its own, on the store of all tests -------------------------------------------------

interface Sent {
  result?: BatchResult;
}

/** `project`: go on with the project of another engine, as after a restart. */
function start({ project = ++projects, cacheBytes }: { project?: number; cacheBytes?: number } = {}) {
  const gate = new GatedStore(store);
  const fatal: unknown[] = [];
  const bugs: unknown[] = [];
  const engine = new Engine({
    store: gate,
    clock: () => 1_700_000_000_000,
    onFatal: (error) => fatal.push(error),
    onBug: (error) => bugs.push(error),
    ...(cacheBytes !== undefined && { cacheBytes }),
  });
  /** Submits a batch and goes on; look at it after `settle`. */
  const send = (items: readonly Item[], more: Partial<Batch> = {}): Sent => {
    const sent: Sent = {};
    const batch: Batch = { project: project as ProjectId, items, bytes: 0, ...more };
    engine.submit(batch).then(
      (result) => {
        sent.result = result;
      },
      (error) => fatal.push(error),
    );
    return sent;
  };
  const settle = () => gate.settle();
  const sendAndSettle = async (items: readonly Item[], more: Partial<Batch> = {}) => {
    const sent = send(items, more);
    await settle();
    return sent.result;
  };
  return { engine, gate, fatal, bugs, send, settle, sendAndSettle, project };
}

function named(kind: IdentityKind, value: string): NamedIdentity {
  return { kind, value, attach: true };
}

const user = (name: string) => [named('user', name)];
const cookie = (value: string) => [named('cookie', value)];

function track(ids: readonly NamedIdentity[], name = 'opened'): Item {
  const rest = { value: null, info: null, params: {}, timeSec: null, stamped: false };
  return { command: { kind: 'track', ids, create: true, name, ...rest } };
}

function set(ids: readonly NamedIdentity[], attributes: readonly (readonly [string, Json])[]): Item {
  const rest = { attributes, timeSec: null, keepNewer: false };
  return { command: { kind: 'set_attributes', ids, create: true, ...rest } };
}

function read(ids: readonly NamedIdentity[]): Item {
  return { command: { kind: 'read_profile', ids, create: false } satisfies Command };
}

/** Items that make a batch large enough to be a group of its own, and change nothing. */
const ballast = Array<Item>(groupItemsEarly).fill(read(user('nobody')));

function keyed(record: string, bodyHash = 'body'): Pick<Batch, 'keyed'> {
  return { keyed: { record, bodyHash, render: (outcomes) => `first ${outcomes.map((it) => it.code)}` } };
}

function outcomesOf(result: BatchResult | undefined): readonly Outcome[] {
  assert.equal(result?.code, 'done');
  return result?.code === 'done' ? result.outcomes : [];
}

function codesOf(result: BatchResult | undefined): string[] {
  return outcomesOf(result).map((it) => it.code);
}

function profileOf(result: BatchResult | undefined): Profile {
  const outcome = outcomesOf(result)[0];
  assert.equal(outcome?.code, 'profile');
  return (outcome as Extract<Outcome, { code: 'profile' }>).profile;
}

function countOf(profile: Profile | undefined, event = 'opened'): number {
  return profile?.counters.get(event)?.count ?? 0;
}

/** What the disk says: the row and the lines it lacks. */
async function storedProfile(project: number, { kind, value }: NamedIdentity): Promise<Profile | undefined> {
  const key = { project: project as ProjectId, kind, value };
  const wanted = { identities: [key], profiles: [], records: [], behind: [], contents: [] };
  const behind = (await store.read(wanted)).identities.filter((it) => it !== null);
  const { profiles } = await store.read({ ...wanted, behind });
  return profiles[0] && readProfile(profiles[0].document);
}

function resultsOf(sent: readonly Sent[]): (BatchResult | undefined)[] {
  return sent.map(({ result }) => result);
}

const refused: BatchResult = { code: 'unavailable', retryAfterSec: 2 };

// --------------------------------------------------------------------------------------------------------------------

describe('order', () => {
  test('nobody overtakes a batch whose data is still being read', async () => {
    const { gate, send, settle, sendAndSettle, project } = start();
    await sendAndSettle([track(user('bob'))]);
    gate.hold('read_answer');
    const first = send([track(user('ann'))]);
    await settle();
    const second = send([track(user('bob'))]);
    await settle();
    assert.deepEqual([first.result, second.result], [undefined, undefined]);
    gate.open('read_answer');
    await settle();
    assert.deepEqual([codesOf(first.result), codesOf(second.result)], [['applied'], ['applied']]);
    const [ann, bob] = await Promise.all(
      user('ann')
        .concat(user('bob'))
        .map((id) => storedProfile(project, id)),
    );
    assert.ok(ann !== undefined && bob !== undefined && ann.lastEvent < bob.lastEvent);
  });

  test('what arrives together shares one read and one commit', async () => {
    const { gate, send, settle, project } = start();
    const sent = Array.from({ length: 20 }, (_, n) =>
      send([track(user(`u${n % 10}`)), track(cookie(`c${n}`))]),
    );
    await settle();
    assert.ok(sent.every(({ result }) => codesOf(result).join() === 'applied,applied'));
    assert.deepEqual([gate.reads, gate.commits], [1, 1]);
    assert.equal(countOf(await storedProfile(project, named('user', 'u3'))), 2);
  });

  test('every item has its outcome, at its place; each sees the ones before it', async () => {
    const { sendAndSettle } = start();
    // Neighbours that name the same user share one list of ids, as the dialects do it.
    const ann = user('ann');
    const result = await sendAndSettle([
      read(ann),
      track(ann),
      { command: { ...track(user('bob')).command, create: false } },
      read(ann),
      set([named('user', 'ann'), named('device', 'phone')], [['plan', 'pro']]),
      read([named('device', 'phone')]),
    ]);
    const outcomes = outcomesOf(result);
    const expected = ['user_not_found', 'applied', 'user_not_found', 'profile', 'applied', 'profile'];
    assert.deepEqual(codesOf(result), expected);
    const seen = outcomes.flatMap((it) => (it.code === 'profile' ? [it.profile] : []));
    assert.deepEqual(
      seen.map((it) => [countOf(it), it.attributes.get('plan')?.[1]]),
      [
        [1, undefined],
        [1, 'pro'],
      ],
    );
  });

  test('one bug harms only its own item', async () => {
    const { sendAndSettle, bugs, fatal, project } = start();
    const trap: Json = Object.defineProperty({}, 'a', {
      enumerable: true,
      get: () => {
        throw new Error('a bug');
      },
    });
    const result = await sendAndSettle([
      track(user('ann')),
      set(user('ann'), [['plan', trap]]),
      track(user('ann')),
      set(user('bob'), [['plan', 'pro']]),
    ]);
    assert.deepEqual(codesOf(result), ['applied', 'failed', 'applied', 'applied']);
    assert.deepEqual([String(bugs), fatal.length], ['Error: a bug', 0]);
    assert.equal(countOf(await storedProfile(project, named('user', 'ann'))), 2);
  });
});

describe('answers wait for the newest state they have seen', () => {
  test('reads, repeats, and what finds nobody', async () => {
    const { gate, send, settle } = start();
    gate.hold('commit_answer');
    const mark = { record: 'sdk/wait', member: '1' };
    const write = send([{ ...track(user('ann')), pair: mark }], keyed('key/wait'));
    await settle();
    const others = {
      read: send([read(user('ann'))]),
      repeat: send([track(user('ann'))], keyed('key/wait')),
      otherBody: send([track(user('ann'))], keyed('key/wait', 'other')),
      pair: send([{ ...track(user('ann')), pair: mark }]),
      stranger: send([read(user('stranger'))]),
    };
    await settle();
    assert.deepEqual(
      [write, ...Object.values(others)].filter(({ result }) => result !== undefined),
      [],
    );
    gate.release('commit_answer');
    await settle();
    assert.deepEqual(write.result, { code: 'answered', answer: 'first applied' });
    assert.equal(countOf(profileOf(others.read.result)), 1);
    assert.deepEqual(others.repeat.result, write.result);
    assert.deepEqual(others.otherBody.result, { code: 'key_reused' });
    assert.deepEqual(codesOf(others.pair.result), ['duplicate']);
    assert.deepEqual(codesOf(others.stranger.result), ['user_not_found']);
    assert.equal(gate.commits, 1);
  });

  test('of two commits under way, the newer one', async () => {
    const { gate, send, settle } = start();
    gate.hold('commit_answer');
    const first = send([track(user('ann')), ...ballast]);
    await settle();
    const second = send([track(user('ann')), ...ballast]);
    await settle();
    const reading = send([read(user('ann'))]);
    await settle();
    gate.release('commit_answer');
    await settle();
    assert.deepEqual(
      [first, second, reading].map(({ result }) => result?.code),
      ['done', undefined, undefined],
    );
    gate.release('commit_answer');
    await settle();
    assert.equal(countOf(profileOf(reading.result)), 2);
  });

  test('a read with nothing under way is answered without a commit', async () => {
    const { gate, sendAndSettle } = start();
    assert.deepEqual(codesOf(await sendAndSettle([read(user('ann'))])), ['user_not_found']);
    assert.equal(gate.commits, 0);
  });
});

describe('repeats', () => {
  test('of a keyed request, also after a restart', async () => {
    const { sendAndSettle, project } = start();
    const answer = { code: 'answered', answer: 'first applied,applied' };
    const items = [track(user('ann')), track(user('ann'))];
    assert.deepEqual(await sendAndSettle(items, keyed(`${project}/key`)), answer);
    assert.deepEqual(await sendAndSettle(items, keyed(`${project}/key`)), answer);
    const again = start({ project });
    assert.deepEqual(await again.sendAndSettle(items, keyed(`${project}/key`)), answer);
    assert.deepEqual(await again.sendAndSettle(items, keyed(`${project}/key`, 'other')), {
      code: 'key_reused',
    });
    assert.equal(countOf(await storedProfile(project, named('user', 'ann'))), 2);
  });

  test('of a pair: in the same batch, in a later one, after a restart', async () => {
    const { engine, sendAndSettle, project } = start();
    const marked = (member: string): Item => ({
      ...track(user('ann')),
      pair: { record: `${project}/sdk`, member },
    });
    const first = await sendAndSettle([marked('1'), marked('2'), marked('1')]);
    assert.deepEqual(codesOf(first), ['applied', 'applied', 'duplicate']);
    assert.deepEqual(codesOf(await sendAndSettle([marked('2'), marked('3')])), ['duplicate', 'applied']);
    await engine.drain();
    const again = start({ project });
    assert.deepEqual(codesOf(await again.sendAndSettle([marked('3'), marked('4')])), [
      'duplicate',
      'applied',
    ]);
    assert.equal(countOf(await storedProfile(project, named('user', 'ann'))), 4);
  });

  test('what was not applied is not remembered', async () => {
    const { sendAndSettle, project } = start();
    const pair = { record: `${project}/sdk`, member: '1' };
    const careful: Item = { command: { ...track(user('ann')).command, create: false }, pair };
    assert.deepEqual(codesOf(await sendAndSettle([careful])), ['user_not_found']);
    assert.deepEqual(codesOf(await sendAndSettle([track(user('ann')), careful])), ['applied', 'applied']);
    assert.deepEqual(codesOf(await sendAndSettle([careful])), ['duplicate']);
  });
});

describe('groups', () => {
  test('at most two are under way; small ones wait for each other', async () => {
    const { engine, gate, send, settle } = start();
    gate.hold('commit');
    const sent = [send([track(user('ann'))])];
    await settle();
    for (let n = 0; n < 3; n++) sent.push(send([track(user('bob'))]));
    await settle();
    assert.equal(gate.commitsInFlight, 1);
    for (let n = 0; n < 10; n++) sent.push(send([track(user('cy')), ...ballast]));
    await settle();
    assert.deepEqual([gate.commitsInFlight, engine.load.inFlight], [2, 2]);
    // The open group is full, the rest waits in the queue.
    const perGroup = Math.ceil(groupItemsMax / (ballast.length + 1));
    assert.equal(engine.load.queued, 10 - 1 - perGroup);
    gate.open('commit');
    await settle();
    assert.ok(sent.every(({ result }) => result?.code === 'done'));
  });

  test('draining answers everybody, and takes nobody in', { timeout: 20_000 }, async () => {
    const { engine, gate, send, settle } = start();
    gate.hold('read', 'commit', 'commit_answer');
    const sent = [send([track(user('ann'))])];
    await settle();
    gate.release('read');
    await settle();
    sent.push(send([track(user('ann'))]), send([track(user('bob'))]), send([read(user('ann'))]));
    let drained = false;
    const draining = engine.drain().then(() => {
      drained = true;
    });
    assert.deepEqual(
      await engine.submit({ project: 1 as ProjectId, items: [read(user('x'))], bytes: 0 }),
      refused,
    );
    await settle();
    while (sent.some(({ result }) => result === undefined)) {
      assert.equal(drained, false);
      gate.release(gate.waitingSteps()[0] ?? 'read');
      await settle();
    }
    for (const step of gate.waitingSteps()) gate.open(step);
    gate.open('commit');
    gate.open('commit_answer');
    await draining;
    assert.ok(sent.every(({ result }) => result?.code === 'done'));
  });

  test('an idle engine is drained at once, however often', { timeout: 20_000 }, async () => {
    const { engine } = start();
    await Promise.all([engine.drain(), engine.drain()]);
    await engine.drain();
  });
});

describe('limits', () => {
  test('batches in the queue', async () => {
    const { engine, gate, send, settle, sendAndSettle } = start();
    gate.hold('read');
    const sent = Array.from({ length: queuedBatchesMax }, (_, index) => send([read(user(`ann ${index}`))]));
    await settle();
    const tooMany = send([read(user('ann'))]);
    await settle();
    assert.deepEqual([tooMany.result, engine.totals.refused], [refused, 1]);
    assert.ok(sent.every(({ result }) => result === undefined));
    gate.open('read');
    await settle();
    assert.ok(sent.every(({ result }) => result?.code === 'done'));
    assert.equal((await sendAndSettle([read(user('ann'))]))?.code, 'done');
    assert.equal(engine.load.queued, 0);
  });

  test('bytes in the queue', async () => {
    const { engine, gate, send, settle, sendAndSettle } = start();
    gate.hold('read');
    const large = send([track(user('ann'))], { bytes: queuedBytesMax - 10 });
    const small = send([track(user('ann'))], { bytes: 10 });
    assert.equal(engine.load.queuedBytes, queuedBytesMax);
    assert.deepEqual(await sendAndSettle([track(user('ann'))], { bytes: 1 }), refused);
    gate.open('read');
    await settle();
    assert.deepEqual(
      [large, small].map(({ result }) => result?.code),
      ['done', 'done'],
    );
    assert.equal(engine.load.queuedBytes, 0);
    assert.equal((await sendAndSettle([track(user('ann'))], { bytes: queuedBytesMax }))?.code, 'done');
  });
});

describe('no room on the disk', () => {
  const full = () => new StoreFullError('no room');

  test('the group and everything applied on top of it never happened', async () => {
    const { gate, send, settle, sendAndSettle, fatal, project } = start();
    await sendAndSettle([set(user('ann'), [['plan', 'free']])]);
    gate.hold('commit');
    const mark: Item = { ...track(user('ann')), pair: { record: `${project}/sdk`, member: '1' } };
    const sent = [send([set(user('ann'), [['plan', 'pro']]), mark, track(user('bob'))])];
    await settle();
    sent.push(send([track(user('ann'))], keyed(`${project}/key`)), send([read(user('ann'))]));
    sent.push(send([track(user('bob')), ...ballast]), send([mark]));
    await settle();
    assert.equal(gate.commitsInFlight, 2);
    sent.push(send([track(user('ann'))]));
    await settle();
    gate.refuse('commit', full());
    gate.open('commit');
    await settle();
    assert.deepEqual(
      resultsOf(sent),
      sent.map(() => refused),
    );
    assert.deepEqual([gate.commits, fatal.length], [3, 0]);
    assert.equal(await storedProfile(project, named('user', 'bob')), undefined);
    // It goes on from what the disk says; what was refused may come again.
    const seen = profileOf(await sendAndSettle([read(user('ann'))]));
    assert.deepEqual([seen.attributes.get('plan')?.[1], countOf(seen)], ['free', 0]);
    assert.deepEqual(codesOf(await sendAndSettle([mark, track(user('bob'))])), ['applied', 'applied']);
    assert.equal((await sendAndSettle([track(user('ann'))], keyed(`${project}/key`)))?.code, 'answered');
    assert.equal(countOf(await storedProfile(project, named('user', 'ann'))), 2);
    assert.equal(countOf(await storedProfile(project, named('user', 'bob'))), 1);
  });

  test('a group handed over before the refusal was known is refused with it, the next one is not', async () => {
    const { gate, send, settle, project } = start();
    gate.hold('commit', 'commit_answer');
    const sent = [send([track(user('ann')), ...ballast])];
    await settle();
    sent.push(send([track(user('ann')), ...ballast]));
    await settle();
    gate.refuse('commit', full());
    await settle();
    gate.release('commit_answer');
    await settle();
    assert.ok(sent.every(({ result }) => result?.code === 'unavailable'));
    const third = send([track(user('ann'))]);
    gate.open('commit');
    gate.open('commit_answer');
    await settle();
    assert.deepEqual(codesOf(third.result), ['applied']);
    assert.equal(countOf(await storedProfile(project, named('user', 'ann'))), 1);
  });

  test('what was waiting for its turn is applied to what is stored', async () => {
    const { gate, send, settle, sendAndSettle, project } = start();
    gate.hold('commit', 'read');
    const first = send([track(user('ann'))]);
    await settle();
    gate.release('read');
    await settle();
    const behind = send([track(user('ann')), track(user('bob'))]);
    await settle();
    gate.refuse('commit', full());
    await settle();
    assert.deepEqual([first.result, behind.result], [refused, undefined]);
    gate.open('commit');
    gate.open('read');
    await settle();
    assert.deepEqual(codesOf(behind.result), ['applied', 'applied']);
    assert.equal(countOf(profileOf(await sendAndSettle([read(user('ann'))]))), 1);
    assert.equal(countOf(await storedProfile(project, named('user', 'ann'))), 1);
  });

  test('a read that was under way is discarded: the disk has newer states than it saw', async () => {
    const warm = start();
    const ann = [named('user', 'ann'), named('cookie', 'c')];
    await warm.sendAndSettle([track(ann)]);
    const { gate, send, settle, project } = start({ project: warm.project });
    gate.hold('read', 'read_answer', 'commit', 'commit_answer');
    const release = async (...steps: Parameters<typeof gate.release>[0][]) => {
      for (const step of steps) {
        gate.release(step);
        await settle();
      }
    };
    const stored = send([track(user('ann'))]);
    await settle();
    await release('read', 'read_answer');
    const lost = send([track(user('ann'))]);
    const late = send([track(cookie('c'))]);
    await settle();
    // Its snapshot knows nothing of the first group, which is stored now.
    await release('read', 'commit', 'commit_answer');
    assert.equal(stored.result?.code, 'done');
    gate.refuse('commit', full());
    await settle();
    await release('commit_answer');
    assert.deepEqual(lost.result, refused);
    await release('read_answer');
    for (const step of ['read', 'read_answer', 'commit', 'commit_answer'] as const) gate.open(step);
    await settle();
    assert.deepEqual(codesOf(late.result), ['applied']);
    assert.equal(countOf(await storedProfile(project, named('user', 'ann'))), 3);
  });
});

describe('any other error of the store', () => {
  test('everybody is answered unavailable, and the process is told once', async () => {
    const { engine, gate, send, settle, sendAndSettle, fatal } = start();
    gate.hold('commit', 'read');
    const sent = [send([track(user('ann')), ...ballast])];
    await settle();
    gate.release('read');
    await settle();
    sent.push(send([track(user('ann')), ...ballast]), send([track(user('ann'))]), send([read(user('ann'))]));
    await settle();
    sent.push(send([track(user('bob'))]));
    await settle();
    assert.ok(gate.commitsInFlight === 2 && sent.every(({ result }) => result === undefined));
    gate.refuse('commit', new Error('disk I/O error'));
    await settle();
    assert.deepEqual(
      resultsOf(sent),
      sent.map(() => refused),
    );
    assert.deepEqual(fatal.map(String), ['Error: disk I/O error']);
    assert.deepEqual(await sendAndSettle([read(user('ann'))]), refused);

    // That the second commit succeeds and the read fails changes nothing any more.
    gate.open('commit');
    gate.refuse('read', new Error('another error'));
    await settle();
    assert.equal(fatal.length, 1);
    assert.ok(sent.every(({ result }) => result?.code === 'unavailable'));
    await engine.drain();
  });

  test('of a read as well', async () => {
    const { gate, send, settle, fatal } = start();
    gate.hold('read');
    const sent = [send([track(user('ann'))]), send([track(user('bob'))])];
    await settle();
    gate.refuse('read', new Error('disk I/O error'));
    await settle();
    assert.ok(sent.every(({ result }) => result?.code === 'unavailable'));
    assert.deepEqual(fatal.map(String), ['Error: disk I/O error']);
  });
});

describe('memory', () => {
  test('a state that left memory is not brought back older than it was stored', async () => {
    const warm = start();
    await warm.sendAndSettle([track([named('user', 'ann'), named('cookie', 'c')])]);
    const { gate, send, settle, project } = start({ project: warm.project, cacheBytes: 0 });
    gate.hold('read_answer', 'commit');
    send([track(user('ann')), ...['u1', 'u2', 'u3', 'u4', 'u5'].map((name) => track(user(name)))]);
    await settle();
    gate.release('read_answer');
    await settle();
    const late = send([track(cookie('c'))]);
    await settle();
    gate.open('commit');
    await settle();
    gate.open('read_answer');
    await settle();
    assert.deepEqual(codesOf(late.result), ['applied']);
    assert.equal(countOf(await storedProfile(project, named('user', 'ann'))), 3);
  });

  const traffic: Record<string, (name: string) => Item> = {
    writes: (name) => track(user(name)),
    reads: (name) => read(user(name)),
    'reads of strangers': (name) => read(user(`no ${name}`)),
    'writes that find nobody': (name) => ({
      command: { ...track(user(`no ${name}`)).command, create: false },
    }),
  };
  for (const [what, itemOf] of Object.entries(traffic)) {
    test(`is bounded, with ${what}`, async () => {
      const cacheBytes = 20_000;
      const names = Array.from({ length: 1_000 }, (_, n) => `user ${n}`);
      const { project, sendAndSettle: sendBefore } = start();
      await sendBefore(names.map((name) => track(user(name))));
      const { engine, sendAndSettle } = start({ project, cacheBytes });
      let most = 0;
      for (let at = 0; at < names.length; at += 20) {
        await sendAndSettle(names.slice(at, at + 20).map(itemOf));
        most = Math.max(most, engine.load.cacheBytes);
      }
      // One batch may come on top.
      assert.ok(most <= cacheBytes * 2, `${most} bytes`);
    });
  }
});
