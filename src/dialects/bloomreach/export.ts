import { Readable } from 'node:stream';
import type { ProfileId } from '../../core/ids.ts';
import type { Profile } from '../../core/profile.ts';
import type { ProfileList } from '../../engine/store.ts';
import type { Engine } from '../../engine/submit.ts';
import { csv } from '../../lib/csv.ts';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { parseObject } from './batch.ts';
import { idTypes, showIds } from './customer-ids.ts';
import type { ReadRequest } from './data.ts';
import { exportColumnsMax, exportPage, exportsMax } from './limits.ts';
import { type Answer, failures, type Reply } from './reply.ts';
import { texts } from './texts.ts';

export interface ExportParts {
  readonly engine: Engine;
  readonly profiles: ProfileList;
  readonly onError: (error: unknown) => void;
}

/** A column of an export: an id of some type, or a property. */
type Field =
  | { readonly type: 'id'; readonly id: string }
  | { readonly type: 'property'; readonly property: string };

/** How rows become the body: its beginning, each page, and its end. */
interface Format {
  readonly contentType: string;
  start(fields: readonly Field[]): string;
  /** `isFirst`: no row stands before these. */
  page(rows: readonly (readonly Json[])[], fields: readonly Field[], isFirst: boolean): string;
  readonly end: string;
}

const names = (fields: readonly Field[]) => fields.map((it) => (it.type === 'id' ? it.id : it.property));
const list = (rows: readonly unknown[], isFirst: boolean) =>
  `${isFirst ? '' : ','}${rows.map((it) => JSON.stringify(it)).join(',')}`;

const formats: { readonly [name: string]: Format } = {
  native_json: {
    contentType: 'application/json',
    start: (fields) => `{"success":true,"fields":${JSON.stringify(fields)},"data":[`,
    page: (rows, _fields, isFirst) => list(rows, isFirst),
    end: ']}',
  },
  table_json: {
    contentType: 'application/json',
    start: () => '[',
    page: (rows, fields, isFirst) => {
      const columns = names(fields);
      const objects = rows.map((row) => Object.fromEntries(row.map((it, index) => [columns[index], it])));
      return list(objects, isFirst);
    },
    end: ']',
  },
  csv: {
    contentType: 'text/csv; charset=utf-8',
    start: (fields) => `${csv([names(fields)])}\r\n`,
    page: (rows) => `${csv(rows)}\r\n`,
    end: '',
  },
};

/** Exports under way of each engine: each reads every profile there is. */
const running = new WeakMap<Engine, number>();

/**
 * `customers/export`: all customers with their ids and properties, in pages, so that memory does not grow with them
 * (contract 4.4). Customers are read through the order of the writes, each as it is then. Unless the columns are named, all
 * customers are read once before, to find them.
 */
export async function answerExport(request: ReadRequest, parts: ExportParts): Promise<Answer> {
  if (!request.permissions.gdpr.has('exportCustomers')) return failures.error(403, texts.noExportPermission);
  const asked = parseObject(request.body);
  if (asked === undefined) return failures.fields(400, { _global: [texts.invalidJson] });
  const format = typeof asked['format'] === 'string' ? formats[asked['format']] : undefined;
  if (format === undefined) return failures.fields(400, { format: [texts.exportFormat] });
  const wanted = readFields(asked['attributes']);
  if (wanted === 'invalid') return failures.fields(400, { attributes: [texts.exportAttributes] });
  const filtered = refuseFilter(asked['filter']);
  if (filtered !== undefined) return filtered;

  const count = running.get(parts.engine) ?? 0;
  if (count >= exportsMax) return failures.error(503, texts.internal);
  running.set(parts.engine, count + 1);
  const end = () => running.set(parts.engine, (running.get(parts.engine) ?? 1) - 1);
  const body = Readable.from(write(request, { format, wanted, parts }));
  body.once('close', end);
  body.on('error', parts.onError);
  return { status: 200, body, headers: { 'content-type': format.contentType } };
}

