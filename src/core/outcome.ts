import type { SkippedNames } from './content/screen.ts';
import type { Profile } from './profile.ts';

/** The answer to one command. A dialect has one file that renders all of them; no HTTP status below a dialect. */
export type Outcome =
  /**
   * Done. `offline`: an event or a state recorded while no session was active. `skipped`: attributes that could not be
   * incremented, if there were any. `names`: what was left out because there may be no more names. `full`: what was
   * because the profile has reached its size limit.
   */
  | {
      readonly code: 'applied';
      readonly offline: boolean;
      readonly skipped?: readonly string[];
      readonly names?: readonly SkippedNames[];
      readonly full?: readonly string[];
    }
  /** Seen before (a repeat of an SDK's pair, an exact duplicate event): answered as done, nothing changed. */
  | { readonly code: 'duplicate' }
  /** No such user, and the command does not create one. Nothing changed. */
  | { readonly code: 'user_not_found' }
  /** It may only be done in an active session, and there is none. Nothing changed. */
  | { readonly code: 'no_session' }
  /** What it is about has a name that may not be used: it is not recorded. Nothing changed. */
  | { readonly code: 'name_skipped'; readonly names: readonly SkippedNames[] }
  /** The session has as many events or states as it may have: this one is not recorded. */
  | { readonly code: 'session_full'; readonly of: 'events' | 'states' }
  /** The profile has reached its size limit and the command would make it grow: what would, is not done. */
  | { readonly code: 'profile_full' }
  /** Nothing is kept about this user, by his wish. Nothing changed. */
  | { readonly code: 'blocked' }
  /** The device named has been used by a user with an id: he has to be named by it. Nothing changed. */
  | { readonly code: 'id_needed' }
  /** A bug of ours met this command; the error is for the log. What it had changed until then is stored. */
  | { readonly code: 'failed'; readonly error: unknown }
  /** What a read found; a copy that later commands do not change. */
  | { readonly code: 'profile'; readonly profile: Profile };

export const applied: Outcome = { code: 'applied', offline: false };
export const appliedOffline: Outcome = { code: 'applied', offline: true };
export const duplicate: Outcome = { code: 'duplicate' };
export const userNotFound: Outcome = { code: 'user_not_found' };
export const noSession: Outcome = { code: 'no_session' };
export const eventsFull: Outcome = { code: 'session_full', of: 'events' };
export const statesFull: Outcome = { code: 'session_full', of: 'states' };
export const blocked: Outcome = { code: 'blocked' };
export const idNeeded: Outcome = { code: 'id_needed' };
export const profileFull: Outcome = { code: 'profile_full' };

/** Whether the command was carried out, so that a repeat of it is none; a failure may be repeated. */
export function isCarriedOut({ code }: Outcome): boolean {
  return code === 'applied' || code === 'no_session' || code === 'session_full' || code === 'name_skipped';
}
