import type { Action } from '../action.ts';
import { start } from './start.ts';

/** A name without callers, answered like `start` (contract 2.12). */
export const restart: Action = { ...start, name: 'restart' };
