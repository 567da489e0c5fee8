import { Readable } from 'node:stream';
import type { Catalog, CatalogItem, WantedItems } from '../../../engine/catalog-store.ts';
import { catalogMatchesCounted, catalogPageDefault, catalogPageMax } from '../limits.ts';
import { type Answer, failures } from '../reply.ts';
import type { KeyedCall } from '../route.ts';
import { texts } from '../texts.ts';
import { type CatalogParts, findCatalog, idOf, refuseCatalog } from './catalog-actions.ts';

type Asked = Pick<WantedItems, 'project' | 'text' | 'skip' | 'limit'>;

/**
 * Items of a catalog in the order of their ids: `count` of them behind `skip`, of those that hold the text `query`, in
 * `field` if one is named. The answer is written while it is read, so that nobody holds all of it.
 */
export async function listItems(call: KeyedCall, parts: CatalogParts): Promise<Answer> {
  const { count, skip, query, field } = call.query;
  const wrong = Object.entries({ count, skip }).filter(([, text]) => text !== undefined && !isCount(text));
  if (wrong.length > 0) {
    return failures.fields(400, Object.fromEntries(wrong.map(([name]) => [name, [texts.countType]])));
  }
  const catalog = await findCatalog(call, parts);
  if (catalog === undefined) return refuseCatalog('no_catalog', idOf(call));
  const answer = textsOf(catalog, parts, {
    project: call.credentials.project.id,
    skip: Number(skip ?? 0),
    limit: Math.min(Number(count ?? catalogPageDefault), catalogPageMax),
    ...(query && { text: { value: query, ...(field && { field }) } }),
  });
  // What goes wrong at once is still answered as such.
  const first = await answer.next();
  return { status: 200, body: Readable.from(withFirst(first.value ?? '', answer)) };
}

function isCount(text: string): boolean {
  return /^\d{1,9}$/.test(text);
}

async function* withFirst(first: string, others: AsyncGenerator<string>): AsyncGenerator<string> {
  yield first;
  yield* others;
}

async function* textsOf(
  { id, items: total }: Catalog,
  { catalogs }: CatalogParts,
  { project, text, skip, limit }: Asked,
): AsyncGenerator<string> {
  let matched = 0;
  let toSkip = skip;
  let left = limit;
  let next: string | undefined = '';
  let start = '{"data":[';
  while (next !== undefined && (left > 0 || (text !== undefined && matched < catalogMatchesCounted))) {
    const wanted = { project, catalog: id, after: next, skip: toSkip, limit: left, ...(text && { text }) };
    const found = await catalogs.findItems(wanted);
    matched += found.matched;
    toSkip -= found.skipped;
    left -= found.items.length;
    next = found.next;
    if (found.items.length === 0) continue;
    yield start + found.items.map((item) => showItem(id, item)).join(',');
    start = ',';
  }
  if (start !== ',') yield start;
  const limited = text !== undefined && next !== undefined;
  const counts = `"matched":${text === undefined ? total : matched},"matched_limited":${limited}`;
  yield `],"limit":${limit},${counts},"skip":${skip},"success":true,"total":${total}}`;
}

function showItem(catalog: string, { id, properties }: CatalogItem): string {
  return `{"catalog_id":${JSON.stringify(catalog)},"item_id":${JSON.stringify(id)},"properties":${properties}}`;
}
