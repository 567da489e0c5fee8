import type { EventId, IdentityId, ProfileId, ProjectId } from '../../core/ids.ts';
import { firstEventId } from '../../core/ids.ts';
import { type EventLine, type Line, writeLine } from '../../core/line.ts';
import type { IdentityKind } from '../../core/profile.ts';
import type { Block, IdentityKey, Wanted, WriteSet } from '../../engine/store.ts';

/** Two tenants of the contract suites. */
export const shop = 1 as ProjectId;
export const bank = 2 as ProjectId;

/** The id of the n-th line of a store; a profile has the number of its first line. */
export function eventId(n: number): EventId {
  return (firstEventId + n) as EventId;
}

export function profileId(n: number): ProfileId {
  return eventId(n) as number as ProfileId;
}

/** A group that changes only what is given. */
export function writeSet(changes: Partial<WriteSet>): WriteSet {
  const nothing = {
    profiles: [],
    removed: [],
    erasures: [],
    identities: [],
    detached: [],
    blocks: [],
    records: [],
    timers: [],
    doneTimers: [],
    contents: [],
  };
  return { rowsUpTo: undefined, nowMs: 1_700_000_000_000, ...nothing, ...changes };
}

export function wanted(keys: Partial<Wanted>): Wanted {
  return { identities: [], profiles: [], records: [], behind: [], contents: [], ...keys };
}

export function identityKey(project: ProjectId, kind: IdentityKind, value: string): IdentityKey {
  return { project, kind, value };
}

/** Gives the profile with number `owner` an id; `n` is the number of the line that says so. */
export function identityRow(key: IdentityKey, n: number, owner: number): WriteSet['identities'][number] {
  return { ...key, id: eventId(n) as number as IdentityId, profile: profileId(owner) };
}

/** The lines of one commit and project, as the engine hands them over. */
export function block(project: ProjectId, lines: readonly Line[]): Block {
  const [first, last] = [lines.at(0), lines.at(-1)];
  if (first === undefined || last === undefined) throw new Error('a block has lines');
  const body = lines.map(writeLine).join('\n');
  return { project, firstEvent: first.id, lastEvent: last.id, lines: lines.length, body };
}

/** An event with number `n` of the profile with number `of`. */
export function eventLine(
  n: number,
  of: number,
  options: { project?: ProjectId; name?: string; params?: Extract<Line, { kind: 'event' }>['params'] } = {},
): EventLine {
  return {
    kind: 'event',
    id: eventId(n),
    project: options.project ?? shop,
    profile: profileId(of),
    atMs: 1_700_000_000_000 + n,
    timeSec: 1_700_000_000 + n / 1000,
    session: null,
    name: options.name ?? 'opened',
    value: null,
    info: null,
    params: options.params ?? {},
    device: null,
    state: null,
    passive: false,
    stamped: false,
  };
}
