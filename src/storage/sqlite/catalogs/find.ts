import type { DatabaseSync } from 'node:sqlite';
import type { ProjectId } from '../../../core/ids.ts';
import type { Catalog, CatalogItem, FoundItems, WantedItems } from '../../../engine/catalog-store.ts';

/** Items looked at for a text in one go, and bytes of items in one answer: whoever wants more asks again. */
const itemsLookedAtMax = 5_000;
const foundBytesMax = 4 * 1024 * 1024;

/** All catalogs of a project, by name. */
export function prepareCatalogsOf(database: DatabaseSync): (project: ProjectId) => readonly Catalog[] {
  const all = database.prepare(
    'SELECT id, name, is_product AS isProduct, fields, items FROM catalogs WHERE project_id = ? ORDER BY name',
  );
  return (project) =>
    (
      all.all(project) as { id: string; name: string; isProduct: number; fields: string; items: number }[]
    ).map(({ id, name, isProduct, fields, items }) => ({
      id,
      name,
      isProduct: isProduct === 1,
      fields: JSON.parse(fields) as string[],
      items,
    }));
}

/** One item. */
export function prepareItem(
  database: DatabaseSync,
): (project: ProjectId, catalog: string, id: string) => CatalogItem | undefined {
  const find = database.prepare(
    `SELECT item_id AS id, doc AS properties FROM catalog_items
     WHERE generation = (SELECT generation FROM catalogs WHERE project_id = ? AND id = ?) AND item_id = ?`,
  );
  return (project, catalog, id) => {
    const row = find.get(project, catalog, id);
    return row === undefined ? undefined : ({ ...row } as unknown as CatalogItem);
  };
}

/** A part of a catalog's items. Rows that are left out are passed by in the index, without their documents. */
export function prepareFindItems(database: DatabaseSync): (wanted: WantedItems) => FoundItems {
  const generationOf = database.prepare('SELECT generation FROM catalogs WHERE project_id = ? AND id = ?');
  const behind = database.prepare(
    `SELECT item_id AS id, doc AS properties FROM catalog_items
     WHERE generation = ? AND item_id > ? ORDER BY item_id LIMIT ? OFFSET ?`,
  );
  const rows = (...given: [generation: number, after: string, limit: number, offset: number]) =>
    behind.iterate(...given) as unknown as Iterable<CatalogItem>;
  return (wanted) => {
    const row = generationOf.get(wanted.project, wanted.catalog) as { generation: number } | undefined;
    if (row === undefined) return { items: [], matched: 0, skipped: 0, next: undefined };
    return wanted.text === undefined
      ? page(rows(row.generation, wanted.after, wanted.limit + 1, wanted.skip), wanted)
      : search(rows(row.generation, wanted.after, itemsLookedAtMax + 1, 0), wanted, wanted.text);
  };
}

/** One row more than wanted tells that there are more. */
function page(rows: Iterable<CatalogItem>, { limit, skip }: WantedItems): FoundItems {
  const items: CatalogItem[] = [];
  let bytes = 0;
  let next: string | undefined;
  for (const { id, properties } of rows) {
    if (items.length === limit || bytes > foundBytesMax) {
      next = items.at(-1)?.id;
      break;
    }
    items.push({ id, properties });
    bytes += properties.length;
  }
  return { items, matched: 0, skipped: skip, next };
}

function search(
  rows: Iterable<CatalogItem>,
  { limit, skip }: WantedItems,
  text: NonNullable<WantedItems['text']>,
): FoundItems {
  const value = text.value.toLowerCase();
  const items: CatalogItem[] = [];
  let bytes = 0;
  let lookedAt = 0;
  let matched = 0;
  let last = '';
  for (const { id, properties } of rows) {
    if (lookedAt === itemsLookedAtMax || bytes > foundBytesMax) {
      return { items, matched, skipped: Math.min(skip, matched), next: last };
    }
    lookedAt += 1;
    last = id;
    if (!holds({ id, properties }, value, text.field)) continue;
    matched += 1;
    if (matched <= skip || items.length >= limit) continue;
    items.push({ id, properties });
    bytes += properties.length;
  }
  return { items, matched, skipped: Math.min(skip, matched), next: undefined };
}

/** By this name clients search for ids, as answers have it. */
const idField = 'item_id';

function holds({ id, properties }: CatalogItem, value: string, field: string | undefined): boolean {
  if ((field === undefined || field === idField) && id.toLowerCase().includes(value)) return true;
  const entries = Object.entries(JSON.parse(properties) as Record<string, unknown>);
  return entries.some(([name, it]) => {
    if (field !== undefined && name !== field) return false;
    return (typeof it === 'string' ? it : JSON.stringify(it)).toLowerCase().includes(value);
  });
}
