import { sessionAction } from '../session-action.ts';

/** Pauses the session and its state: their clocks stop, and 30 minutes later it ends (contract 2.2, 3.1). */
export const pauseSession = sessionAction('pauseSession', 'pause');
