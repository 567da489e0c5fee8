import { sessionAction } from '../session-action.ts';

/** Keeps the session alive: without activity it ends after two hours (contract 2.2, 3.1). */
export const heartbeat = sessionAction('heartbeat', 'heartbeat');
