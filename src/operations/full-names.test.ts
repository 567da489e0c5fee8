import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProjectId } from '../core/ids.ts';
import { Projects } from '../engine/projects.ts';
import { warnOfFullNames } from './full-names.ts';
import { buildLog } from './log.ts';

test('a project is told of at once, and once an hour with how many there were', () => {
  const lines: { project?: string; items: number }[] = [];
  const log = buildLog({ write: (line) => lines.push(JSON.parse(line)) });
  let nowMs = 0;
  const warn = warnOfFullNames(new Projects([]), { log, clock: () => nowMs });
  const [one, two] = [1 as ProjectId, 2 as ProjectId];
  for (const [atMs, project] of [
    [0, one],
    [1, one],
    [2, two],
    [3_599_999, one],
    [3_600_000, one],
    [3_600_001, one],
    [3_600_002, two],
  ] as const) {
    nowMs = atMs;
    warn(project);
  }
  assert.deepEqual(
    lines.map(({ items }) => items),
    [1, 1, 3, 1],
  );
});
