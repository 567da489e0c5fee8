import type { EventId, ProfileId, ProjectId } from '../../core/ids.ts';
import type { Line } from '../../core/line.ts';
import type { History, Page, WantedLines, WriteSet } from '../../engine/store.ts';
import { block, eventId, shop, writeSet } from './write-sets.ts';

export interface HistoryUnderTest {
  readonly history: History;
  /** Stores a group; resolves when it is committed. */
  append(group: WriteSet): Promise<void>;
  close(): Promise<void>;
}

export type Check = (title: string, run: (under: HistoryUnderTest) => Promise<void>) => void;

export const end = eventId(1_000_000);

/** One group per list of lines. */
export async function append(
  under: HistoryUnderTest,
  ...groups: readonly (readonly Line[])[]
): Promise<void> {
  for (const lines of groups) await under.append(writeSet({ blocks: [block(shop, lines)] }));
}

/** The first page of a profile's lines in the order of apply, or as `asked`. */
export async function linesOf(...asked: Parameters<typeof pageOf>): Promise<readonly Line[]> {
  return (await pageOf(...asked)).lines;
}

/** The same, with what it says of itself. */
export function pageOf(
  under: HistoryUnderTest,
  project: ProjectId,
  profile: ProfileId | readonly ProfileId[],
  upTo: EventId,
  asked: Partial<WantedLines> = {},
): Promise<Page> {
  const profiles = [profile].flat();
  return under.history.linesOf({ project, profiles, upTo, by: 'id', order: 'asc', limit: 1_000, ...asked });
}

export function numbersOf(lines: readonly Line[]): number[] {
  return lines.map((line) => line.id - eventId(0));
}
