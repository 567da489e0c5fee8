import type { DatabaseSync } from 'node:sqlite';
import { zstdDecompressSync } from 'node:zlib';
import type { EventId, ProfileId, ProjectId } from '../../core/ids.ts';
import { type Line, readLine } from '../../core/line.ts';

/** Blocks looked at in one read transaction: a long one would keep the WAL from starting over. */
const blocksPerRead = 50;
const profileMark = '"profile":';
/** Ids are below 2^53. */
const idDigitsMax = 16;

/**
 * The lines of a profile and its parts, oldest first, up to and including `upTo`. A profile's id is the id of its first
 * line, so the search starts at the oldest. It looks into every block of the project since; correct, not yet fast.
 */
export function* readLinesOf(
  database: DatabaseSync,
  of: { project: ProjectId; profiles: readonly ProfileId[]; upTo: EventId },
): Generator<Line[]> {
  // The block that holds the first line may begin before it.
  const findFirst = database.prepare(
    'SELECT id FROM blocks WHERE project_id = ? AND id <= ? ORDER BY id DESC LIMIT 1',
  );
  const findBlocks = database.prepare(
    `SELECT id, body FROM blocks WHERE project_id = ? AND id >= ? AND id <= ? ORDER BY id LIMIT ${blocksPerRead}`,
  );
  const profiles = new Set<number>(of.profiles);
  if (profiles.size === 0) return;
  const oldest = Math.min(...profiles);
  const first = findFirst.get(of.project, oldest) as { id: number } | undefined;
  let from = first?.id ?? oldest;
  for (;;) {
    const blocks = findBlocks.all(of.project, from, of.upTo) as { id: number; body: Uint8Array }[];
    const lines: Line[] = [];
    for (const { body } of blocks) {
      for (const text of zstdDecompressSync(body).toString().split('\n')) {
        // Before it only numbers: what comes first is the line's own.
        const at = text.indexOf(profileMark) + profileMark.length;
        if (!profiles.has(Number.parseInt(text.slice(at, at + idDigitsMax), 10))) continue;
        const line = readLine(text);
        if (line.id <= of.upTo) lines.push(line);
      }
    }
    yield lines;
    const last = blocks.at(-1);
    if (blocks.length < blocksPerRead || last === undefined) return;
    from = last.id + 1;
  }
}
