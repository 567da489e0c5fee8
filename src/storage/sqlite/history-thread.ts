import type { EventId, ProfileId, ProjectId } from '../../core/ids.ts';
import type { Line } from '../../core/line.ts';
import { openReader } from './open.ts';
import { readLinesOf } from './read-lines.ts';
import { serveThread } from './thread.ts';

export interface LinesRequest {
  readonly project: ProjectId;
  readonly profiles: readonly ProfileId[];
  readonly upTo: EventId;
}

/** Reads the past apart from the states, so that a long history delays nobody's write. */
serveThread<LinesRequest, { file: string }>(({ file }) => {
  const database = openReader(file);
  return (request): Line[] => [...readLinesOf(database, request)].flat();
});
