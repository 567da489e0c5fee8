import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Command } from '../core/command.ts';
import type { ContentRequest } from '../core/content/content.ts';
import type { ProjectId } from '../core/ids.ts';
import { GatedStore } from '../storage/contract/gated-store.ts';
import { openWriter } from '../storage/sqlite/open.ts';
import { migrate } from '../storage/sqlite/schema.ts';
import { SqliteStore } from '../storage/sqlite/store.ts';
import type { Batch, BatchResult } from './batch.ts';
import { StoreFullError } from './store.ts';
import { Engine } from './submit.ts';

const folder = mkdtempSync(join(tmpdir(), 'rapport-contents-'));
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

/** An engine with a project of its own, or with that of another engine, as after a restart. */
function start({ project = ++projects, cacheBytes = 1_000_000 } = {}) {
  const gate = new GatedStore(store);
  const engine = new Engine({
    store: gate,
    clock: () => 1_700_000_000_000,
    onFatal: (error) => assert.fail(error as Error),
    onBug: (error) => assert.fail(error as Error),
    cacheBytes,
  });
  const send = (requests: readonly ContentRequest[], more: Partial<Batch> = {}) => {
    const sent: { result?: BatchResult } = {};
    const content = requests.map((request) => ({ request }));
    const batch: Batch = { project: project as ProjectId, items: [], content, bytes: 0, ...more };
    engine.submit(batch).then(
      (result) => {
        sent.result = result;
      },
      (error) => assert.fail(error as Error),
    );
    return sent;
  };
  const ask = async (...requests: readonly ContentRequest[]) => {
    const sent = send(requests);
    await gate.settle();
    return sent;
  };
  return { gate, send, ask, project };
}

const set = (name: string): ContentRequest => ({
  do: 'register',
  parts: { variables: new Map([[name, 1]]) },
});
const read: ContentRequest = { do: 'read' };

/** The names of the variables that each request saw; undefined: no answer yet. */
function seen({ result }: { result?: BatchResult }): string[] | undefined {
  return result?.code === 'done'
    ? result.contents?.map(({ content }) => [...content.variables.keys()].join())
    : result && [result.code];
}

test('each request sees the ones before it, also after a restart', async () => {
  const { ask, project } = start();
  assert.deepEqual(seen(await ask(read, set('a'), read, set('b'), read)), ['', 'a', 'a', 'b', 'b']);
  assert.deepEqual(seen(await start({ project }).ask(read)), ['b']);
  assert.deepEqual(seen(await start().ask(read)), [''], 'of its own project only');
});

test('an answer waits until what it has seen is on disk', async () => {
  const { gate, send } = start();
  gate.hold('commit_answer');
  const [change, look] = [send([set('a')]), send([read])];
  await gate.settle();
  const late = send([read]);
  await gate.settle();
  assert.deepEqual([change, look, late].map(seen), [undefined, undefined, undefined]);
  gate.open('commit_answer');
  await gate.settle();
  assert.deepEqual([change, look, late].map(seen), [['a'], ['a'], ['a']]);
  assert.equal(gate.commits, 1);
});

test('what finds no room never happened', async () => {
  const { gate, send, ask } = start();
  await ask(set('a'));
  gate.hold('commit');
  const refused = send([set('b'), { do: 'register_device', device: 'd', email: 'e' }]);
  await gate.settle();
  const onTop = send([read]);
  await gate.settle();
  gate.refuse('commit', new StoreFullError('no room'));
  gate.open('commit');
  await gate.settle();
  assert.deepEqual([refused, onTop].map(seen), [['unavailable'], ['unavailable']]);
  const { result } = await ask(read);
  assert.ok(result?.code === 'done');
  const content = result.contents?.[0]?.content;
  assert.deepEqual([[...(content?.variables.keys() ?? [])], content?.developerDevices.size], [['a'], 0]);
});

