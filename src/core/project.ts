import type { ProjectId } from './ids.ts';

export type LeanplumKeyClass = 'production' | 'development' | 'dataExport' | 'contentReadOnly';
/** What a key may do: Leanplum's four classes, and Bloomreach's public tokens and private keys. */
export type KeyClass = LeanplumKeyClass | 'public' | 'private';

/** A tenant: one Leanplum app and one Bloomreach project at the same time, with its keys (as hashes only). */
export interface Project {
  readonly id: ProjectId;
  readonly name: string;
  readonly leanplumApp: string | null;
  readonly bloomreachToken: string | null;
  readonly leanplumKeys: readonly { readonly class: LeanplumKeyClass; readonly hash: Uint8Array }[];
  readonly publicTokens: readonly Uint8Array[];
  readonly privateKeys: readonly { readonly id: string; readonly hash: Uint8Array }[];
}
