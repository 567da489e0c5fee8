import type { ProjectId } from '../core/ids.ts';
import type { DeclaredPermissions } from '../core/project/permissions.ts';
import type { DeclaredSettings, KeyClass, Project } from '../core/project.ts';

/** What the operator's tools need of a store: projects and their keys. Implementations: storage/sqlite. */
export interface ProjectStore {
  /** Resolves when the change is on disk, or says why it cannot be made. Rejects with `StoreFullError` for lack of room. */
  changeProjects(change: ProjectChange, nowMs: number): Promise<ProjectsChanged>;

  /** Every key a project ever had, the revoked ones too, oldest first. */
  keysOf(project: ProjectId): Promise<readonly StoredKey[]>;
}

export interface NewKey {
  readonly class: KeyClass;
  /** The public half of a private Bloomreach key; empty for the others. */
  readonly keyId: string;
  readonly hash: Uint8Array;
  /** The secret of a private key, encrypted; null for the others, of which nothing but the hash is kept. */
  readonly sealed: Uint8Array | null;
  /** Null: those of its class (see `defaultPermissions`). */
  readonly permissions: DeclaredPermissions | null;
}

/** A key by its name (see `nameSecret`). */
type OfKey = { readonly project: ProjectId; readonly key: string };

export type ProjectChange =
  | {
      readonly do: 'create';
      readonly name: string;
      readonly leanplumApp: string;
      readonly bloomreachToken: string;
      readonly keys: readonly NewKey[];
    }
  | { readonly do: 'add_key'; readonly project: ProjectId; readonly key: NewKey }
  | (OfKey & { readonly do: 'revoke_key' })
  /**
   * A private key gets another secret. The one it had goes on until `untilMs`; one that a rotation has ended already
   * ends now, so that there are two at most.
   */
  | (OfKey & {
      readonly do: 'rotate_key';
      readonly hash: Uint8Array;
      readonly sealed: Uint8Array;
      readonly untilMs: number;
    })
  /** Of a Bloomreach key; of a private one, for all its secrets. */
  | (OfKey & { readonly do: 'set_permissions'; readonly permissions: DeclaredPermissions })
  | { readonly do: 'set_settings'; readonly project: ProjectId; readonly settings: DeclaredSettings };

export type ProjectsChanged =
  /** `projects`: all as they are now. */
  | { readonly problem: undefined; readonly projects: readonly Project[] }
  | { readonly problem: 'name_taken' | 'app_taken' | 'token_taken' | 'no_such_key' | 'wrong_class' }
  /** Id types that cannot be declared: as such, or because of ids that somebody has. */
  | { readonly problem: 'ids_wrong' | 'ids_in_use'; readonly reason: string };

export interface StoredKey {
  /** Names the key without giving it away: see `nameSecret`. */
  readonly id: string;
  readonly class: KeyClass;
  readonly keyId: string;
  /** Null for keys from before this was kept. */
  readonly createdMs: number | null;
  /** When a rotation ends it; null: it does not end by itself. */
  readonly expiresMs: number | null;
  readonly revokedMs: number | null;
  /** Null for Leanplum's keys, whose class says it. */
  readonly permissions: DeclaredPermissions | null;
}
