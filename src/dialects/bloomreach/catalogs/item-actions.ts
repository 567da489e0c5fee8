import type { ItemChange, ItemResult } from '../../../engine/catalog-store.ts';
import { parseObject } from '../batch.ts';
import { failures, json, type Reply } from '../reply.ts';
import type { KeyedCall } from '../route.ts';
import { texts } from '../texts.ts';
import { type CatalogParts, findCatalog, idOf, refuseCatalog } from './catalog-actions.ts';
import { errorsOf, type ItemErrors, readItem, readItemId } from './item-changes.ts';

/** One item. */
export async function showItem(call: KeyedCall, parts: CatalogParts): Promise<Reply> {
  const { project } = call.credentials;
  const id = itemIdOf(call);
  const item = await parts.catalogs.item(project.id, idOf(call), id);
  if (item !== undefined) {
    const names = `"catalog_id":${JSON.stringify(idOf(call))},"item_id":${JSON.stringify(id)}`;
    return { status: 200, body: `{"success":true,"data":{${names},"properties":${item.properties}}}` };
  }
  const catalog = await findCatalog(call, parts);
  if (catalog === undefined) return refuseCatalog('no_catalog', idOf(call));
  return failures.fields(404, { _global: [texts.noItem(id)] });
}

/** Makes or replaces an item. */
export function writeItem(call: KeyedCall, parts: CatalogParts): Promise<Reply> {
  return changeOne('put', call, parts);
}

/** Sets some properties of an item that is there; the others stay. */
export function updateItem(call: KeyedCall, parts: CatalogParts): Promise<Reply> {
  return changeOne('patch', call, parts);
}

/** Deletes an item. */
export async function deleteItem(call: KeyedCall, parts: CatalogParts): Promise<Reply> {
  return carryOut(readItemId(itemIdOf(call)), call, parts);
}

async function changeOne(way: 'put' | 'patch', call: KeyedCall, parts: CatalogParts): Promise<Reply> {
  const given = parseObject(call.body);
  if (given === undefined) return failures.fields(400, { _global: [texts.invalidJson] });
  return carryOut(readItem(way, itemIdOf(call), given['properties']), call, parts);
}

async function carryOut(
  change: ItemChange | { readonly errors: ItemErrors },
  call: KeyedCall,
  { catalogs }: CatalogParts,
): Promise<Reply> {
  if ('errors' in change) return failures.fields(400, change.errors);
  const catalog = idOf(call);
  const results = await catalogs.changeItems({
    project: call.credentials.project.id,
    catalog,
    items: [change],
  });
  if (results === 'no_catalog') return refuseCatalog(results, catalog);
  const result = results[0] as ItemResult;
  const errors = errorsOf(result, change.id);
  if (errors === undefined) return json(200, { success: true });
  return failures.fields(result.problem === 'no_item' ? 404 : 400, errors);
}

function itemIdOf({ params }: KeyedCall): string {
  return params['itemId'] ?? '';
}
