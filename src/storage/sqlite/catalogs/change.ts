import type { DatabaseSync } from 'node:sqlite';
import type { ProjectId } from '../../../core/ids.ts';
import {
  type CatalogChange,
  type CatalogProblem,
  catalogItemBytesMax,
  catalogItemsMax,
  catalogsMax,
  type ItemResult,
} from '../../../engine/catalog-store.ts';

/** Work for the writer; what crosses to its thread holds properties as text. */
export type CatalogWork =
  | { readonly on: 'catalog'; readonly change: CatalogChange }
  | { readonly on: 'items'; readonly change: PackedItems }
  /** Removes some items of catalogs that were emptied or deleted; answers 0 when there are no more. */
  | { readonly on: 'garbage' };

export interface PackedItems {
  readonly project: ProjectId;
  readonly catalog: string;
  readonly items: readonly PackedItem[];
}

export interface PackedItem {
  readonly do: 'put' | 'patch' | 'delete';
  readonly id: string;
  /** JSON; '' for `delete`. */
  readonly properties: string;
}

export type CatalogWorkResult = CatalogProblem | readonly ItemResult[] | number | undefined;

/** Items and bytes removed in one go; deleted pages are overwritten, so this is written, and commits wait behind it. */
const removedItemsMax = 256;
const removedBytesMax = 1024 * 1024;

/** Does such work, each in a transaction of its own. On disk when it returns. */
export function prepareCatalogWork(database: DatabaseSync): (work: CatalogWork) => CatalogWorkResult {
  const changeCatalog = prepareChangeCatalog(database);
  const changeItems = prepareChangeItems(database);
  const removeGarbage = prepareRemoveGarbage(database);
  const carryOut = (work: CatalogWork): CatalogWorkResult => {
    switch (work.on) {
      case 'catalog':
        return changeCatalog(work.change);
      case 'items':
        return changeItems(work.change);
      case 'garbage':
        return removeGarbage();
    }
  };
  return (work) => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = carryOut(work);
      database.exec('COMMIT');
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
}

function prepareChangeCatalog(database: DatabaseSync): (change: CatalogChange) => CatalogProblem | undefined {
  const count = database.prepare('SELECT count(*) AS catalogs FROM catalogs WHERE project_id = ?');
  const named = database.prepare('SELECT id FROM catalogs WHERE project_id = ? AND name = ?');
  const find = database.prepare('SELECT generation FROM catalogs WHERE project_id = ? AND id = ?');
  const add = database.prepare(
    'INSERT INTO catalogs (id, project_id, name, is_product, fields, generation, items) VALUES (?, ?, ?, ?, ?, ?, 0)',
  );
  const rename = database.prepare(
    'UPDATE catalogs SET name = coalesce(?, name), fields = coalesce(?, fields) WHERE id = ?',
  );
  const empty = database.prepare('UPDATE catalogs SET generation = ?, items = 0 WHERE id = ?');
  const remove = database.prepare('DELETE FROM catalogs WHERE id = ?');
  const discard = database.prepare('INSERT INTO catalog_garbage (generation) VALUES (?)');
  const newest = database.prepare(
    `SELECT max(coalesce((SELECT max(generation) FROM catalogs), 0),
                coalesce((SELECT max(generation) FROM catalog_garbage), 0)) AS generation`,
  );
  const nextGeneration = () => (newest.get() as { generation: number }).generation + 1;
  const isTaken = ({ project, id }: CatalogChange, name: string) => {
    const row = named.get(project, name) as { id: string } | undefined;
    return row !== undefined && row.id !== id;
  };

  return (change) => {
    const { project, id } = change;
    if (change.do === 'create') {
      if (isTaken(change, change.name)) return 'name_taken';
      if ((count.get(project) as { catalogs: number }).catalogs >= catalogsMax) return 'too_many_catalogs';
      const { name, isProduct, fields } = change;
      add.run(id, project, name, Number(isProduct), JSON.stringify(fields), nextGeneration());
      return undefined;
    }
    const row = find.get(project, id) as { generation: number } | undefined;
    if (row === undefined) return 'no_catalog';
    if (change.do === 'update') {
      const { name = null, fields } = change;
      if (name !== null && isTaken(change, name)) return 'name_taken';
      rename.run(name, fields === undefined ? null : JSON.stringify(fields), id);
      return undefined;
    }
    // Its items are out of sight at once, and removed step by step.
    discard.run(row.generation);
    if (change.do === 'delete') remove.run(id);
    else empty.run(nextGeneration(), id);
    return undefined;
  };
}

function prepareChangeItems(
  database: DatabaseSync,
): (change: PackedItems) => readonly ItemResult[] | 'no_catalog' {
  const find = database.prepare(
    'SELECT generation, items, fields FROM catalogs WHERE project_id = ? AND id = ?',
  );
  const recount = database.prepare('UPDATE catalogs SET items = ? WHERE id = ?');
  const read = database.prepare('SELECT doc FROM catalog_items WHERE generation = ? AND item_id = ?');
  const write = database.prepare(
    'INSERT INTO catalog_items (generation, item_id, doc) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET doc = excluded.doc',
  );
  const remove = database.prepare('DELETE FROM catalog_items WHERE generation = ? AND item_id = ?');
  return ({ project, catalog, items }) => {
    const row = find.get(project, catalog) as
      | { generation: number; items: number; fields: string }
      | undefined;
    if (row === undefined) return 'no_catalog';
    const { generation } = row;
    const fields = new Set(JSON.parse(row.fields) as string[]);
    let held = row.items;
    const change = (item: PackedItem): ItemResult => {
      const before = (read.get(generation, item.id) as { doc: string } | undefined)?.doc;
      if (before === undefined && item.do !== 'put') return { problem: 'no_item' };
      if (item.do === 'delete') {
        remove.run(generation, item.id);
        held -= 1;
        return done;
      }
      const given = JSON.parse(item.properties) as object;
      const unknown = Object.keys(given).filter((name) => !fields.has(name));
      if (unknown.length > 0) return { problem: 'undefined_fields', fields: unknown };
      const doc =
        item.do === 'put' ? item.properties : JSON.stringify({ ...JSON.parse(before ?? '{}'), ...given });
      if (Buffer.byteLength(doc) > catalogItemBytesMax) return { problem: 'item_too_large' };
      if (before === undefined && held >= catalogItemsMax) return { problem: 'too_many_items' };
      write.run(generation, item.id, doc);
      if (before === undefined) held += 1;
      return done;
    };
    const results = items.map(change);
    if (held !== row.items) recount.run(held, catalog);
    return results;
  };
}

const done: ItemResult = { problem: undefined };

function prepareRemoveGarbage(database: DatabaseSync): () => number {
  const oldest = database.prepare('SELECT generation FROM catalog_garbage ORDER BY generation LIMIT 1');
  const next = database.prepare(
    `SELECT row, octet_length(doc) AS bytes FROM catalog_items WHERE generation = ? LIMIT ${removedItemsMax}`,
  );
  const remove = database.prepare('DELETE FROM catalog_items WHERE row = ?');
  const finish = database.prepare('DELETE FROM catalog_garbage WHERE generation = ?');
  return () => {
    const found = oldest.get() as { generation: number } | undefined;
    if (found === undefined) return 0;
    let bytes = 0;
    let removed = 0;
    for (const row of next.all(found.generation) as { row: number; bytes: number }[]) {
      if (bytes > removedBytesMax) break;
      remove.run(row.row);
      bytes += row.bytes;
      removed += 1;
    }
    if (removed > 0) return removed;
    // With this one done there may be another.
    finish.run(found.generation);
    return 1;
  };
}
