import type { Readable } from 'node:stream';
import type { Outcome } from '../../core/outcome.ts';
import { unreachable } from '../../lib/assert.ts';
import { texts } from './texts.ts';

/** An HTTP answer of this dialect. */
export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** An answer that may be too long to be one text. */
export interface Answer {
  readonly status: number;
  readonly body: string | Readable;
  /** Besides those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The four envelopes of a failure (contract 1.4). */
export const failures = {
  /** Authentication, project, and everything that concerns no route. */
  error: (status: number, error: string) => json(status, { success: false, error }),
  /** The structure of a batch. */
  message: (status: number, message: string) => json(status, { success: false, message }),
  /** A single route's validation. */
  errors: (status: number, text: string) => json(status, { success: false, errors: [text] }),
  /** The data API's validation, by field. */
  fields: (status: number, errors: Readonly<Record<string, unknown>>) =>
    json(status, { success: false, errors }),
};

export function json(status: number, body: unknown): Reply {
  return { status, body: JSON.stringify(body) };
}

/** A command's result: done, or the text of its failure. */
export type CommandResult = { readonly error: undefined } | { readonly error: string };

const done: CommandResult = { error: undefined };

/** The result of a command that reached the core: every outcome has its text here. */
export function resultOf(outcome: Outcome): CommandResult {
  switch (outcome.code) {
    case 'applied':
    case 'duplicate':
    case 'profile':
    // Whoever sent one property too many is not told (contract 2.7); the operator is.
    case 'name_skipped':
      return done;
    case 'user_not_found':
      return { error: texts.noCustomer };
    case 'profile_full':
      return { error: texts.customerTooLarge };
    case 'blocked':
      return { error: texts.blocked };
    case 'id_needed':
    case 'failed':
    case 'no_session':
    case 'session_full':
      return { error: texts.internal };
    default:
      return unreachable(outcome);
  }
}
