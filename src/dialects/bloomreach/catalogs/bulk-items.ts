import type { ItemChange, ItemResult } from '../../../engine/catalog-store.ts';
import { isJsonObject, type Json } from '../../../lib/json.ts';
import { parseBody } from '../batch.ts';
import { catalogBulkMax } from '../limits.ts';
import { failures, json, type Reply } from '../reply.ts';
import type { KeyedCall } from '../route.ts';
import { texts } from '../texts.ts';
import { type CatalogParts, idOf, refuseCatalog } from './catalog-actions.ts';
import { errorsOf, type ItemErrors, readItem, readItemId } from './item-changes.ts';

type Read = (given: Json) => ItemChange | { readonly errors: ItemErrors };

/** Makes or replaces many items: an array of them, answered with an array of results in the same order. */
export function bulkWrite(call: KeyedCall, parts: CatalogParts): Promise<Reply> {
  return changeMany(call, parts, (given) => readOne('put', given));
}

/** Sets some properties of many items that are there. */
export function bulkUpdate(call: KeyedCall, parts: CatalogParts): Promise<Reply> {
  return changeMany(call, parts, (given) => readOne('patch', given));
}

/** Deletes many items, by their ids. */
export function bulkDelete(call: KeyedCall, parts: CatalogParts): Promise<Reply> {
  return changeMany(call, parts, readItemId);
}

function readOne(way: 'put' | 'patch', given: Json): ReturnType<Read> {
  if (!isJsonObject(given)) return { errors: { item_id: [texts.shortText] } };
  return readItem(way, given['item_id'], given['properties']);
}

async function changeMany(call: KeyedCall, { catalogs }: CatalogParts, read: Read): Promise<Reply> {
  const given = parseBody(call.body);
  if (given === undefined) return failures.fields(400, { _global: [texts.invalidJson] });
  if (!Array.isArray(given)) return failures.fields(400, { _global: [texts.itemsType] });
  if (given.length > catalogBulkMax) return failures.fields(400, { _global: [texts.tooManyItems] });
  const changes = given.map(read);
  const items = changes.filter((it): it is ItemChange => !('errors' in it));
  const catalog = idOf(call);
  const results = await catalogs.changeItems({ project: call.credentials.project.id, catalog, items });
  if (results === 'no_catalog') return refuseCatalog(results, catalog);
  let next = 0;
  const answer = changes.map((it) => {
    const errors = 'errors' in it ? it.errors : errorsOf(results[next++] as ItemResult, it.id);
    // It is done already; the vendor's word for it is that it waits to be.
    if (errors === undefined) return { success: true, queued: true };
    return { success: false, queued: false, errors };
  });
  return json(200, answer);
}
