import type { Line } from '../core/line.ts';
import type { Profile } from '../core/profile.ts';
import type { Lookups } from '../engine/lookups.ts';
import type { ProjectStore } from '../engine/project-store.ts';
import type { Projects } from '../engine/projects.ts';
import type { ErasureStore } from '../engine/store.ts';
import type { Engine } from '../engine/submit.ts';
import type { RequestTotals } from '../http/observe.ts';

/** What the admin API needs of the rest; `app.ts` fits it together. */
export interface AdminParts {
  readonly engine: Engine;
  readonly projects: Projects;
  readonly store: ProjectStore & ErasureStore;
  /** Encrypts a secret that has to be kept. */
  readonly seal: (secret: string) => Uint8Array;
  /** The newest lines of a profile as it was read, newest first, at most `limit`; undefined: they are too large together. */
  readonly newestLines: (profile: Profile, limit: number) => Promise<readonly Line[] | undefined>;
  /** Undefined while there is nothing to ask. */
  readonly query: RunQuery;
  readonly backups: Backups;
  readonly server: ServerFacts;
  readonly requests: RequestTotals;
  readonly lookups: Pick<Lookups, 'days'>;
  /** Items applied per second, lately. */
  readonly itemRate: { readonly perSecond: number };
  /** Bytes of the data folder and of what is free beside it. */
  readonly measureDisk: () => Promise<DiskUse>;
  /** How far the history is behind what is committed; undefined while there is no worker that could be. */
  readonly historyLag: () => HistoryLag;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Runs one read-only SQL statement over the documented views. Rejects with `QueryError` for what the caller can mend. */
export type RunQuery = (sql: string) => Promise<QueryResult>;

export interface QueryResult {
  readonly columns: { name: string; type: string }[];
  readonly rows: unknown[][];
  /** There were more rows than are given. */
  readonly truncated: boolean;
}

export interface ServerFacts {
  readonly version: string;
  readonly node: string;
  readonly schema: number;
  readonly pid: number;
  readonly address: string;
  readonly dataFolder: string;
  readonly startedMs: number;
}

export interface DiskUse {
  readonly databaseBytes: number;
  readonly walBytes: number;
  readonly historyBytes: number;
  readonly otherBytes: number;
  readonly freeBytes: number;
}

export interface HistoryLag {
  /** Lines committed and not yet taken in. */
  readonly lines: number;
  readonly seconds: number;
}

/** Makes copies of the data folder, one at a time. */
export interface Backups {
  /** Starts one; undefined while another is being made. */
  start(folder: string): BackupJob | undefined;
  find(id: string): BackupJob | undefined;
}

export interface BackupJob {
  readonly id: string;
  readonly folder: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly step: string;
  readonly doneBytes: number;
  /** What is known of it so far. */
  readonly totalBytes: number;
  readonly startedMs: number;
  readonly endedMs: number | null;
  /** Why it failed. */
  readonly problem: string | null;
}
