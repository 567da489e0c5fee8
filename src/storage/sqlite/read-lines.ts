import type { DatabaseSync } from 'node:sqlite';
import { zstdDecompressSync } from 'node:zlib';
import type { EventId, ProfileId, ProjectId } from '../../core/ids.ts';
import { type Line, readLine } from '../../core/line.ts';

/** Blocks looked at in one read transaction: a long one would keep the WAL from starting over. */
const blocksPerRead = 50;

/**
 * The lines of one profile, oldest first, up to and including `upTo`. A profile's id is the id of its first line, so
 * the search starts there. It looks into every block of the project since; correct, not yet fast.
 */
export function* readLinesOf(
  database: DatabaseSync,
  of: { project: ProjectId; profile: ProfileId; upTo: EventId },
): Generator<Line[]> {
  // The block that holds the first line may begin before it.
  const findFirst = database.prepare(
    'SELECT id FROM blocks WHERE project_id = ? AND id <= ? ORDER BY id DESC LIMIT 1',
  );
  const findBlocks = database.prepare(
    `SELECT id, body FROM blocks WHERE project_id = ? AND id >= ? AND id <= ? ORDER BY id LIMIT ${blocksPerRead}`,
  );
  const first = findFirst.get(of.project, of.profile) as { id: number } | undefined;
  let from = first?.id ?? of.profile;
  const mark = `"profile":${of.profile},`;
  for (;;) {
    const blocks = findBlocks.all(of.project, from, of.upTo) as { id: number; body: Uint8Array }[];
    const lines: Line[] = [];
    for (const { body } of blocks) {
      for (const text of zstdDecompressSync(body).toString().split('\n')) {
        if (!text.includes(mark)) continue;
        const line = readLine(text);
        // The mark may also stand in an event's own parameters.
        if (line.profile === of.profile && line.id <= of.upTo) lines.push(line);
      }
    }
    yield lines;
    const last = blocks.at(-1);
    if (blocks.length < blocksPerRead || last === undefined) return;
    from = last.id + 1;
  }
}
