import type { WantedHistory } from '../../engine/history-pages.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { eventTypesAskedMax } from './limits.ts';
import { texts } from './texts.ts';

type Wanted = Pick<WantedHistory, 'order' | 'limit' | 'skip'> & Required<Pick<WantedHistory, 'events'>>;

/**
 * Reads which events `customers/events` asks for (contract 4.2): `event_types` (a client leaves it out for all),
 * `order`, `limit` (all), `skip` (0). Null counts as left out. Answers every wrong field with its text.
 */
export function readEventsWanted(
  asked: JsonObject,
): Wanted | { readonly errors: Readonly<Record<string, readonly string[]>> } {
  const { event_types: types, order, limit, skip } = asked;
  const errors = {
    ...(isMissing(types) || isTypes(types) ? {} : { event_types: [texts.eventTypesType] }),
    ...(isMissing(order) || order === 'asc' || order === 'desc' ? {} : { order: [texts.orderType] }),
    ...(isMissing(limit) || isCount(limit) ? {} : { limit: [texts.countType] }),
    ...(isMissing(skip) || isCount(skip) ? {} : { skip: [texts.countType] }),
  };
  if (Object.keys(errors).length > 0) return { errors };
  return {
    events: isTypes(types) ? types : 'all',
    order: order === 'desc' ? 'desc' : 'asc',
    ...(isCount(limit) && { limit }),
    ...(isCount(skip) && { skip }),
  };
}

function isMissing(value: Json | undefined): boolean {
  return value === undefined || value === null;
}

function isTypes(value: Json | undefined): value is readonly string[] {
  if (!Array.isArray(value) || value.length > eventTypesAskedMax) return false;
  return value.every((it: Json) => typeof it === 'string');
}

function isCount(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
