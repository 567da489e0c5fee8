import type { ProjectId } from './ids.ts';
import type { DeclaredIds, IdTypes } from './project/id-types.ts';
import type { Permissions } from './project/permissions.ts';

export type LeanplumKeyClass = 'production' | 'development' | 'dataExport' | 'contentReadOnly';
/** What a key may do: Leanplum's four classes, and Bloomreach's public tokens and private keys. */
export type KeyClass = LeanplumKeyClass | 'public' | 'private';

export interface PublicToken {
  readonly hash: Uint8Array;
  readonly permissions: Permissions;
}

/** One secret of a private key; a key that was rotated has two, under one id. */
export interface PrivateKey {
  readonly id: string;
  readonly hash: Uint8Array;
  /** The secret itself, sealed (design D11); null: only its hash is known. */
  readonly sealed: Uint8Array | null;
  /** Milliseconds since 1970; null: it does not end. */
  readonly expiresMs: number | null;
  readonly permissions: Permissions;
}

/** What people may agree to; its id is what consent events name. */
export interface ConsentCategory {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly legitimateInterest: boolean;
}

/** What an operator sets for one project. */
export interface ProjectSettings {
  readonly ids: DeclaredIds;
  readonly consentCategories: readonly ConsentCategory[];
  /** Properties that say who somebody is: anonymizing takes them away, beside all ids (Bloomreach contract 4.5). */
  readonly privateProperties: readonly string[];
  /** Failures of single Bloomreach routes come with status 200, as they once did (contract 3.5). */
  readonly legacySingleErrors200: boolean;
}

/** Settings as they are declared and stored: what is left out stays as it is. */
export interface DeclaredSettings {
  readonly ids?: DeclaredIds;
  readonly consentCategories?: readonly (Pick<ConsentCategory, 'id' | 'name'> & Partial<ConsentCategory>)[];
  readonly privateProperties?: readonly string[];
  readonly legacySingleErrors200?: boolean;
}

/**
 * One category from the start: the Android SDK reports an error when there is none (contract 4.6). Private are what people are
 * called, where they can be reached, and the tokens of their phones.
 */
export const defaultSettings: ProjectSettings = {
  ids: { hard: ['registered'], soft: ['cookie'] },
  consentCategories: [{ id: 'newsletter', name: 'Newsletter', description: null, legitimateInterest: false }],
  privateProperties: [
    'email',
    'phone',
    'first_name',
    'last_name',
    'name',
    'birth_date',
    'address',
    'ip',
    'google_push_notification_id',
    'huawei_push_notification_id',
    'apple_push_notification_id',
  ],
  legacySingleErrors200: false,
};

/** A tenant: one Leanplum app and one Bloomreach project at the same time, with its keys (as hashes only). */
export interface Project {
  readonly id: ProjectId;
  readonly name: string;
  readonly leanplumApp: string | null;
  readonly bloomreachToken: string | null;
  readonly settings: ProjectSettings;
  /** `settings.ids`, as every request asks for them. */
  readonly idTypes: IdTypes;
  readonly leanplumKeys: readonly { readonly class: LeanplumKeyClass; readonly hash: Uint8Array }[];
  readonly publicTokens: readonly PublicToken[];
  readonly privateKeys: readonly PrivateKey[];
}
