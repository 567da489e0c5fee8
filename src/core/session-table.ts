import { pauseTimeoutMs, sessionTimeoutMs } from './limits.ts';
import type { Profile, SessionPhase } from './profile.ts';

/*
 * Sessions as a total state machine (Leanplum contract 2.2, 3.1 to 3.3): every phase has an answer for everything that
 * can happen, so a new phase or action does not compile before it has its column and row.
 */

/** Where the session stands that an action means. `ended`: none is open, not yet or not any more. */
export type Phase = SessionPhase | 'ended';

/** What an action asks of the session it means. */
export type SessionAction =
  /** The app was started, in front of its user or in the background. */
  | 'start'
  | 'start_background'
  /** A caller that is no SDK says start before everything it sends: it goes on with what is open. */
  | 'continue'
  | 'continue_background'
  | 'stop'
  | 'pause'
  | 'resume'
  | 'heartbeat'
  | 'enter_state'
  | 'leave_state'
  | 'pause_state'
  | 'resume_state'
  /** The timeout of its phase has passed. */
  | 'time_out';

/** What follows from it. */
export type SessionStep =
  | 'nothing'
  | 'open'
  | 'open_background'
  /** The open session ends at its last activity, another one begins. */
  | 'reopen'
  | 'reopen_background'
  /** It goes on: activity, and nothing else. */
  | 'go_on'
  | 'pause'
  /** A pause ends, or a session of the background becomes one that counts. The state's clock runs again. */
  | 'resume'
  /** It ends now, or at its last activity when it was not active. */
  | 'end'
  /** It ends at its last activity: nobody was there any more. */
  | 'expire'
  | 'enter_state'
  /** A state outside of a session: counted and kept, it has no duration. */
  | 'enter_state_offline'
  | 'leave_state'
  | 'pause_state'
  | 'resume_state';

export const sessionSteps: { readonly [In in Phase]: { readonly [On in SessionAction]: SessionStep } } = {
  ended: {
    start: 'open',
    start_background: 'open_background',
    continue: 'open',
    continue_background: 'open_background',
    stop: 'nothing',
    pause: 'nothing',
    resume: 'open',
    heartbeat: 'nothing',
    enter_state: 'enter_state_offline',
    leave_state: 'nothing',
    pause_state: 'nothing',
    resume_state: 'nothing',
    time_out: 'nothing',
  },
  active: {
    start: 'reopen',
    start_background: 'reopen_background',
    continue: 'go_on',
    continue_background: 'go_on',
    stop: 'end',
    pause: 'pause',
    resume: 'go_on',
    heartbeat: 'go_on',
    enter_state: 'enter_state',
    leave_state: 'leave_state',
    pause_state: 'pause_state',
    resume_state: 'resume_state',
    time_out: 'expire',
  },
  // Its 30 minutes count from the pause, whatever is sent meanwhile.
  paused: {
    start: 'reopen',
    start_background: 'reopen_background',
    continue: 'resume',
    continue_background: 'nothing',
    stop: 'end',
    pause: 'nothing',
    resume: 'resume',
    heartbeat: 'nothing',
    enter_state: 'enter_state_offline',
    leave_state: 'nothing',
    pause_state: 'nothing',
    resume_state: 'nothing',
    time_out: 'expire',
  },
  // It does not count before it is resumed.
  background: {
    start: 'reopen',
    start_background: 'reopen_background',
    continue: 'resume',
    continue_background: 'go_on',
    stop: 'end',
    pause: 'nothing',
    resume: 'resume',
    heartbeat: 'go_on',
    enter_state: 'enter_state_offline',
    leave_state: 'nothing',
    pause_state: 'nothing',
    resume_state: 'nothing',
    time_out: 'expire',
  },
};

/** What is recorded without asking anything of the session; a change is one of what is known about the user. */
export type Recorded = 'event' | 'passive_event' | 'change';

/**
 * Where it belongs: in the session as activity, in the session without being activity, or outside of any session
 * ("offline", contract 3.2).
 */
export type Place = 'inside' | 'beside' | 'outside';

export const recordPlaces: { readonly [In in Phase]: { readonly [What in Recorded]: Place } } = {
  ended: { event: 'outside', passive_event: 'outside', change: 'outside' },
  active: { event: 'inside', passive_event: 'beside', change: 'inside' },
  paused: { event: 'outside', passive_event: 'outside', change: 'outside' },
  background: { event: 'outside', passive_event: 'outside', change: 'outside' },
};

/** How long a session in a phase may go without activity. */
export const timeoutsMs: { readonly [In in SessionPhase]: number } = {
  active: sessionTimeoutMs,
  paused: pauseTimeoutMs,
  background: sessionTimeoutMs,
};

/** Server time until which no session of the profile times out; null: none is open. */
export function timerOf(profile: Profile): number | null {
  let dueMs: number | null = null;
  for (const { heardMs, phase } of profile.sessions) {
    const endsMs = heardMs + timeoutsMs[phase];
    if (dueMs === null || endsMs < dueMs) dueMs = endsMs;
  }
  return dueMs;
}
