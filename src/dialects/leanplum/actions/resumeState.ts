import { sessionAction } from '../session-action.ts';

/** Starts the clock of the current state again (contract 2.2, 3.3). */
export const resumeState = sessionAction('resumeState', 'resume_state');
