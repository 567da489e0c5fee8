import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StoredLine } from '../support/stored-lines.ts';
import { checkLines } from './check.ts';
import { type Fate, Ledger } from './ledger.ts';

/** Two events of ann, then one of bob; `lines` is what a faultless server stores. */
function sent(fates: readonly Fate[] = ['acknowledged', 'acknowledged', 'acknowledged']) {
  const ledger = new Ledger();
  const items = ['ann', 'ann', 'bob'].map((user) => ledger.addEvent(user, 'opened'));
  for (const [place, fate] of fates.entries()) Object.assign(items[place] ?? {}, { fate });
  const lines: StoredLine[] = items.map((item) => ({
    kind: 'event',
    profile: item.user === 'ann' ? 1 : 2,
    id: item.number + 100,
    name: item.eventName,
    params: { n: item.number, s: item.sequence },
  }));
  return { ledger, lines };
}

describe('the check of the lines', () => {
  test('accepts what is right, whatever became of an item of unknown fate', () => {
    const { ledger, lines } = sent(['acknowledged', 'unknown', 'refused']);
    checkLines(ledger, lines.slice(0, 2));
    checkLines(ledger, lines.slice(0, 1));
  });

  const faults: Record<string, { spoil(lines: StoredLine[]): unknown; fates?: Fate[]; message: RegExp }> = {
    'a lost item': { spoil: (lines) => lines.pop(), message: /acknowledged and lost.*"number":2/ },
    'a doubled item': {
      spoil: (lines) => lines.push({ ...lineOf(lines, 0), id: 999 }),
      message: /stored twice.*"number":0/,
    },
    'a doubled line id': {
      spoil: (lines) => lines.push(lineOf(lines, 0)),
      message: /two lines have the id 100/,
    },
    'a refused item that was stored': {
      spoil: () => undefined,
      fates: ['acknowledged', 'refused'],
      message: /refused and stored.*"number":1/,
    },
    'two items in the wrong order': {
      spoil: (lines) => lines.reverse(),
      message: /out of order.*"number":0/,
    },
    'an item nobody sent': {
      spoil: (lines) => lines.push({ ...lineOf(lines, 0), id: 999, params: { n: 7 } }),
      message: /nobody sent/,
    },
    'another name': { spoil: (lines) => rename(lineOf(lines, 0)), message: /another event/ },
    'a user with two profiles': { spoil: (lines) => moveTo(lineOf(lines, 1), 3), message: /two profiles/ },
    'a profile with two users': { spoil: (lines) => moveTo(lineOf(lines, 2), 1), message: /share a profile/ },
  };
  for (const [name, { spoil, fates, message }] of Object.entries(faults)) {
    test(`finds ${name}`, () => {
      const { ledger, lines } = sent(fates);
      spoil(lines);
      assert.throws(() => checkLines(ledger, lines), message);
    });
  }
});

function lineOf(lines: readonly StoredLine[], place: number): StoredLine {
  const line = lines[place];
  assert.ok(line !== undefined);
  return line;
}

function rename(line: StoredLine): void {
  line.name = 'closed';
}

function moveTo(line: StoredLine, profile: number): void {
  line.profile = profile;
}
