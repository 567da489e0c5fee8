import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CpuProfile, foldProfile } from './profile-steps.ts';

/** A profile of stacks, outermost first; each was seen for so many microseconds. */
function profileOf(stacks: readonly (readonly [micros: number, ...frames: string[]])[]): CpuProfile {
  const nodes = [{ id: 1, callFrame: { functionName: '(root)', url: '' }, children: [] as number[] }];
  const samples: number[] = [];
  const timeDeltas = [0];
  for (const [micros, ...frames] of stacks) {
    let parent = nodes[0];
    for (const frame of frames) {
      const [functionName = '', url = ''] = frame.split(' in ');
      const node = { id: nodes.length + 1, callFrame: { functionName, url }, children: [] };
      nodes.push(node);
      parent?.children.push(node.id);
      parent = node;
    }
    samples.push(parent?.id ?? 1);
    timeDeltas.push(micros);
  }
  return { nodes, startTime: 1000, samples, timeDeltas };
}

const src = 'file:///rapport/src';
const always = { fromMicros: 0, toMicros: 1e9 };

test('time belongs to the step of the function, or of whoever called it', () => {
  const handler = `handle in ${src}/dialects/leanplum/routes.ts`;
  const call = `answerCall in ${src}/dialects/leanplum/multi.ts`;
  const profile = profileOf([
    [1, 'onread in node:net'],
    [2, 'parse in file:///rapport/node_modules/fastify/lib/x.js', handler],
    [
      3,
      handler,
      call,
      `decodeCall in ${src}/dialects/leanplum/decode.ts`,
      `parseJson in ${src}/lib/json.ts`,
      'parse',
    ],
    [
      4,
      handler,
      call,
      `toCommand in ${src}/dialects/leanplum/actions/track.ts`,
      'check in node_modules/typebox',
    ],
    [5, handler, call, `toReply in ${src}/dialects/leanplum/actions/track.ts`],
    [
      6,
      `advance in ${src}/engine/order.ts`,
      `apply in ${src}/core/apply.ts`,
      `evolve in ${src}/core/evolve.ts`,
    ],
    [7, `advance in ${src}/engine/order.ts`, `writeLine in ${src}/core/line.ts`, 'stringify'],
    [
      8,
      `advance in ${src}/engine/order.ts`,
      `add in ${src}/engine/commit.ts`,
      'postMessage in node:internal/worker/io',
    ],
    [9, `advance in ${src}/engine/order.ts`],
    [10, '(garbage collector)'],
    [11, '(program)'],
    [12, '(idle)'],
  ]);
  assert.deepEqual(Object.fromEntries(foldProfile(profile, always)), {
    http: 3,
    decode: 3,
    validate: 4,
    order: 9,
    apply: 6,
    serialise: 7,
    commit: 8,
    answer: 5,
    'garbage collection': 10,
    other: 11,
  });
});

test('what lies outside of the window does not count', () => {
  const apply = `apply in ${src}/core/apply.ts`;
  const profile = profileOf([
    [100, apply],
    [10, apply],
    [100, apply],
  ]);
  const folded = foldProfile(profile, { fromMicros: 1100, toMicros: 1110 });
  assert.equal(folded.get('apply'), 10);
});
