import { applyToContent, type ContentResult, noContent, writePart } from '../core/content/content.ts';
import type { Batch } from './batch.ts';
import type { Group } from './commit.ts';
import { SeenPairs } from './idempotency.ts';
import type { Memory } from './memory.ts';

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
    if (result.changed.length > 0) memory.changeContent(project, result.content, group.number);
    for (const part of result.changed) group.putContent({ project, part }, writePart(result.content[part]));
    if (pair !== undefined && !isRepeat) seen.keep(pair);
    return result;
  });
  for (const [name, record] of seen.changed) {
    memory.changeRecord(name, record, group.number);
    group.record(name, record);
  }
  return results;
}
