import type { ProjectId } from '../../../core/ids.ts';
import type {
  Catalog,
  CatalogChange,
  CatalogItem,
  CatalogProblem,
  CatalogStore,
  FoundItems,
  ItemResult,
  ItemsChange,
  WantedItems,
} from '../../../engine/catalog-store.ts';
import { Thread, ThreadError } from '../thread.ts';
import type { CatalogAnswer, CatalogQuestion } from './catalogs-thread.ts';
import type { CatalogWork, CatalogWorkResult, PackedItem } from './change.ts';

/** About how many bytes are written in one transaction: commits wait behind it. An item dirties a page at least. */
const sliceBytesMax = 1024 * 1024;
const pageBytes = 4096;

/** Gives work to the writer; `bytes`: about how many it writes. */
export type AskWriter = (work: CatalogWork, bytes: number) => Promise<CatalogWorkResult>;

/** The catalogs in the embedded store. Their reading thread begins when one is first read. */
export class SqliteCatalogs implements CatalogStore {
  readonly #file: string;
  readonly #askWriter: AskWriter;
  readonly #onBroken: (error: unknown) => void;
  #reader: Thread<CatalogQuestion, CatalogAnswer> | undefined;
  #removing: Promise<void> | undefined;
  #isClosing = false;

  constructor(file: string, askWriter: AskWriter, onBroken: (error: unknown) => void) {
    this.#file = file;
    this.#askWriter = askWriter;
    this.#onBroken = onBroken;
  }

  async catalogsOf(project: ProjectId): Promise<readonly Catalog[]> {
    return (await this.#ask({ ask: 'catalogs', project })) as readonly Catalog[];
  }

  async item(project: ProjectId, catalog: string, id: string): Promise<CatalogItem | undefined> {
    return (await this.#ask({ ask: 'item', project, catalog, id })) as CatalogItem | undefined;
  }

  async findItems(wanted: WantedItems): Promise<FoundItems> {
    return (await this.#ask({ ask: 'items', wanted })) as FoundItems;
  }

  async changeCatalog(change: CatalogChange): Promise<CatalogProblem | undefined> {
    return (await this.#askWriter({ on: 'catalog', change }, 0)) as CatalogProblem | undefined;
  }

  async changeItems({ project, catalog, items }: ItemsChange): Promise<readonly ItemResult[] | 'no_catalog'> {
    const results: ItemResult[] = [];
    for (const { slice, bytes } of slicesOf(items)) {
      const change = { project, catalog, items: slice };
      const done = (await this.#askWriter({ on: 'items', change }, bytes)) as
        | readonly ItemResult[]
        | 'no_catalog';
      if (done === 'no_catalog') return done;
      results.push(...done);
    }
    return results;
  }

  /** Removes what emptied and deleted catalogs have left, in small steps between the commits. Rejects like a write. */
  removeGarbage(): Promise<void> {
    this.#removing ??= this.#removeAll().finally(() => {
      this.#removing = undefined;
    });
    return this.#removing;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#removing?.catch(() => undefined);
    await this.#reader?.stop();
  }

  async #removeAll(): Promise<void> {
    while (!this.#isClosing && (await this.#askWriter({ on: 'garbage' }, sliceBytesMax)) !== 0);
  }

  async #ask(question: CatalogQuestion): Promise<CatalogAnswer> {
    this.#reader ??= new Thread(new URL('./catalogs-thread.ts', import.meta.url), { file: this.#file });
    try {
      return await this.#reader.ask(question);
    } catch (error) {
      if (error instanceof ThreadError && error.isOfDisk) this.#onBroken(error);
      throw error;
    }
  }
}

/** An empty list is one slice: whether the catalog is there has to be said. */
function* slicesOf(items: ItemsChange['items']): Generator<{ slice: PackedItem[]; bytes: number }> {
  let slice: PackedItem[] = [];
  let bytes = 0;
  for (const item of items) {
    const properties = item.do === 'delete' ? '' : JSON.stringify(item.properties);
    slice.push({ do: item.do, id: item.id, properties });
    bytes += properties.length + pageBytes;
    if (bytes < sliceBytesMax) continue;
    yield { slice, bytes };
    slice = [];
    bytes = 0;
  }
  if (slice.length > 0 || items.length === 0) yield { slice, bytes };
}
