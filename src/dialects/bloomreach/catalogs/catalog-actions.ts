import { randomBytes } from 'node:crypto';
import type { Catalog, CatalogChange, CatalogProblem, CatalogStore } from '../../../engine/catalog-store.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../lib/json.ts';
import { parseObject } from '../batch.ts';
import { catalogFieldsMax, nameBytesMax } from '../limits.ts';
import { failures, json, type Reply } from '../reply.ts';
import type { KeyedCall } from '../route.ts';
import { texts } from '../texts.ts';

export interface CatalogParts {
  readonly catalogs: CatalogStore;
}

/** The text of a name or an id; a number counts as its text. Undefined when it cannot be one. */
export function readShortText(value: Json | undefined): string | undefined {
  const text = typeof value === 'number' && Number.isFinite(value) ? String(value) : value;
  if (typeof text !== 'string' || text === '' || Buffer.byteLength(text) > nameBytesMax) return undefined;
  return text;
}

/** All of a project, with their fields. */
export async function listCatalogs({ credentials }: KeyedCall, { catalogs }: CatalogParts): Promise<Reply> {
  const all = await catalogs.catalogsOf(credentials.project.id);
  const data = all.map(({ id, name, fields, isProduct }) => ({
    id,
    name,
    fields: fields.map((field) => ({ name: field })),
    is_product_catalog: isProduct,
  }));
  return json(200, { success: true, data });
}

/** A new one; its id has the form of the vendor's. Names are unique, so that a repeat makes no second one. */
export async function createCatalog(call: KeyedCall, parts: CatalogParts): Promise<Reply> {
  const given = readCatalog(call);
  if ('status' in given) return given;
  const { name, fields = [], isProduct } = given;
  if (name === undefined) return failures.fields(400, { name: [texts.shortText] });
  const id = randomBytes(12).toString('hex');
  const project = call.credentials.project.id;
  const problem = await parts.catalogs.changeCatalog({ do: 'create', project, id, name, fields, isProduct });
  return problem === undefined ? json(200, { success: true, id }) : refuseCatalog(problem, id);
}

/** Its name. */
export async function showCatalog(call: KeyedCall, parts: CatalogParts): Promise<Reply> {
  const catalog = await findCatalog(call, parts);
  if (catalog === undefined) return refuseCatalog('no_catalog', idOf(call));
  return json(200, { success: true, data: { id: catalog.id, name: catalog.name } });
}

/** Renames it, and replaces its list of fields. What is left out stays. */
export async function updateCatalog(call: KeyedCall, parts: CatalogParts): Promise<Reply> {
  const given = readCatalog(call);
  if ('status' in given) return given;
  const { name, fields } = given;
  return change({ do: 'update', ...placeOf(call), ...(name && { name }), ...(fields && { fields }) }, parts);
}

/** Deletes it with its items. */
export function deleteCatalog(call: KeyedCall, parts: CatalogParts): Promise<Reply> {
  return change({ do: 'delete', ...placeOf(call) }, parts);
}

/** Deletes all items. */
export function emptyCatalog(call: KeyedCall, parts: CatalogParts): Promise<Reply> {
  return change({ do: 'empty', ...placeOf(call) }, parts);
}

/** The catalog that the address names. */
export async function findCatalog(call: KeyedCall, { catalogs }: CatalogParts): Promise<Catalog | undefined> {
  const all = await catalogs.catalogsOf(call.credentials.project.id);
  return all.find(({ id }) => id === idOf(call));
}

/** The id in the address. */
export function idOf({ params }: KeyedCall): string {
  return params['catalogId'] ?? '';
}

/** Why something could not be done with a catalog. */
export function refuseCatalog(problem: CatalogProblem, id: string): Reply {
  switch (problem) {
    case 'no_catalog':
      return failures.fields(404, { _global: [texts.noCatalog(id)] });
    case 'name_taken':
      return failures.fields(400, { name: [texts.catalogNameTaken] });
    case 'too_many_catalogs':
      return failures.fields(400, { _global: [texts.tooManyCatalogs] });
  }
}

async function change(asked: CatalogChange, { catalogs }: CatalogParts): Promise<Reply> {
  const problem = await catalogs.changeCatalog(asked);
  return problem === undefined ? json(200, { success: true }) : refuseCatalog(problem, asked.id);
}

function placeOf(call: KeyedCall) {
  return { project: call.credentials.project.id, id: idOf(call) };
}

function readCatalog({
  body,
}: KeyedCall):
  | { readonly name: string | undefined; readonly fields: string[] | undefined; readonly isProduct: boolean }
  | Reply {
  const given = parseObject(body);
  if (given === undefined) return failures.fields(400, { _global: [texts.invalidJson] });
  const name = readShortText(given['name']);
  if (name === undefined && !isMissing(given, 'name'))
    return failures.fields(400, { name: [texts.shortText] });
  const fields = isMissing(given, 'fields') ? undefined : readFields(given['fields']);
  if (fields === null) return failures.fields(400, { fields: [texts.catalogFields] });
  return { name, fields, isProduct: given['is_product_catalog'] === true };
}

function isMissing(given: JsonObject, member: string): boolean {
  return given[member] === undefined || given[member] === null;
}

function readFields(value: Json | undefined): string[] | null {
  if (!Array.isArray(value) || value.length > catalogFieldsMax) return null;
  const names = value.map((it: Json) => (isJsonObject(it) ? readShortText(it['name']) : undefined));
  return names.includes(undefined) ? null : [...new Set(names as string[])];
}
