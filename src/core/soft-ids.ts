import type { Change } from './change.ts';
import type { NamedIdentity } from './identity.ts';
import { softIdsMax } from './limits.ts';
import { findIdentity, type Identity, type IdentityKind, isKeptByUse } from './profile.ts';

/**
 * Keeps soft ids in the order of their last use: of each kind, those that a command names become the newest, unless they
 * are already. Only then there is something to say, so a customer with one cookie costs nothing.
 */
export function useSoftIds(change: Change, ids: readonly NamedIdentity[]): void {
  let done: IdentityKind | undefined;
  for (let i = 0; i < ids.length; i++) {
    const { kind } = ids[i] as NamedIdentity;
    if (kind === done || !isKeptByUse(kind) || ids.findIndex((it) => it.kind === kind) < i) continue;
    useKind(change, kind, ids);
    done = kind;
  }
}

function useKind(change: Change, kind: IdentityKind, ids: readonly NamedIdentity[]): void {
  const named = new Set<Identity>();
  for (const id of ids) {
    const identity = id.kind === kind ? findIdentity(change.profile, kind, id.value) : undefined;
    if (identity !== undefined) named.add(identity);
  }
  if (named.size === 0) return;
  const newest = idsOf(change, kind).slice(-named.size);
  if (newest.every((identity) => named.has(identity))) return;
  for (const { id } of named) {
    change.say({ kind: 'identity_used', name: kind, identity: id, timeSec: change.nowSec, session: null });
  }
}

/** Makes room for `more` ids of a kind: the least recently used ones go. */
export function makeRoom(change: Change, kind: IdentityKind, more: number): void {
  const own = idsOf(change, kind);
  for (const identity of own.slice(0, Math.max(0, own.length + more - softIdsMax))) change.detach(identity);
}

/** The same for every kind, where two profiles may have more together than one keeps. */
export function dropTooMany(change: Change): void {
  const kinds = new Set(change.profile.identities.map(({ kind }) => kind).filter(isKeptByUse));
  for (const kind of kinds) makeRoom(change, kind, 0);
}

function idsOf(change: Change, kind: IdentityKind): Identity[] {
  return change.profile.identities.filter((identity) => identity.kind === kind);
}
