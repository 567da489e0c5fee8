import type { Action } from '../action.ts';
import { track } from './track.ts';

/** A region was entered or left: an event like any other (contract 2.12 `trackGeofence`). */
export const trackGeofence: Action = { ...track, name: 'trackGeofence' };
