import {
  applyToContent,
  type Content,
  type ContentPart,
  type ContentResult,
  noContent,
} from '../core/content/content.ts';
import { Names, namesPart, withNames } from '../core/content/names.ts';
import type { ProjectId } from '../core/ids.ts';
import type { Batch } from './batch.ts';
import type { Group } from './commit.ts';
import { SeenPairs } from './idempotency.ts';
import type { Memory } from './memory.ts';

/** Where a change goes. */
interface Place {
  readonly memory: Memory;
  readonly group: Group;
}

/** The names in use when a batch that may not use any number of them is at its place. */
export function namesFor({ project, names }: Batch, memory: Memory): Names | undefined {
  return names && new Names(memory.contents.get(project) ?? noContent, names);
}

/** Keeps the names that a batch was the first to use, with what it did. */
export function keepNames(project: ProjectId, { added }: Names, { memory, group }: Place): void {
  if (added.size === 0) return;
  const content = withNames(memory.contents.get(project) ?? noContent, added);
  const changed = Array.from(added.keys(), (kind) => namesPart[kind]);
  change(project, { content, changed }, { memory, group });
}

/**
 * Answers what a batch asks of its project's content, at the batch's place in the order and in the order of asking; the
 * answer to a repeat is read, not done again. Undefined: it asks nothing.
 */
export function askContent(
  { project, content: asked }: Batch,
  memory: Memory,
  group: Group,
): readonly ContentResult[] | undefined {
  if (asked === undefined) return undefined;
  const seen = new SeenPairs((record) => memory.records.get(record));
  const results = asked.map(({ request, pair }) => {
    const isRepeat = pair !== undefined && seen.has(pair);
    const before = memory.contents.get(project) ?? noContent;
    const result = applyToContent(before, isRepeat ? { do: 'read' } : request);
    change(project, result, { memory, group });
    if (pair !== undefined && !isRepeat) seen.keep(pair);
    return result;
  });
  for (const [name, record] of seen.changed) {
    memory.changeRecord(name, record, group.number);
    group.record(name, record);
  }
  return results;
}

function change(
  project: ProjectId,
  { content, changed }: { content: Content; changed: readonly ContentPart[] },
  { memory, group }: Place,
): void {
  if (changed.length > 0) memory.changeContent(project, content, group.number);
  for (const part of changed) group.putContent({ project, part }, content[part]);
}
