import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEventName, isName, messageEventName, skippedNames } from './names.ts';

const good = [
  'a',
  'Level Complete',
  'x'.repeat(139),
  'a.b-c/d',
  'a/b',
  '/a',
  '_',
  '#1',
  '1st',
  '3 d',
  '1.2.3',
  '0x10',
  'NaN',
  '+',
  "it's",
  '日本語',
  '__proto__',
  ' padded ',
];
const bad = [
  '',
  'x'.repeat(140),
  '.hidden',
  '.',
  '-1',
  '-a',
  'a/',
  '/',
  'a,b',
  'a|b',
  'say "a"',
  '{a',
  'a}',
  'a\tb',
  'a\n',
  '\ra',
  '0',
  '42',
  '1.5',
  '.5',
  '+7',
  '1e5',
  '1.7E9',
  ' 12 ',
];

describe('a name', () => {
  for (const name of good) test(`may be ${JSON.stringify(name)}`, () => assert.equal(isName(name), true));
  for (const name of bad) test(`is not ${JSON.stringify(name)}`, () => assert.equal(isName(name), false));
});

describe('the name of an event', () => {
  for (const name of ['.m1', '.m5733953 Open', '.m5733953 Held Back', ...good]) {
    test(`may be ${JSON.stringify(name)}`, () => assert.equal(isEventName(name), true));
  }
  for (const name of ['.m', '.message', `.m1 ${'x'.repeat(139)}`, ...bad]) {
    test(`is not ${JSON.stringify(name)}`, () => assert.equal(isEventName(name), false));
  }
});

test('an event of a message may have any name of the allowed length', () => {
  for (const name of ['', 'Open', '42', 'a,b', 'x'.repeat(139)]) assert.equal(isEventName(name, '12'), true);
  assert.equal(isEventName('x'.repeat(140), '12'), false);
  assert.equal(isEventName('', '1'.repeat(140)), false);
  assert.equal(messageEventName('12', ''), '.m12');
  assert.equal(messageEventName('12', 'Held Back'), '.m12 Held Back');
});

test('a warning names three and counts the rest', () => {
  assert.equal(skippedNames('event', ['1']), "Invalid event name; skipped: '1'.");
  assert.equal(
    skippedNames('param', ['1', '2', `-${'x'.repeat(200)}`, '4', '5']),
    `Invalid param name; skipped: '1', '2', '-${'x'.repeat(138)}' and 2 more.`,
  );
});
