import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Command, UpdateProfile } from '../command.ts';
import { type Content, noContent } from './content.ts';
import { type NameKind, type NameLimits, Names, type NewNames, namesPart, withNames } from './names.ts';
import { screen } from './screen.ts';

const unlimited = Number.POSITIVE_INFINITY;
const many: NameLimits = { event: 9, state: 9, attribute: 9, param: 9, message: 9, interaction: 9 };

type Lists = { readonly [kind in NameKind]?: readonly string[] };

function newNames(lists: Lists): NewNames {
  return new Map(Object.entries(lists).map(([kind, names]) => [kind as NameKind, new Set(names)]));
}

function contentWith(lists: Lists): Content {
  return withNames(noContent, newNames(lists));
}

/** What a screening said, as lists. */
function listsOf({ command, added, skipped }: ReturnType<typeof screen>) {
  return {
    command,
    added: Object.fromEntries(Array.from(added, ([kind, names]) => [kind, [...names]])),
    skipped: skipped.map(({ kind, why, names }) => [why, kind, ...names].join(' ')),
  };
}

const user = { ids: [], create: true, timeSec: null };
const track = (name: string, params = {}): Command => ({
  ...user,
  kind: 'track',
  name,
  params,
  value: null,
  info: null,
  stamped: false,
});
const enter = (name: string, params = {}): Command => ({
  ...user,
  kind: 'enter_state',
  name,
  params,
  info: null,
});
const set = (attributes: object): Command => ({
  ...user,
  kind: 'set_attributes',
  attributes: Object.entries(attributes),
  keepNewer: false,
});
const counter = (name: string) => ({
  name,
  count: 1,
  countBy: null,
  value: null,
  valueBy: null,
  firstSec: null,
  lastSec: null,
});
function update(given: Partial<UpdateProfile>): UpdateProfile {
  const totals = { createdMs: null, lastActiveMs: null, sessions: null, spentMs: null };
  const nothing = { attributes: [], edits: [], facts: [], factEdits: [], devices: [] };
  const counters = { events: [], states: [] };
  return { ...user, kind: 'update_profile', ...nothing, counters, totals, ...given };
}

interface Row {
  readonly limits?: Partial<NameLimits>;
  readonly known?: Lists;
  readonly given: Command;
  /** Left out: as given. */
  readonly left?: Command | 'nothing';
  readonly added?: Lists;
  readonly skipped?: readonly string[];
}

const edits = (...names: readonly string[]) =>
  names.map((name) => ({ op: 'add' as const, name, values: [1] }));

