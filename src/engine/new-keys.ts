import { randomUUID } from 'node:crypto';
import type { DeclaredPermissions } from '../core/project/permissions.ts';
import type { KeyClass, LeanplumKeyClass } from '../core/project.ts';
import { hashSecret, newSecret } from '../lib/secret.ts';
import type { NewKey } from './project-store.ts';

/** Leanplum's keys have the prefixes and form of the vendor's (contract 1.7). */
const leanplumPrefixes: Readonly<Record<LeanplumKeyClass, string>> = {
  production: 'prod_',
  development: 'dev_',
  dataExport: 'exp_',
  contentReadOnly: 'cro_',
};

export const keyClasses = [
  'production',
  'development',
  'dataExport',
  'contentReadOnly',
  'public',
  'private',
] as const satisfies readonly KeyClass[];

/** A key as it is made: its value is shown once, to whoever asked for it, and stored as a hash only (design D11). */
export interface MadeKey {
  readonly class: KeyClass;
  /** The public half of a private Bloomreach key; empty for the others. */
  readonly keyId: string;
  readonly value: string;
}

export function makeKey(keyClass: KeyClass): MadeKey {
  if (keyClass === 'public') return { class: keyClass, keyId: '', value: newSecret() };
  if (keyClass === 'private') return { class: keyClass, keyId: newSecret(), value: newSecret() };
  return { class: keyClass, keyId: '', value: leanplumPrefixes[keyClass] + newSecret() };
}

/** A made key as it is stored; `seal` encrypts the secret of a private one. */
export function storeKey(
  { class: keyClass, keyId, value }: MadeKey,
  seal: (secret: string) => Uint8Array,
  permissions: DeclaredPermissions | null = null,
): NewKey {
  const sealed = keyClass === 'private' ? seal(value) : null;
  return { class: keyClass, keyId, hash: hashSecret(value), sealed, permissions };
}

export function makeLeanplumApp(): string {
  return `app_${newSecret()}`;
}

export function makeBloomreachToken(): string {
  return randomUUID();
}