async function* write(
  request: ReadRequest,
  { format, wanted, parts }: { format: Format; wanted: readonly Field[] | undefined; parts: ExportParts },
): AsyncGenerator<string> {
  const fields = wanted ?? (await findFields(request, parts));
  yield format.start(fields);
  let isFirst = true;
  for await (const customers of readCustomers(request, parts)) {
    yield format.page(
      customers.map((it) => rowOf(it, fields)),
      fields,
      isFirst,
    );
    isFirst = false;
  }
  yield format.end;
}

/** The id types of the project, then the properties that somebody has, by name. */
async function findFields(request: ReadRequest, parts: ExportParts): Promise<Field[]> {
  const properties = new Set<string>();
  for await (const customers of readCustomers(request, parts)) {
    for (const { attributes } of customers) {
      for (const [name, [, value]] of attributes) {
        if (value !== null && properties.size < exportColumnsMax) properties.add(name);
      }
    }
  }
  const ids = idTypes.map((id): Field => ({ type: 'id', id }));
  return [...ids, ...[...properties].sort().map((property): Field => ({ type: 'property', property }))];
}

/** Page after page of those who have an id of this dialect. */
async function* readCustomers(
  { project }: ReadRequest,
  { engine, profiles }: ExportParts,
): AsyncGenerator<readonly Profile[]> {
  let after = 0 as ProfileId;
  for (;;) {
    const page = await profiles.profilesOf(project.id, after, exportPage);
    const items = page.map((profile) => ({
      command: { kind: 'read_profile', ids: [], create: false, profile } as const,
    }));
    const result = await engine.submit({ project: project.id, items, bytes: 0, scan: true });
    // The caller sees a body that breaks off, which is no list of all customers.
    if (result.code !== 'done') throw new Error('An export was broken off: the server has too much to do');
    const found = result.outcomes.flatMap((it) => (it.code === 'profile' ? [it.profile] : []));
    const customers = found.filter(isCustomer);
    if (customers.length > 0) yield customers;
    const last = page.at(-1);
    if (last === undefined || page.length < exportPage) return;
    after = last;
  }
}

function isCustomer({ identities }: Profile): boolean {
  return identities.some(({ kind }) => kind === 'user' || kind === 'cookie');
}

function rowOf(customer: Profile, fields: readonly Field[]): Json[] {
  const ids = showIds(customer);
  return fields.map((field) =>
    field.type === 'id'
      ? (ids.get(field.id) ?? null)
      : (customer.attributes.get(field.property)?.[1] ?? null),
  );
}

/** Which columns are asked for; undefined: all. */
function readFields(attributes: Json | undefined): readonly Field[] | undefined | 'invalid' {
  if (attributes === undefined || attributes === null) return undefined;
  if (!isJsonObject(attributes)) return 'invalid';
  if (attributes['type'] === 'properties_and_ids') return undefined;
  const asked = attributes['list'];
  if (attributes['type'] !== 'some' || !Array.isArray(asked) || asked.length > exportColumnsMax)
    return 'invalid';
  const fields = asked.map(readField).filter((it) => it !== undefined);
  return fields.length < asked.length ? 'invalid' : fields;
}

function readField(asked: Json): Field | undefined {
  if (!isJsonObject(asked)) return undefined;
  const { type, id, property } = asked;
  if (type === 'id' && typeof id === 'string') return { type, id };
  if (type === 'property' && typeof property === 'string') return { type, property };
  return undefined;
}

/** There are no segmentations yet, so whichever is named does not exist. */
function refuseFilter(filter: Json | undefined): Reply | undefined {
  if (filter === undefined || filter === null) return undefined;
  const id = isJsonObject(filter) ? ((filter as JsonObject)['segmentation_id'] ?? null) : null;
  return failures.fields(404, { _global: [texts.noSegmentation(String(id).slice(0, 100))] });
}
