import type { Outcome } from '../../core/outcome.ts';
import { unreachable } from '../../lib/assert.ts';
import type { ReplyFields } from './action.ts';
import { type Fault, faults } from './fault.ts';
import { namesBeyond } from './rules/names.ts';

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

export function faultElement(fault: Fault, requestId: string | undefined): string {
  return `{"success":false,"error":{"message":${JSON.stringify(fault.message)}}${requestIdMember(requestId)}}`;
}

/** The element of an action that reached the core: every outcome has its text here (contract 1.14). */
export function outcomeElement(
  outcome: Outcome,
  fields: ReplyFields,
  options: { requestId: string | undefined; warning: string | undefined },
): string {
  const id = requestIdMember(options.requestId);
  switch (outcome.code) {
    case 'applied':
      return `{"success":true${membersOf(fields)}${warningMember(withSkipped(options.warning, outcome))}${id}}`;
    case 'duplicate':
    case 'profile':
      return `{"success":true${membersOf(fields)}${warningMember(options.warning)}${id}}`;
    case 'user_not_found':
      return `{"success":true${membersOf(fields)}${warningMember('User not found; request skipped.')}${id}}`;
    case 'no_session':
      return `{"success":true,"ignored":true${warningMember('No active session; event ignored.')}${id}}`;
    case 'name_skipped': {
      const notice = outcome.names.map(namesBeyond).join(' ');
      return `{"success":true${membersOf(fields)}${warningMember(withNotice(options.warning, notice))}${id}}`;
    }
    case 'session_full': {
      const notice = `Session has too many ${outcome.of}; request skipped.`;
      return `{"success":true${membersOf(fields)}${warningMember(withNotice(options.warning, notice))}${id}}`;
    }
    case 'profile_full':
      return `{"success":false,"error":{"message":"User profile is too large; request skipped."}${id}}`;
    case 'blocked':
      return `{"success":false,"error":{"message":"Unavailable For Legal Reasons"}${id}}`;
    case 'id_needed':
      return faultElement(faults.missing('userId'), options.requestId);
    case 'failed':
      return `{"success":false,"error":{"message":"Internal server error"}${id}}`;
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
function withSkipped(
  warning: string | undefined,
  { names = [], skipped = [] }: Extract<Outcome, { code: 'applied' }>,
): string | undefined {
  const notices = names.map(namesBeyond);
  if (skipped.length > 0) notices.push(`Increment needs integers; skipped: ${skipped.join(', ')}`);
  return notices.length === 0 ? warning : withNotice(warning, notices.join(' '));
}

function withNotice(warning: string | undefined, notice: string): string {
  return warning === undefined ? notice : `${warning} ${notice}`;
}

/** Absent keys are left out, never null: iOS mistakes null for an object (contract 1.10). */
function requestIdMember(requestId: string | undefined): string {
  return requestId === undefined ? '' : `,"reqId":${JSON.stringify(requestId)}`;
}

function warningMember(warning: string | undefined): string {
  return warning === undefined ? '' : `,"warning":{"message":${JSON.stringify(warning)}}`;
}

function membersOf(fields: ReplyFields): string {
  const text = JSON.stringify(fields);
  return text === '{}' ? '' : `,${text.slice(1, -1)}`;
}
