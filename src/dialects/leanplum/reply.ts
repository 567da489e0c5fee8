import type { Outcome } from '../../core/outcome.ts';
import { unreachable } from '../../lib/assert.ts';
import type { ReplyFields } from './action.ts';
import { type Fault, faults } from './fault.ts';
import { namesBeyond, spellOut } from './rules/names.ts';

/** An HTTP answer. The body is an envelope for every status (contract 1.9). */
export interface Reply {
  readonly status: number;
  readonly body: string;
}

/**
 * The envelope: one element per action, in request order (contract 1.8). `migrateState` tells an SDK beside them that
 * it is to stay with this server.
 */
export function envelope(
  status: number,
  elements: readonly string[],
  options: { migrateState: boolean } = { migrateState: false },
): Reply {
  const beside = options.migrateState ? `,"migrateState":{"sha256":"${migrateStateHash}"}` : '';
  return { status, body: `{"response":[${elements.join(',')}]${beside}}` };
}

/** One constant: when it differs from what an SDK has stored, it asks again (contract 2.12 `getMigrateState`). */
export const migrateStateHash = '0'.repeat(64);

/** An answer to a call that was refused as a whole. */
export function refusal(fault: Fault, requestId?: string): Reply {
  return envelope(fault.status, [faultElement(fault, requestId)]);
}

/** `warning` stands beside the error: what is wrong with the clock of a batch is said with every element of it. */
export function faultElement(fault: Fault, requestId: string | undefined, warning?: string): string {
  const error = `"error":{"message":${JSON.stringify(fault.message)}}`;
  return `{"success":false,${error}${warningMember(warning)}${requestIdMember(requestId)}}`;
}

/**
 * The element of an action that reached the core: every outcome has its text here (contract 1.14). `warning` is what was
 * altered or skipped of it before.
 */
export function outcomeElement(
  outcome: Outcome,
  fields: ReplyFields,
  {
    requestId,
    skew,
    warning,
  }: { requestId: string | undefined; skew: string | undefined; warning: string | undefined },
): string {
  const done = (...notices: readonly (string | undefined)[]) =>
    `{"success":true${membersOf(fields)}${warningMember(skew, ...notices)}${requestIdMember(requestId)}}`;
  const refused = (fault: Fault) => faultElement(fault, requestId, skew);
  switch (outcome.code) {
    case 'applied':
      return done(warning, ...noticesOf(outcome));
    case 'duplicate':
    case 'profile':
      return done(warning);
    case 'user_not_found':
      return done('User not found; request skipped.');
    case 'no_session': {
      const notice = warningMember(skew, 'No active session; event ignored.');
      return `{"success":true,"ignored":true${notice}${requestIdMember(requestId)}}`;
    }
    case 'name_skipped':
      return done(warning, ...outcome.names.map(namesBeyond));
    case 'session_full':
      return done(warning, `Session has too many ${outcome.of}; request skipped.`);
    case 'profile_full':
      return refused(faults.profileFull);
    case 'blocked':
      return refused(faults.blocked);
    case 'id_needed':
      return refused(faults.missing('userId'));
    case 'failed':
      return refused(faults.internal);
    default:
      return unreachable(outcome);
  }
}

/** An answer with elements is 200, whatever they say, but for users about whom nothing is kept (contract 9, question 30). */
export function statusOf(
  outcomes: readonly Outcome[],
  { elements, isBatch }: { elements: number; isBatch: boolean },
): number {
  if (!isBatch && outcomes[0]?.code === 'id_needed') return faults.missing('userId').status;
  const haveOutcomes = elements > 0 && outcomes.length === elements;
  return haveOutcomes && outcomes.every(({ code }) => code === 'blocked') ? 451 : 200;
}

/** What the core has left out of an action that it has carried out. */
function noticesOf({
  names = [],
  skipped = [],
  full = [],
}: Extract<Outcome, { code: 'applied' }>): readonly string[] {
  const notices = names.map(namesBeyond);
  if (skipped.length > 0) notices.push(`Increment needs integers; skipped: ${skipped.join(', ')}`);
  if (full.length > 0) notices.push(`User profile is too large; skipped: ${spellOut(full)}.`);
  return notices;
}

/** Absent keys are left out, never null: iOS mistakes null for an object (contract 1.10). */
function requestIdMember(requestId: string | undefined): string {
  return requestId === undefined ? '' : `,"reqId":${JSON.stringify(requestId)}`;
}

/** One text of all that there is to say. */
function warningMember(...notices: readonly (string | undefined)[]): string {
  let text = '';
  for (const notice of notices) if (notice !== undefined) text += text === '' ? notice : ` ${notice}`;
  return text === '' ? '' : `,"warning":{"message":${JSON.stringify(text)}}`;
}

function membersOf(fields: ReplyFields): string {
  const text = JSON.stringify(fields);
  return text === '{}' ? '' : `,${text.slice(1, -1)}`;
}
