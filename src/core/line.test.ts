import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { EventId, IdentityId, ProfileId, ProjectId, SessionId, StateId } from './ids.ts';
import { type Line, lineVersion, writeLine } from './line.ts';
import { readLine } from './read-line.ts';

const base = {
  id: 35_184_372_088_833 as EventId,
  project: 7 as ProjectId,
  profile: 35_184_372_088_830 as ProfileId,
  atMs: 1_767_225_605_250,
  timeSec: 1_767_225_600.5,
  session: null,
};
const session = 35_184_372_088_831 as SessionId;
const identity = 35_184_372_088_832 as IdentityId;
const state = 35_184_372_088_829 as StateId;
const part = 35_184_372_088_825 as ProfileId;
const prior = { events: 4, states: 1, sessions: 2, spentSec: 300.25 };
const priorText = '"prior":{"events":4,"states":1,"sessions":2,"spent":300.25}';
const start = '{"v":1,"id":35184372088833,"project":7,"profile":35184372088830';
const times = '"at":1767225605250,"time":1767225600.5';
const inSession = '"session":35184372088831';

/**
 * The schema, frozen. Stored lines are never rewritten: a change here is a new version of the line (`v`), and
 * `readLine` goes on reading all that came before. So texts are only ever added to this table, under a new version.
 */
const frozen: Record<Line['kind'], readonly (readonly [Line, string])[]> = {
  created: [[{ ...base, kind: 'created' }, `${start},${times},"kind":"created"}`]],
  identity_attached: (
    ['user', 'device', 'cookie', 'reserved', 'hard:email_id', 'soft:google-1'] as const
  ).map((name) => [
    { ...base, kind: 'identity_attached', name },
    `${start},${times},"kind":"identity_attached","name":"${name}"}`,
  ]),
  identity_detached: [
    [
      { ...base, kind: 'identity_detached', name: 'cookie', identity },
      `${start},${times},"kind":"identity_detached","name":"cookie","identity":35184372088832}`,
    ],
  ],
  identity_used: [
    [
      { ...base, kind: 'identity_used', name: 'cookie', identity },
      `${start},${times},"kind":"identity_used","name":"cookie","identity":35184372088832}`,
    ],
  ],
  identity_handed_on: [
    [
      { ...base, kind: 'identity_handed_on', name: 'device', identity },
      `${start},${times},"kind":"identity_handed_on","name":"device","identity":35184372088832}`,
    ],
  ],
  merged: [
    [
      {
        ...base,
        kind: 'merged',
        part,
        same: [[35_184_372_088_826 as IdentityId, identity]],
        document: '{"v":1,"attributes":[["10",{"2":"x","b":[1]},3]]}',
      },
      `${start},${times},"kind":"merged","part":35184372088825,"same":[[35184372088826,35184372088832]],"document":{"v":1,"attributes":[["10",{"2":"x","b":[1]},3]]}}`,
    ],
  ],
  merged_into: [
    [
      { ...base, kind: 'merged_into', into: part },
      `${start},${times},"kind":"merged_into","into":35184372088825}`,
    ],
  ],
  erased: [
    [
      { ...base, kind: 'erased', scope: 'personal', document: '{"v":1,"identities":[[5,"user",""]]}' },
      `${start},${times},"kind":"erased","scope":"personal","document":{"v":1,"identities":[[5,"user",""]]}}`,
    ],
    [
      { ...base, kind: 'erased', scope: 'all', document: null },
      `${start},${times},"kind":"erased","scope":"all"}`,
    ],
  ],
  unblocked: [[{ ...base, kind: 'unblocked' }, `${start},${times},"kind":"unblocked"}`]],
  session_opened: [
    [
      { ...base, kind: 'session_opened', device: null, background: false, billed: false, prior },
      `${start},${times},"kind":"session_opened",${priorText}}`,
    ],
    [
      { ...base, kind: 'session_opened', device: identity, background: true, billed: true, prior },
      `${start},${times},"kind":"session_opened","device":35184372088832,"background":true,"billed":true,${priorText}}`,
    ],
  ],
  session_continued: [
    [
      { ...base, kind: 'session_continued', session },
      `${start},${times},"kind":"session_continued",${inSession}}`,
    ],
  ],
  session_paused: [
    [{ ...base, kind: 'session_paused', session }, `${start},${times},"kind":"session_paused",${inSession}}`],
  ],
  session_resumed: [
    [
      { ...base, kind: 'session_resumed', session, billed: false },
      `${start},${times},"kind":"session_resumed",${inSession}}`,
    ],
    [
      { ...base, kind: 'session_resumed', session, billed: true },
      `${start},${times},"kind":"session_resumed",${inSession},"billed":true}`,
    ],
  ],
  session_ended: [
    [
      { ...base, kind: 'session_ended', session, spentSec: 61.5 },
      `${start},${times},"kind":"session_ended",${inSession},"spent":61.5}`,
    ],
  ],
  state_entered: [
    [
      { ...base, kind: 'state_entered', name: 'cart', info: null, params: {}, device: null },
      `${start},${times},"kind":"state_entered","name":"cart","params":{}}`,
    ],
    [
      {
        ...base,
        kind: 'state_entered',
        session,
        name: 'a"b',
        info: 'x\n',
        params: { n: 1 },
        device: identity,
      },
      `${start},${times},"kind":"state_entered",${inSession},"name":"a\\"b","device":35184372088832,"info":"x\\n","params":{"n":1}}`,
    ],
  ],
  state_left: [
    [
      { ...base, kind: 'state_left', session, name: 'a"b', state, spentSec: 0.001 },
      `${start},${times},"kind":"state_left",${inSession},"name":"a\\"b","state":35184372088829,"spent":0.001}`,
    ],
  ],
  state_paused: [
    [
      { ...base, kind: 'state_paused', session, state },
      `${start},${times},"kind":"state_paused",${inSession},"state":35184372088829}`,
    ],
  ],
  state_resumed: [
    [
      { ...base, kind: 'state_resumed', session, state },
      `${start},${times},"kind":"state_resumed",${inSession},"state":35184372088829}`,
    ],
  ],
  time_passed: [[{ ...base, kind: 'time_passed' }, `${start},${times},"kind":"time_passed"}`]],
  attributes: [
    [{ ...base, kind: 'attributes', params: {} }, `${start},${times},"kind":"attributes","params":{}}`],
    [
      {
        ...base,
        kind: 'attributes',
        session,
        params: { plan: 'pro', age: 25, vip: true, gone: null, tags: ['a', 1.5], home: { city: 'Żory' } },
      },
      `${start},${times},"kind":"attributes",${inSession},"params":{"plan":"pro","age":25,"vip":true,"gone":null,"tags":["a",1.5],"home":{"city":"Żory"}}}`,
    ],
  ],
  facts: [
    [
      { ...base, kind: 'facts', device: null, params: { locale: 'en_US' } },
      `${start},${times},"kind":"facts","params":{"locale":"en_US"}}`,
    ],
    [
      { ...base, kind: 'facts', device: identity, params: { systemName: 'iOS', list: ['a'] } },
      `${start},${times},"kind":"facts","device":35184372088832,"params":{"systemName":"iOS","list":["a"]}}`,
    ],
  ],
  overridden: [
    [
      {
        ...base,
        kind: 'overridden',
        events: [['a"b', 2, null, 1.5, 3]],
        states: [],
        totals: { createdMs: 5, lastActiveMs: null, sessions: 7, spentMs: null },
      },
      `${start},${times},"kind":"overridden","events":[["a\\"b",2,null,1.5,3]],"states":[],"totals":{"createdMs":5,"lastActiveMs":null,"sessions":7,"spentMs":null}}`,
    ],
  ],
  event: [
    [
      {
        ...base,
        kind: 'event',
        name: 'opened',
        value: null,
        info: null,
        params: {},
        device: null,
        state: null,
        passive: false,
        stamped: false,
      },
      `${start},${times},"kind":"event","name":"opened","params":{}}`,
    ],
    [
      {
        ...base,
        kind: 'event',
        session,
        name: 'say "hi"\n',
        value: -2.5,
        info: 'back\\slash',
        params: { Level: 1, list: [null, { a: [] }] },
        device: identity,
        state,
        passive: true,
        stamped: true,
      },
      `${start},${times},"kind":"event",${inSession},"name":"say \\"hi\\"\\n","device":35184372088832,"state":35184372088829,"passive":true,"stamped":true,"value":-2.5,"info":"back\\\\slash","params":{"Level":1,"list":[null,{"a":[]}]}}`,
    ],
    // Zero and the empty text are something, unlike null.
    [
      {
        ...base,
        kind: 'event',
        name: '',
        value: 0,
        info: '',
        params: {},
        device: null,
        state: null,
        passive: false,
        stamped: false,
      },
      `${start},${times},"kind":"event","name":"","value":0,"info":"","params":{}}`,
    ],
  ],
};