const rows: { readonly [what: string]: Row } = {
  'known names pass': { known: { event: ['a'], param: ['p'] }, given: track('a', { p: 1 }) },
  'new names have a place': { given: track('a', { p: 1, q: 2 }), added: { event: ['a'], param: ['p', 'q'] } },
  'an event without a place': {
    limits: { event: 1 },
    known: { event: ['a'] },
    given: track('b', { p: 1 }),
    left: 'nothing',
    skipped: ['full event b'],
  },
  'a known event where there are more than may be': {
    limits: { event: 1 },
    known: { event: ['a', 'b'] },
    given: track('b'),
  },
  'a state without a place': {
    limits: { state: 1 },
    known: { state: ['a'] },
    given: enter('b'),
    left: 'nothing',
    skipped: ['full state b'],
  },
  'parameters of events and states share their names': {
    limits: { param: 2 },
    known: { param: ['p'] },
    given: enter('a', { q: 1, r: 2, p: 3 }),
    left: enter('a', { q: 1, p: 3 }),
    added: { state: ['a'], param: ['q'] },
    skipped: ['full param r'],
  },
  'the name of a state is no event': {
    known: { state: ['a'] },
    given: track('a'),
    left: 'nothing',
    skipped: ['taken event a'],
  },
  'the name of an event is no state': {
    known: { event: ['a'] },
    given: enter('a'),
    left: 'nothing',
    skipped: ['taken state a'],
  },
  'an event and a parameter, or an attribute, may have one name': {
    known: { event: ['a'], attribute: ['b'] },
    given: track('a', { a: 1, b: 2 }),
    added: { param: ['a', 'b'] },
  },
  'messages have names of their own, and what users do with them has': {
    limits: { event: 1 },
    known: { event: ['a'] },
    given: track('.m1 Held Back'),
    added: { message: ['.m1'], interaction: ['Held Back'] },
  },
  'a message without a place, where names of events are not looked at': {
    limits: { event: unlimited, message: 1 },
    known: { message: ['.m1'] },
    given: track('.m2'),
    left: 'nothing',
    skipped: ['full message .m2'],
  },
  'a message without a place': {
    limits: { message: 1 },
    known: { message: ['.m1'] },
    given: track('.m2'),
    left: 'nothing',
    skipped: ['full message .m2'],
  },
  'too much done with a message, also among counters': {
    limits: { interaction: 1 },
    known: { message: ['.m1'], interaction: ['Open'] },
    given: update({ counters: { events: ['.m1 Open', '.m1 Accept', '.m1'].map(counter), states: [] } }),
    left: update({ counters: { events: ['.m1 Open', '.m1'].map(counter), states: [] } }),
    skipped: ['full interaction Accept'],
  },
  'a message of which nothing may be done leaves its place to others': {
    limits: { message: 2, interaction: 1 },
    known: { message: ['.m1'], interaction: ['Open'] },
    given: update({ counters: { events: ['.m2 Accept', '.m3 Open'].map(counter), states: [] } }),
    left: update({ counters: { events: ['.m3 Open'].map(counter), states: [] } }),
    added: { message: ['.m3'] },
    skipped: ['full interaction Accept'],
  },
  'what users do with messages may have the name of a state': {
    known: { state: ['Open'] },
    given: track('.m1 Open'),
    added: { message: ['.m1'], interaction: ['Open'] },
  },
  'without a limit nothing is looked at': {
    limits: { event: unlimited, state: 1, attribute: unlimited, param: unlimited },
    known: { state: ['a'] },
    given: track('b', { p: 1 }),
  },
  'the name of a state, where those of events are not looked at': {
    limits: { event: unlimited },
    known: { state: ['a'] },
    given: track('a'),
  },
  'the name of an event, where those of events are not looked at any more': {
    limits: { event: unlimited },
    known: { event: ['a'] },
    given: enter('a'),
    added: { state: ['a'] },
  },
  'attributes go in their order': {
    limits: { attribute: 2 },
    known: { attribute: ['k'] },
    given: set({ a: 1, b: 2, k: 3, c: 4 }),
    left: set({ a: 1, k: 3 }),
    added: { attribute: ['a'] },
    skipped: ['full attribute b c'],
  },
  'a null and a removal need no name': {
    limits: { attribute: 1 },
    known: { attribute: ['k'] },
    given: update({ attributes: [['a', null]], edits: [{ op: 'remove', name: 'b', values: [1] }] }),
  },
  'an attribute counts once, whatever becomes of it': {
    limits: { attribute: 1 },
    given: update({ attributes: [['a', 1]], edits: edits('a', 'b', 'b') }),
    left: update({ attributes: [['a', 1]], edits: edits('a') }),
    added: { attribute: ['a'] },
    skipped: ['full attribute b'],
  },
  'an update with one property too many is none': {
    limits: { property: 2 },
    known: { property: ['k'] },
    given: set({ k: 1, a: 2, b: 3 }),
    left: 'nothing',
    skipped: ['full property b'],
  },
  'properties that are known, new ones that have a place, and a null': {
    limits: { property: 2 },
    known: { property: ['k'] },
    given: set({ k: 1, a: 2, b: null }),
    added: { property: ['a'] },
  },
  'where properties have a limit, events have none': {
    limits: { event: unlimited, param: unlimited, property: 1 },
    given: track('a', { p: 1 }),
  },
  'the name of an attribute is good for a property, and not counted': {
    limits: { property: 1 },
    known: { attribute: ['a', 'b', 'c'] },
    given: set({ a: 1, b: 2, p: 3 }),
    added: { property: ['p'] },
  },
  'the name of a property is good for an attribute, and not counted': {
    limits: { attribute: 1 },
    known: { property: ['a', 'b', 'c'] },
    given: set({ a: 1, b: 2, p: 3 }),
    added: { attribute: ['p'] },
  },
  'counters have the names of events and states': {
    limits: { event: 1 },
    given: update({
      counters: { events: ['a', 'b'].map(counter), states: ['a', 's'].map(counter) },
    }),
    left: update({ counters: { events: [counter('a')], states: [counter('s')] } }),
    added: { event: ['a'], state: ['s'] },
    skipped: ['full event b', 'taken state a'],
  },
  'names are names, whatever prototypes have': {
    known: { event: ['toString'] },
    given: track('__proto__', JSON.parse('{"constructor":1,"__proto__":2}')),
    added: { event: ['__proto__'], param: ['constructor', '__proto__'] },
  },
};

