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

/** The lists of many small objects, flat; the rest as it is. */
export interface PackedWriteSet extends Omit<WriteSet, 'profiles' | 'records' | 'timers' | 'doneTimers'> {
  readonly profileIds: readonly ProfileId[];
  readonly profileProjects: readonly ProjectId[];
  readonly profileDocuments: readonly string[];
  readonly recordKeys: readonly string[];
  readonly recordDocuments: readonly string[];
  readonly timers: PackedTimers;
  readonly doneTimers: PackedTimers;
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

export function packWriteSet({ profiles, records, timers, doneTimers, ...rest }: WriteSet): PackedWriteSet {
  return {
    ...rest,
    profileIds: profiles.map((it) => it.id),
    profileProjects: profiles.map((it) => it.project),
    profileDocuments: profiles.map((it) => it.document),
    recordKeys: records.map((it) => it.key),
    recordDocuments: records.map((it) => it.document),
    timers: packTimers(timers),
    doneTimers: packTimers(doneTimers),
  };
}

export function unpackWriteSet({
  profileIds,
  profileProjects,
  profileDocuments,
  recordKeys,
  recordDocuments,
  timers,
  doneTimers,
  ...rest
}: PackedWriteSet): WriteSet {
  return {
    ...rest,
    profiles: profileDocuments.map((document, index) => ({
      id: profileIds[index] as ProfileId,
      project: profileProjects[index] as ProjectId,
      document,
    })),
    records: recordKeys.map((key, index) => ({ key, document: recordDocuments[index] as string })),
    timers: unpackTimers(timers),
    doneTimers: unpackTimers(doneTimers),
  };
}
