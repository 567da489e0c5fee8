import { sessionAction } from '../session-action.ts';

/** Ends the session at once (contract 2.2, 3.1). */
export const stop = sessionAction('stop', 'stop');