describe('the line schema is frozen', () => {
  test('it is version 1', () => assert.equal(lineVersion, 1));
  for (const [line, text] of Object.values(frozen).flat()) {
    test(text.slice(text.indexOf('"kind"'), -1), () => {
      assert.equal(writeLine(line), text);
      assert.deepEqual(readLine(text), line);
    });
  }
});

describe('what is no line is refused', () => {
  const [, text] = frozen.created[0] as readonly [Line, string];
  const refused: readonly (readonly [string, string])[] = [
    ['a newer version', text.replace('"v":1', '"v":2')],
    ['no version', text.replace('"v":1,', '')],
    ['half a line', text.slice(0, -1)],
    ['two lines', `${text}\n${text}`],
    ['nothing', ''],
  ];
  for (const [name, it] of refused) test(name, () => assert.throws(() => readLine(it)));
});

test('a line is one line of text, whatever it holds, and reads back the same', () => {
  const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((it) => it + 0);
  const name = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', 'constructor', '\u2028\n\r', '","v":2,"x":"', '}\n{'),
  );
  const params = fc.dictionary(name, fc.oneof(number, name, fc.boolean(), fc.constant(null), fc.array(name)));
  const event = fc.record({ name, value: fc.option(number), info: fc.option(name), params, timeSec: number });
  const written = event.map((it): Line => {
    const rest = { device: identity, state, passive: false, stamped: true };
    return { ...base, ...it, ...rest, kind: 'event', params: plain(it.params) };
  });
  fc.assert(
    fc.property(written, (line) => {
      const text = writeLine(line);
      assert.ok(!/[\n\r]/.test(text));
      assert.equal(writeLine(readLine(text)), text);
      assert.deepEqual(readLine(text), line);
    }),
    { numRuns: 300 },
  );
});

/** As JSON.parse makes objects: with a prototype, and `__proto__` as a name like any other. */
function plain<Value>(params: { [name: string]: Value }): { [name: string]: Value } {
  return Object.fromEntries(Object.entries(params));
}
