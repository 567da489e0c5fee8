import { type Fault, faults } from './fault.ts';
import { isFault, numberOf, type Parameters } from './parameters.ts';

const secondsPerDay = 86_400;
/** A `track` this far before the sending of its batch is not taken at its word (contract 3.5). */
const pastDaysMax = 365;

/** What the two clocks of a call say: the sender's at sending, and ours when it arrived. */
export interface CallClock {
  readonly receivedSec: number;
  /** The sender's clock at sending, if it said so. */
  readonly sentSec: number | undefined;
  /** Single calls are taken at their word: there is no second time to compare with. */
  readonly isBatch: boolean;
  /** For every element of a batch whose sender's clock is a day or more off. */
  readonly skewWarning: string | undefined;
}

export function readCallClock(call: Parameters, receivedMs: number, isBatch: boolean): CallClock | Fault {
  const sentSec = timeOf(call);
  if (isFault(sentSec)) return sentSec;
  const receivedSec = receivedMs / 1000;
  const offSec = sentSec === undefined ? 0 : receivedSec - sentSec;
  const days = Math.floor(Math.abs(offSec) / secondsPerDay);
  const skewWarning =
    isBatch && days >= 1
      ? `Device clock skew detected (${days} days ${offSec > 0 ? 'behind' : 'ahead'}). Rewriting timestamp.`
      : undefined;
  return { receivedSec, sentSec, isBatch, skewWarning };
}

/** Times beyond this are no times, also in milliseconds; differences of what is left are numbers. */
const timeMax = 1e15;

function timeOf(parameters: Parameters): number | undefined | Fault {
  const time = numberOf(parameters, 'time');
  if (time === undefined || isFault(time)) return time;
  return Math.abs(time) <= timeMax ? time : faults.invalid('time');
}

/** Of every action of a batch, also of one that has no use for its time: alone it would be refused as well. */
export function findBadTime(action: Parameters): Fault | undefined {
  const time = timeOf(action);
  return isFault(time) ? time : undefined;
}

/**
 * When an action happened, by our clock (contract 3.5): in a batch the sender's error is taken out with the time of
 * sending, so equal wrong clocks end up now; a single call's time counts as it is. Never later than now.
 */
export function readActionTime(action: Parameters, clock: CallClock): number | Fault {
  const at = timeOf(action);
  const { receivedSec, sentSec = receivedSec } = clock;
  if (at === undefined) return receivedSec;
  if (isFault(at)) return at;
  return Math.min(clock.isBatch ? receivedSec - (sentSec - at) : at, receivedSec);
}

/** What is said of an event of a batch that is not taken at its word, but to have happened now (contract 3.5). */
export function findPast(timeSec: number, clock: CallClock): { warning: string | undefined } | undefined {
  const days = (clock.receivedSec - timeSec) / secondsPerDay;
  if (!clock.isBatch || days <= pastDaysMax) return undefined;
  // If the clock is wrong as well, only that is said.
  if (clock.skewWarning !== undefined) return { warning: undefined };
  return { warning: `Past event detected (${Math.floor(days)} days ago). Rewriting timestamp.` };
}
