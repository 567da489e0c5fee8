import type { ProfileId, ProjectId } from '../../core/ids.ts';
import type { Found, Timer, Wanted, WriteSet } from '../../engine/store.ts';

/*
 * What crosses to the threads and back: lists of texts and numbers. Copying thousands of small objects costs more than
 * reading or writing them. Documents stay texts of their own: parts of one long text would keep all of it in memory.
 */

export type PackedWanted = string;

export function packWanted(wanted: Wanted): PackedWanted {
  return JSON.stringify(wanted);
}

export function unpackWanted(packed: PackedWanted): Wanted {
  return JSON.parse(packed) as Wanted;
}

export interface PackedFound {
  readonly identities: Found['identities'];
  readonly profileIds: readonly ProfileId[];
  readonly profileDocuments: readonly string[];
  readonly records: Found['records'];
  readonly contents: Found['contents'];
}

export function packFound({ identities, profiles, records, contents }: Found): PackedFound {
  return {
    identities,
    profileIds: profiles.map((it) => it.id),
    profileDocuments: profiles.map((it) => it.document),
    records,
    contents,
  };
}

export function unpackFound(packed: PackedFound): Found {
  return {
    identities: packed.identities,
    profiles: packed.profileDocuments.map((document, index) => ({
      id: packed.profileIds[index] as ProfileId,
      document,
    })),
    records: packed.records,
    contents: packed.contents,
  };
}

export interface PackedWriteSet {
  readonly nowMs: number;
  readonly profileIds: readonly ProfileId[];
  readonly profileProjects: readonly ProjectId[];
  readonly profileDocuments: readonly string[];
  readonly removed: WriteSet['removed'];
  readonly erasures: WriteSet['erasures'];
  readonly recordKeys: readonly string[];
  readonly recordDocuments: readonly string[];
  readonly identities: WriteSet['identities'];
  readonly detached: WriteSet['detached'];
  readonly blocks: WriteSet['blocks'];
  readonly rowsUpTo: WriteSet['rowsUpTo'];
  readonly timers: PackedTimers;
  readonly doneTimers: PackedTimers;
  readonly contents: WriteSet['contents'];
}

/** Due, project, profile, and so on. */
export type PackedTimers = readonly number[];

export function packTimers(timers: readonly Timer[]): PackedTimers {
  return timers.flatMap(({ dueMs, project, profile }) => [dueMs, project, profile]);
}

export function unpackTimers(packed: PackedTimers): Timer[] {
  return Array.from({ length: packed.length / 3 }, (_, index) => {
    const [dueMs, project, profile] = packed.slice(index * 3, index * 3 + 3);
    return { dueMs: dueMs as number, project: project as ProjectId, profile: profile as ProfileId };
  });
}

export function packWriteSet(group: WriteSet): PackedWriteSet {
  const { nowMs, profiles, removed, erasures, records, identities, detached, blocks, rowsUpTo, contents } =
    group;
  return {
    nowMs,
    profileIds: profiles.map((it) => it.id),
    profileProjects: profiles.map((it) => it.project),
    profileDocuments: profiles.map((it) => it.document),
    removed,
    erasures,
    recordKeys: records.map((it) => it.key),
    recordDocuments: records.map((it) => it.document),
    identities,
    detached,
    blocks,
    rowsUpTo,
    timers: packTimers(group.timers),
    doneTimers: packTimers(group.doneTimers),
    contents,
  };
}

export function unpackWriteSet(packed: PackedWriteSet): WriteSet {
  const { nowMs, removed, erasures, identities, detached, blocks, rowsUpTo, contents } = packed;
  return {
    nowMs,
    profiles: packed.profileDocuments.map((document, index) => ({
      id: packed.profileIds[index] as ProfileId,
      project: packed.profileProjects[index] as ProjectId,
      document,
    })),
    removed,
    erasures,
    records: packed.recordKeys.map((key, index) => ({
      key,
      document: packed.recordDocuments[index] as string,
    })),
    identities,
    detached,
    blocks,
    rowsUpTo,
    timers: unpackTimers(packed.timers),
    doneTimers: unpackTimers(packed.doneTimers),
    contents,
  };
}
