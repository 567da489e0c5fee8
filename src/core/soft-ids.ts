import type { Change } from './change.ts';
import type { NamedIdentity } from './identity.ts';
import { cookiesMax } from './limits.ts';
import { findIdentity, type Identity } from './profile.ts';

/**
 * Keeps cookies in the order of their last use: those that a command names become the newest, unless they are already.
 * Only then there is something to say, so a customer with one cookie costs nothing.
 */
export function useCookies(change: Change, ids: readonly NamedIdentity[]): void {
  const named = new Set<Identity>();
  for (const { kind, value } of ids) {
    const identity = kind === 'cookie' ? findIdentity(change.profile, kind, value) : undefined;
    if (identity !== undefined) named.add(identity);
  }
  if (named.size === 0) return;
  const newest = cookiesOf(change).slice(-named.size);
  if (newest.every((identity) => named.has(identity))) return;
  for (const { id } of named) {
    change.say({
      kind: 'identity_used',
      name: 'cookie',
      identity: id,
      timeSec: change.nowSec,
      session: null,
    });
  }
}

/** Makes room for `more` cookies: the least recently used ones go. */
export function makeRoomForCookies(change: Change, more: number): void {
  const cookies = cookiesOf(change);
  for (const identity of cookies.slice(0, Math.max(0, cookies.length + more - cookiesMax)))
    change.detach(identity);
}

function cookiesOf(change: Change): Identity[] {
  return change.profile.identities.filter((identity) => identity.kind === 'cookie');
}
