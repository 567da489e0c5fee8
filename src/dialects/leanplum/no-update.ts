import type { UpdateProfile } from '../../core/command.ts';

/** An update of a profile that changes nothing, to start from. */
export const noUpdate: Omit<UpdateProfile, 'kind' | 'ids' | 'create'> = {
  attributes: [],
  edits: [],
  facts: [],
  factEdits: [],
  devices: [],
  counters: { events: [], states: [] },
  totals: { createdMs: null, lastActiveMs: null, sessions: null, spentMs: null },
  timeSec: null,
};
