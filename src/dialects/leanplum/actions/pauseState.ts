import { sessionAction } from '../session-action.ts';

/** Stops the clock of the current state while the session goes on (contract 2.2, 3.3). */
export const pauseState = sessionAction('pauseState', 'pause_state');
