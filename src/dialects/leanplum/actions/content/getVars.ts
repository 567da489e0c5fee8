import type { ContentResult } from '../../../../core/content/content.ts';
import type { Outcome } from '../../../../core/outcome.ts';
import { type Action, type ActionCall, askForUser, type ReplyFields, type Translated } from '../../action.ts';
import { contentFor } from '../../content/content-for.ts';
import type { Parameters } from '../../parameters.ts';

/**
 * The content for a user, without a session; without a user, that for a blank one (contract 2.5 `getVars`, 5.1). Content
 * is never missing, also for an unknown user: an SDK would take that for a failure.
 */
export const getVars: Action = {
  name: 'getVars',
  key: 'production',
  userIsOptional: true,

  toCommand(parameters: Parameters, call: ActionCall): Translated {
    return {
      command: call.user.ids.length === 0 ? undefined : askForUser(parameters, call),
      content: { do: 'read' },
    };
  },

  toReply(
    _outcome: Outcome,
    call: ActionCall,
    parameters: Parameters,
    content: ContentResult | undefined,
  ): ReplyFields {
    return contentFor(parameters, call, content);
  },
};