test('without room in memory it is read again', async () => {
  const { gate, ask } = start({ cacheBytes: 0 });
  await ask(set('a'));
  await ask(read);
  const { reads } = gate;
  assert.deepEqual(seen(await ask(read)), ['a']);
  assert.equal(gate.reads, reads + 1);
});

/** One batch that tracks these events, in an app that may use two names of events. */
function uses(...names: readonly string[]): Partial<Batch> {
  const items = names.map((name) => {
    const ids = [{ kind: 'user', value: 'ann', attach: true }] as const;
    const more = { value: null, info: null, params: {}, timeSec: null, stamped: false };
    const command: Command = { kind: 'track', ids, create: true, name, ...more };
    return { command };
  });
  return {
    items,
    content: [],
    names: { event: 2, state: 2, attribute: 2, param: 2, message: 2, interaction: 2 },
  };
}

/** What came of each event. */
function came({ result }: { result?: BatchResult }): string[] | undefined {
  return result?.code === 'done' ? result.outcomes.map(({ code }) => code) : result && [result.code];
}

test('names are in use from the action on that brought them in, also after a restart', async () => {
  const { gate, send, project } = start();
  const batches = [uses('a', 'a', 'b', 'c'), uses('c', 'b')].map((it) => send([], it));
  await gate.settle();
  const expected = [
    ['applied', 'applied', 'applied', 'name_skipped'],
    ['name_skipped', 'applied'],
  ];
  assert.deepEqual(batches.map(came), expected);
  const again = start({ project });
  const later = again.send([], uses('c', 'a'));
  await again.gate.settle();
  assert.deepEqual(came(later), ['name_skipped', 'applied']);
});

test('names of what finds no room were never in use', async () => {
  const { gate, send } = start();
  gate.hold('commit');
  const refused = send([], uses('a', 'b'));
  await gate.settle();
  const onTop = send([], uses('a'));
  await gate.settle();
  gate.refuse('commit', new StoreFullError('no room'));
  gate.open('commit');
  await gate.settle();
  const later = send([], uses('c', 'd', 'a'));
  await gate.settle();
  const expected = [['unavailable'], ['unavailable'], ['applied', 'applied', 'name_skipped']];
  assert.deepEqual([refused, onTop, later].map(came), expected);
});

test('nothing is written of names that are in use, and variables stay beside them', async () => {
  const { gate, send, ask } = start();
  const written: string[][] = [];
  const commit = gate.commit.bind(gate);
  gate.commit = (group) => {
    written.push(group.contents.map(({ part }) => part));
    return commit(group);
  };
  await ask(set('v'));
  for (const batch of [uses('a'), uses('a', 'b'), uses('b', 'a')]) {
    send([], batch);
    await gate.settle();
  }
  assert.deepEqual(written, [['variables'], ['eventNames'], ['eventNames'], []]);
  assert.deepEqual(seen(await ask(read)), ['v']);
});

test('a repeat of a pair is not done again, and sees what is there now', async () => {
  const { gate, send, project } = start();
  const pair = { record: `sdk/${project}`, member: 'r' };
  const content = [set('a'), set('b')].map((request) => ({ request, pair }));
  const first = send([], { content });
  const later = send([set('c')]);
  const repeat = send([], { content: [{ request: set('a'), pair }] });
  await gate.settle();
  assert.deepEqual([first, later, repeat].map(seen), [['a', 'a'], ['c'], ['c']]);
});

test('a keyed request is answered from what it saw, for good', async () => {
  const { gate, send, ask, project } = start();
  const keyed: Batch['keyed'] = {
    record: `key/${project}`,
    bodyHash: 'h',
    render: (_outcomes, contents) => contents.map((it) => [...it.content.variables.keys()]).join(' '),
  };
  const first = send([set('a'), read, set('b')], { keyed });
  await gate.settle();
  await ask(set('c'));
  const repeat = send([set('a'), read, set('b')], { keyed });
  await gate.settle();
  assert.deepEqual(first.result, { code: 'answered', answer: 'a a b' });
  assert.deepEqual(repeat.result, first.result);
  assert.deepEqual(seen(await ask(read)), ['c']);
});
