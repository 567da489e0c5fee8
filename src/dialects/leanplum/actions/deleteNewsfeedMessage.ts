import { inboxAction } from '../inbox-action.ts';

/** Takes a message out of the inbox (contract 2.12). */
export const deleteNewsfeedMessage = inboxAction('deleteNewsfeedMessage');
