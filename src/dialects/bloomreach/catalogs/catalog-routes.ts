import { type Answer, failures } from '../reply.ts';
import type { KeyedCall, KeyedRoute } from '../route.ts';
import { texts } from '../texts.ts';
import { bulkDelete, bulkUpdate, bulkWrite } from './bulk-items.ts';
import {
  type CatalogParts,
  createCatalog,
  deleteCatalog,
  emptyCatalog,
  listCatalogs,
  showCatalog,
  updateCatalog,
} from './catalog-actions.ts';
import { deleteItem, showItem, updateItem, writeItem } from './item-actions.ts';
import { listItems } from './list-items.ts';

type Action = (call: KeyedCall, parts: CatalogParts) => Promise<Answer>;

/** The catalogs of a project (contract 4.7), for private keys. */
export function catalogRoutes(parts: CatalogParts): readonly KeyedRoute[] {
  const catalogs = '/data/v2/projects/:projectToken/catalogs';
  const items = `${catalogs}/:catalogId/items`;
  const actions: Record<string, { readonly [method in keyof KeyedRoute['methods']]: Action }> = {
    [catalogs]: { GET: listCatalogs, POST: createCatalog },
    [`${catalogs}/:catalogId`]: { GET: showCatalog, PUT: updateCatalog, DELETE: deleteCatalog },
    [items]: { GET: listItems, PUT: bulkWrite, DELETE: emptyCatalog },
    [`${items}/partial-update`]: { POST: bulkUpdate },
    [`${items}/bulk-delete`]: { DELETE: bulkDelete, POST: bulkDelete },
    [`${items}/:itemId`]: { GET: showItem, PUT: writeItem, DELETE: deleteItem },
    [`${items}/:itemId/partial-update`]: { POST: updateItem },
  };
  return Object.entries(actions).map(([path, methods]) => ({
    path,
    methods: Object.fromEntries(
      Object.entries(methods).map(([method, action]) => [
        method,
        (call: KeyedCall) => privately(action, call, parts),
      ]),
    ),
    project: 'path',
  }));
}

function privately(action: Action, call: KeyedCall, parts: CatalogParts): Answer | Promise<Answer> {
  return call.credentials.access === 'private'
    ? action(call, parts)
    : failures.error(403, texts.noPermission);
}