describe('the names of a command', () => {
  for (const [what, row] of Object.entries(rows)) {
    test(what, () => {
      const names = new Names(contentWith(row.known ?? {}), { ...many, ...row.limits });
      const screened = screen(row.given, names);
      const { left = row.given, added = {}, skipped = [] } = row;
      assert.deepEqual(listsOf(screened), {
        command: left === 'nothing' ? undefined : left,
        added,
        skipped,
      });
      if (row.left === undefined) assert.equal(screened.command, row.given, 'nothing is made anew');
      assert.equal(names.added.size, 0, 'nothing has a place before it is carried out');
    });
  }
});

test('names added in the course of a batch are in use for what comes after', () => {
  const names = new Names(contentWith({ event: ['a'] }), { ...many, event: 2 });
  names.add(screen(track('b'), names).added);
  assert.deepEqual(listsOf(screen(track('b'), names)).skipped, []);
  assert.deepEqual(listsOf(screen(track('c'), names)).skipped, ['full event c']);
  assert.deepEqual(listsOf(screen(enter('b'), names)).skipped, ['taken state b']);
  const content = withNames(contentWith({ event: ['a'] }), names.added);
  assert.deepEqual([...content.eventNames.keys()], ['a', 'b']);
});

test('without names nothing is looked at', () => {
  assert.deepEqual(listsOf(screen(track('a'), undefined)), { command: track('a'), added: {}, skipped: [] });
});

test('there are never more than may be, and none is of two kinds', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', '__proto__', '.m1', '.m1 a', '.m2 a', '.m3 b');
  const command = fc.oneof(
    fc.tuple(name, fc.dictionary(name, fc.constant(1))).map(([it, params]) => track(it, params)),
    fc.tuple(name, fc.dictionary(name, fc.constant(1))).map(([it, params]) => enter(it, params)),
    fc.dictionary(name, fc.constantFrom(1, null)).map(set),
  );
  const most = fc.constantFrom(1, 2, 3, unlimited);
  const limits = fc.record({
    event: most,
    state: most,
    attribute: most,
    property: most,
    param: most,
    message: most,
    interaction: most,
  });
  fc.assert(
    fc.property(limits, fc.array(command), (given, commands) => {
      let content = noContent;
      for (const it of commands) content = withNames(content, screen(it, new Names(content, given)).added);
      for (const [kind, max] of Object.entries(given)) {
        const { size } = content[namesPart[kind as NameKind]];
        assert.ok(max === unlimited ? size === 0 : size <= max, `${size} of ${max}`);
      }
      const events = new Set(content.eventNames.keys());
      assert.ok(events.isDisjointFrom(content.stateNames));
    }),
  );
});
