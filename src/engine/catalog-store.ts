import type { ProjectId } from '../core/ids.ts';
import type { JsonObject } from '../lib/json.ts';

/** A list of things of a project, such as its products, each with values of the fields that the catalog has. */
export interface Catalog {
  readonly id: string;
  readonly name: string;
  /** What writes may name. Items keep values of fields that were taken away until they are written anew. */
  readonly fields: readonly string[];
  readonly isProduct: boolean;
  /** How many. */
  readonly items: number;
}

export interface CatalogItem {
  readonly id: string;
  /** JSON of an object. */
  readonly properties: string;
}

/**
 * What the catalog routes need of a store. Implementations: storage/sqlite. A write resolves when it is on disk, and rejects
 * with `StoreFullError` for lack of room. A read sees every write resolved before it.
 */
export interface CatalogStore {
  /** By name. */
  catalogsOf(project: ProjectId): Promise<readonly Catalog[]>;

  changeCatalog(change: CatalogChange): Promise<CatalogProblem | undefined>;

  /**
   * Writes items in their order, one result each; a failed one stands beside the others. Not one transaction: a crash or a
   * full disk may leave the first of them written.
   */
  changeItems(change: ItemsChange): Promise<readonly ItemResult[] | 'no_catalog'>;

  item(project: ProjectId, catalog: string, id: string): Promise<CatalogItem | undefined>;

  /** A part of a catalog's items; none of a catalog that is not there. */
  findItems(wanted: WantedItems): Promise<FoundItems>;
}

export type CatalogChange =
  | {
      readonly do: 'create';
      readonly project: ProjectId;
      readonly id: string;
      readonly name: string;
      readonly fields: readonly string[];
      readonly isProduct: boolean;
    }
  /** What is left out stays. */
  | {
      readonly do: 'update';
      readonly project: ProjectId;
      readonly id: string;
      readonly name?: string;
      readonly fields?: readonly string[];
    }
  /** Without items from now on; `delete`: not there. */
  | { readonly do: 'empty' | 'delete'; readonly project: ProjectId; readonly id: string };

export type CatalogProblem = 'no_catalog' | 'name_taken' | 'too_many_catalogs';

export interface ItemsChange {
  readonly project: ProjectId;
  readonly catalog: string;
  readonly items: readonly ItemChange[];
}

export type ItemChange =
  /** `put` makes or replaces the item, `patch` sets these properties of one that is there. */
  | { readonly do: 'put' | 'patch'; readonly id: string; readonly properties: JsonObject }
  | { readonly do: 'delete'; readonly id: string };

export type ItemResult =
  | { readonly problem: undefined }
  | { readonly problem: 'no_item' | 'item_too_large' | 'too_many_items' }
  | { readonly problem: 'undefined_fields'; readonly fields: readonly string[] };

/** Items in the order of their ids (by UTF-8 bytes). */
export interface WantedItems {
  readonly project: ProjectId;
  readonly catalog: string;
  /** Only items behind this one; '': from the first. */
  readonly after: string;
  /** Only items that hold this text, whatever its letter case: in this field (`item_id`: their id), or in their id or any field. */
  readonly text?: { readonly value: string; readonly field?: string };
  /** Of those, so many are left out at the beginning. */
  readonly skip: number;
  /** At most so many after those, without a text at least one; fewer when they are large. */
  readonly limit: number;
}

export interface FoundItems {
  readonly items: readonly CatalogItem[];
  /** Of the items looked at, how many hold the text, with those left out; without a text none is counted. */
  readonly matched: number;
  /** How many of those were left out. */
  readonly skipped: number;
  /** Up to where items were looked at; undefined: that was the last one. */
  readonly next: string | undefined;
}

/** Catalogs of one project. */
export const catalogsMax = 100;
/** Items of one catalog. */
export const catalogItemsMax = 1_000_000;
/** UTF-8 bytes of one item's properties as JSON. */
export const catalogItemBytesMax = 64 * 1024;
