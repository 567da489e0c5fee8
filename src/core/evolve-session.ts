import { unreachable } from '../lib/assert.ts';
import { addToCounter } from './counter.ts';
import type { SessionId, StateId } from './ids.ts';
import { billingGapMs, pausesMax } from './limits.ts';
import type { Line } from './line.ts';
import type { Profile, Session } from './profile.ts';
import type {
  SessionContinuedLine,
  SessionEndedLine,
  SessionOpenedLine,
  SessionPausedLine,
  SessionResumedLine,
  StateEnteredLine,
  StateLeftLine,
  StatePausedLine,
  TimePassedLine,
} from './session-line.ts';
import { timerOf } from './session-table.ts';

type SessionLine =
  | SessionOpenedLine
  | SessionContinuedLine
  | SessionPausedLine
  | SessionResumedLine
  | SessionEndedLine
  | StateEnteredLine
  | StateLeftLine
  | StatePausedLine
  | TimePassedLine;

/** The part of `evolve` that is about sessions; the session's clocks have moved before (see `touch`). */
export function evolveSession(profile: Profile, line: SessionLine): void {
  const session = line.session === null ? undefined : profile.sessions.find((it) => it.id === line.session);
  switch (line.kind) {
    case 'session_opened':
      open(profile, line);
      break;
    case 'session_continued':
    case 'time_passed':
      break;
    case 'session_paused':
      if (session !== undefined) pause(profile, session);
      break;
    case 'session_resumed':
      if (session !== undefined) resume(profile, session);
      break;
    case 'session_ended':
      profile.sessions = profile.sessions.filter((it) => it !== session);
      profile.timeSpentMs += Math.round(line.spentSec * 1000);
      break;
    case 'state_entered':
      enter(profile, session, line);
      break;
    case 'state_left':
      if (session !== undefined) session.state = null;
      break;
    case 'state_paused':
    case 'state_resumed':
      if (session?.state) session.state.running = line.kind === 'state_resumed';
      break;
    default:
      unreachable(line);
  }
}

/**
 * Moves the clocks of the session in which a line happened: a session's clock never runs backwards, and never ahead of
 * the server's, whatever a client says.
 */
export function touch(profile: Profile, line: Line): void {
  if (line.kind === 'event' && line.passive) return;
  const session = profile.sessions.find((it) => it.id === line.session);
  if (session === undefined) return;
  session.heardMs = line.atMs;
  const atMs = Math.min(Math.round(line.timeSec * 1000), line.atMs);
  if (atMs > session.lastActiveMs) {
    if (session.phase === 'active') {
      session.spentMs += atMs - session.lastActiveMs;
      if (session.state?.running) session.state.spentMs += atMs - session.lastActiveMs;
    }
    session.lastActiveMs = atMs;
  }
  if (session.phase === 'active') beActive(profile, atMs);
}

/**
 * One timer a profile, set lazily: it may come too early, then the next one is set, but never too late. A busy user
 * moves it once in two hours.
 */
export function moveTimer(profile: Profile, line: Line): void {
  if (profile.sessions.length === 0) {
    profile.timerMs = null;
    return;
  }
  const isOver = line.kind === 'time_passed' || (profile.timerMs !== null && line.atMs > profile.timerMs);
  const dueMs = timerOf(profile);
  if (isOver || profile.timerMs === null || (dueMs !== null && dueMs < profile.timerMs)) {
    profile.timerMs = dueMs;
  }
}

function open(profile: Profile, line: SessionOpenedLine): void {
  const openedMs = Math.min(Math.round(line.timeSec * 1000), line.atMs);
  profile.sessions.push({
    id: line.id as number as SessionId,
    device: line.device,
    phase: line.background ? 'background' : 'active',
    openedMs,
    lastActiveMs: openedMs,
    heardMs: line.atMs,
    spentMs: 0,
    events: 0,
    states: 0,
    state: null,
  });
  if (!line.background) countSession(profile, openedMs);
}

function pause(profile: Profile, session: Session): void {
  session.phase = 'paused';
  const { device, lastActiveMs: atMs } = session;
  const rest = profile.pauses.filter((it) => it.device !== device && it.atMs > atMs - billingGapMs);
  profile.pauses = [...rest.slice(1 - pausesMax), { device, atMs }];
}

function resume(profile: Profile, session: Session): void {
  if (session.phase === 'background') countSession(profile, session.lastActiveMs);
  session.phase = 'active';
  if (session.state !== null) session.state.running = true;
  beActive(profile, session.lastActiveMs);
}

function countSession(profile: Profile, atMs: number): void {
  profile.totalSessions += 1;
  beActive(profile, atMs);
}

function beActive(profile: Profile, atMs: number): void {
  profile.lastActiveMs = Math.max(profile.lastActiveMs ?? atMs, atMs);
}

function enter(profile: Profile, session: Session | undefined, line: StateEnteredLine): void {
  if (addToCounter(profile.states, line, null)) profile.size += line.name.length + 64;
  if (session === undefined) return;
  session.states += 1;
  session.state = {
    id: line.id as number as StateId,
    name: line.name,
    enteredMs: session.lastActiveMs,
    running: true,
    spentMs: 0,
  };
}
