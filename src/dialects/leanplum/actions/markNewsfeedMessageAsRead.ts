import { inboxAction } from '../inbox-action.ts';

/** A message of the inbox was read (contract 2.12). */
export const markNewsfeedMessageAsRead = inboxAction('markNewsfeedMessageAsRead');
