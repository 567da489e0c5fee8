import type { ProfileId, ProjectId } from '../../core/ids.ts';
import type { Found, Wanted, WriteSet } from '../../engine/store.ts';

/** What is wanted, as it crosses to the reader thread: JSON, which is quicker to copy than many small objects. */
export type PackedWanted = string;

export function packWanted(wanted: Wanted): PackedWanted {
  return JSON.stringify(wanted);
}

export function unpackWanted(packed: PackedWanted): Wanted {
  return JSON.parse(packed) as Wanted;
}

/** What was found, as it comes back: numbers as numbers, documents as one text. 0 and '' stand for null. */
export interface PackedFound {
  readonly identities: Float64Array;
  readonly profileIds: Float64Array;
  readonly profileDocuments: string;
  readonly records: string;
}

export function packFound({ identities, profiles, records }: Found): PackedFound {
  return {
    identities: Float64Array.from(identities, (id) => id ?? 0),
    profileIds: Float64Array.from(profiles, (it) => it.id),
    profileDocuments: profiles.map((it) => it.document).join('\n'),
    records: records.map((it) => it ?? '').join('\n'),
  };
}

export function unpackFound(packed: PackedFound, wanted: Wanted): Found {
  const documents = packed.profileDocuments.split('\n');
  const records = packed.records.split('\n');
  return {
    identities: Array.from(packed.identities, (id) => (id === 0 ? null : (id as ProfileId))),
    profiles: Array.from(packed.profileIds, (id, index) => ({
      id: id as ProfileId,
      document: documents[index] as string,
    })),
    records: wanted.records.map((_key, index) => records[index] || null),
  };
}

/**
 * A write-set as it crosses to the writer thread. Copying thousands of small objects costs more than writing them, so
 * the many documents travel as one text; JSON text holds no line feeds of its own.
 */
export interface PackedWriteSet {
  readonly nowMs: number;
  readonly profileIds: Float64Array;
  readonly profileProjects: Float64Array;
  readonly profileDocuments: string;
  readonly recordKeys: string;
  readonly recordDocuments: string;
  readonly identities: WriteSet['identities'];
  readonly detached: WriteSet['detached'];
  readonly blocks: WriteSet['blocks'];
}

export function packWriteSet({
  nowMs,
  profiles,
  records,
  identities,
  detached,
  blocks,
}: WriteSet): PackedWriteSet {
  return {
    nowMs,
    profileIds: Float64Array.from(profiles, (it) => it.id),
    profileProjects: Float64Array.from(profiles, (it) => it.project),
    profileDocuments: profiles.map((it) => it.document).join('\n'),
    recordKeys: JSON.stringify(records.map((it) => it.key)),
    recordDocuments: records.map((it) => it.document).join('\n'),
    identities,
    detached,
    blocks,
  };
}

export function unpackWriteSet(packed: PackedWriteSet): WriteSet {
  const documents = packed.profileDocuments.split('\n');
  const recordDocuments = packed.recordDocuments.split('\n');
  return {
    nowMs: packed.nowMs,
    profiles: Array.from(packed.profileIds, (id, index) => ({
      id: id as ProfileId,
      project: packed.profileProjects[index] as ProjectId,
      document: documents[index] as string,
    })),
    records: (JSON.parse(packed.recordKeys) as string[]).map((key, index) => ({
      key,
      document: recordDocuments[index] as string,
    })),
    identities: packed.identities,
    detached: packed.detached,
    blocks: packed.blocks,
  };
}
