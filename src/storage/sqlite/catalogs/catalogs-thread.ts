import type { ProjectId } from '../../../core/ids.ts';
import type { Catalog, CatalogItem, FoundItems, WantedItems } from '../../../engine/catalog-store.ts';
import { openReader } from '../open.ts';
import { serveThread } from '../thread.ts';
import { prepareCatalogsOf, prepareFindItems, prepareItem } from './find.ts';

export type CatalogQuestion =
  | { readonly ask: 'catalogs'; readonly project: ProjectId }
  | { readonly ask: 'item'; readonly project: ProjectId; readonly catalog: string; readonly id: string }
  | { readonly ask: 'items'; readonly wanted: WantedItems };

export type CatalogAnswer = readonly Catalog[] | CatalogItem | FoundItems | undefined;

/** Reads catalogs apart from states: a search through a large one must not hold up any write. */
serveThread<CatalogQuestion, { file: string }>(({ file }) => {
  const database = openReader(file);
  const catalogsOf = prepareCatalogsOf(database);
  const item = prepareItem(database);
  const findItems = prepareFindItems(database);
  return (question): CatalogAnswer => {
    switch (question.ask) {
      case 'catalogs':
        return catalogsOf(question.project);
      case 'item':
        return item(question.project, question.catalog, question.id);
      case 'items':
        return findItems(question.wanted);
    }
  };
});
