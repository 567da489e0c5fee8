import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEventName, isMessageId, isName, messageEventName, skippedNames } from './names.ts';

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
  for (const name of good)
    test(`may be ${JSON.stringify(name)}`, () => assert.equal(isName(name, 139), true));
  for (const name of bad)
    test(`is not ${JSON.stringify(name)}`, () => assert.equal(isName(name, 139), false));
});

describe('the name of an event', () => {
  for (const name of ['.m1', '.m5733953 Open', '.m5733953 Held Back', '.m1 a,b', ...good]) {
    test(`may be ${JSON.stringify(name)}`, () => assert.equal(isEventName(name, 139), true));
  }
  for (const name of [
    '.m',
    '.message',
    '.m12x',
    '.m12\tOpen',
    `.m${'1'.repeat(65)}`,
    `.m1 ${'x'.repeat(139)}`,
    ...bad,
  ]) {
    test(`is not ${JSON.stringify(name)}`, () => assert.equal(isEventName(name, 139), false));
  }
});

test('how events of messages are kept', () => {
  assert.equal(messageEventName('12', ''), '.m12');
  assert.equal(messageEventName('12', 'Held Back'), '.m12 Held Back');
});

describe('the id of a message', () => {
  for (const id of ['0', '42', '5733953138851840', 'welcome', '-1', 'a_b-C', '9'.repeat(64)]) {
    test(`may be ${id}`, () => assert.equal(isMessageId(id), true));
  }
  for (const id of ['', ' 1', '1.5', 'a b', '1##2', '٣', '9'.repeat(65)]) {
    test(`is not ${JSON.stringify(id)}`, () => assert.equal(isMessageId(id), false));
  }
});

test('a warning names three and counts the rest', () => {
  assert.equal(skippedNames('event', ['1']), "Invalid event name; skipped: '1'.");
  assert.equal(
    skippedNames('param', ['1', '2', `-${'x'.repeat(200)}`, '4', '5']),
    `Invalid param name; skipped: '1', '2', '-${'x'.repeat(138)}' and 2 more.`,
  );
});
