import { sessionAction } from '../session-action.ts';

/**
 * Goes on with a paused session and its state; makes a session of the background count; opens one when none is open, or
 * none any more (contract 2.2, 3.1).
 */
export const resumeSession = sessionAction('resumeSession', 'resume');
