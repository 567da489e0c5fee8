import { parseObject } from './batch.ts';
import { failures, json, type Reply } from './reply.ts';
import type { KeyedCall } from './route.ts';
import { texts } from './texts.ts';

/** The state of every inbox while nothing is ever put into one. */
const syncToken = '0';

/** `appinbox/fetch`: the messages that came after the sync token, and the token to ask with next time (contract 5.1). */
export function answerFetch(call: KeyedCall): Reply {
  return refuse(call) ?? json(200, { success: true, messages: [], sync_token: syncToken });
}

/** `appinbox/markasread`: a message that is not there is read already. */
export function answerMarkAsRead(call: KeyedCall): Reply {
  return refuse(call) ?? json(200, { success: true });
}

/** With 410 an SDK forgets its token and fetches anew; without a token it asks for the first time. */
function refuse({ body }: KeyedCall): Reply | undefined {
  const asked = parseObject(body);
  if (asked === undefined) return failures.errors(400, texts.invalidJson);
  const token = asked['sync_token'] ?? '';
  return token === '' || token === syncToken ? undefined : failures.error(410, texts.invalidSyncToken);
}
