import { unreachable } from '../../lib/assert.ts';
import type { Change } from '../change.ts';
import type { SteerSession } from '../command.ts';
import { totalCount } from '../counter.ts';
import type { IdentityId } from '../ids.ts';
import { billingGapMs, openSessionsMax } from '../limits.ts';
import { applied, type Outcome } from '../outcome.ts';
import type { Session } from '../profile.ts';
import { deviceOf, endSession, leaveState, phaseOf, sessionOf } from '../session.ts';
import { type SessionAction, sessionSteps } from '../session-table.ts';

/** Carries out what the table says for the session that the command means (Leanplum contract 2.2, 3.1). */
export function steerSession(change: Change, { action, ids, timeSec }: SteerSession): Outcome {
  const device = deviceOf(change.profile, ids);
  const session = sessionOf(change.profile, device, { waiting: action === 'resume' });
  takeStep(change, session, { action, device, atMs: change.happenedMs(timeSec) });
  return applied;
}

/** The actions that need nothing but a session and a time. */
type PlainAction = Exclude<SessionAction, 'enter_state' | 'time_out'>;

interface Asked {
  readonly action: PlainAction;
  /** The device on which a session would be opened. */
  readonly device: IdentityId | null;
  readonly atMs: number;
}

/** One step of the machine. `session` is the open session that is meant; a client's time cannot turn its clock back. */
export function takeStep(change: Change, session: Session | undefined, asked: Asked): void {
  const step = sessionSteps[phaseOf(session)][asked.action];
  if (session === undefined) {
    if (step === 'open' || step === 'open_background') open(change, asked, step === 'open_background');
    return;
  }
  const atMs = Math.max(asked.atMs, session.lastActiveMs);
  const line = { session: session.id, timeSec: atMs / 1000 };
  switch (step) {
    case 'nothing':
    case 'open':
    case 'open_background':
    case 'enter_state':
    case 'enter_state_offline':
      break;
    case 'reopen':
    case 'reopen_background':
      endSession(change, session, session.lastActiveMs);
      open(change, asked, step === 'reopen_background');
      break;
    case 'go_on':
      change.say({ kind: 'session_continued', ...line });
      break;
    case 'pause':
      change.say({ kind: 'session_paused', ...line });
      break;
    case 'resume':
      change.say({ kind: 'session_resumed', ...line, billed: isBilled(change, session.device, atMs) });
      break;
    case 'end':
      endSession(change, session, session.phase === 'active' ? atMs : session.lastActiveMs);
      break;
    case 'expire':
      endSession(change, session, session.lastActiveMs);
      break;
    case 'leave_state':
      if (session.state === null) change.say({ kind: 'session_continued', ...line });
      else leaveState(change, session, atMs);
      break;
    case 'pause_state':
    case 'resume_state':
      steerState(change, session, { running: step === 'resume_state', atMs });
      break;
    default:
      unreachable(step);
  }
}

/** A state whose clock already does what is asked, or none, leaves a sign of life. */
function steerState(change: Change, session: Session, { running, atMs }: { running: boolean; atMs: number }) {
  const line = { session: session.id, timeSec: atMs / 1000 };
  const { state } = session;
  if (state === null || state.running === running) change.say({ kind: 'session_continued', ...line });
  else change.say({ kind: running ? 'state_resumed' : 'state_paused', ...line, state: state.id });
}

function open(change: Change, { device, atMs }: Asked, background: boolean): void {
  const { profile } = change;
  const [first] = [...profile.sessions].sort((a, b) => a.lastActiveMs - b.lastActiveMs);
  if (first !== undefined && profile.sessions.length >= openSessionsMax) {
    endSession(change, first, first.lastActiveMs);
  }
  change.say({
    kind: 'session_opened',
    session: null,
    timeSec: atMs / 1000,
    device,
    background,
    billed: !background && isBilled(change, device, atMs),
    prior: {
      events: totalCount(profile.counters),
      states: totalCount(profile.states),
      sessions: profile.totalSessions,
      spentSec: profile.timeSpentMs / 1000,
    },
  });
}

/** At least 30 minutes after the latest pause on the same device (Leanplum contract 3.4). */
function isBilled(change: Change, device: IdentityId | null, atMs: number): boolean {
  const pause = change.profile.pauses.find((it) => it.device === device);
  return pause === undefined || atMs >= pause.atMs + billingGapMs;
}
