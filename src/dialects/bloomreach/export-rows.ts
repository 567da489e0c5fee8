import type { ProfileId, ProjectId } from '../../core/ids.ts';
import type { Profile } from '../../core/profile.ts';
import type { IdTypes } from '../../core/project/id-types.ts';
import { csv } from '../../lib/csv.ts';
import type { Json } from '../../lib/json.ts';
import { showIds } from './customer-ids.ts';
import { exportColumnsMax } from './limits.ts';

/** A column of an export: an id of some type, or a property. */
export type Field =
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

/**
 * What the columns are called where only their names tell them apart: a property of the name of an id has `properties.`
 * before it, as often as it takes to be the only one. Ids keep theirs, since clients look for customers by them.
 */
function nameColumns(fields: readonly Field[]): string[] {
  const ids = new Set(fields.flatMap((it) => (it.type === 'id' ? [it.id] : [])));
  const taken = new Set(fields.map((it) => (it.type === 'id' ? it.id : it.property)));
  const renamed = new Map<string, string>();
  for (const field of fields) {
    if (field.type === 'id' || !ids.has(field.property) || renamed.has(field.property)) continue;
    let name = field.property;
    while (taken.has(name)) name = `properties.${name}`;
    taken.add(name);
    renamed.set(field.property, name);
  }
  return fields.map((it) => (it.type === 'id' ? it.id : (renamed.get(it.property) ?? it.property)));
}

const list = (rows: readonly unknown[], isFirst: boolean) =>
  `${isFirst ? '' : ','}${rows.map((it) => JSON.stringify(it)).join(',')}`;

export const formats = {
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
      const columns = nameColumns(fields);
      const objects = rows.map((row) => Object.fromEntries(row.map((it, index) => [columns[index], it])));
      return list(objects, isFirst);
    },
    end: ']',
  },
  csv: {
    contentType: 'text/csv; charset=utf-8',
    start: (fields) => `${csv([nameColumns(fields)])}\r\n`,
    page: (rows) => `${csv(rows)}\r\n`,
    end: '',
  },
} as const satisfies { readonly [name: string]: Format };

type FormatName = keyof typeof formats;

/** Whether there is a form of this name. */
export function isFormat(name: Json | undefined): name is FormatName {
  return typeof name === 'string' && Object.hasOwn(formats, name);
}

/** An export that is in order: what is wanted of it. */
export interface ExportJob {
  readonly project: ProjectId;
  readonly idTypes: IdTypes;
  readonly format: FormatName;
  /** Undefined: an id of each type, and every property that somebody has. */
  readonly fields?: readonly Field[];
}

/** What an export has to know of a profile. */
export type Person = Pick<Profile, 'id' | 'identities' | 'attributes'>;

/** Profiles behind `after` (0: from the beginning) in the order of their ids; none: there are no more. */
export type ReadProfiles = (after: ProfileId) => readonly Person[];

/**
 * Writes an export, a piece for each page; a piece may be empty. Unless the columns are named, all customers are read once
 * before, to find them.
 */
export function* writeExport(
  { format, idTypes, fields: wanted }: ExportJob,
  read: ReadProfiles,
): Generator<string> {
  const form: Format = formats[format];
  const fields = wanted ?? (yield* findFields(read, idTypes));
  yield form.start(fields);
  let isFirst = true;
  for (const customers of readCustomers(read, idTypes)) {
    yield form.page(
      customers.map((it) => rowOf(it, fields, idTypes)),
      fields,
      isFirst,
    );
    isFirst = false;
  }
  yield form.end;
}

/** The id types of the project, then the properties that somebody has, by name. */
function* findFields(read: ReadProfiles, idTypes: IdTypes): Generator<string, Field[]> {
  const properties = new Set<string>();
  for (const customers of readCustomers(read, idTypes)) {
    for (const { attributes } of customers) {
      for (const [name, [, value]] of attributes) {
        if (value !== null && properties.size < exportColumnsMax) properties.add(name);
      }
    }
    yield '';
  }
  const ids = Array.from(idTypes.keys(), (id): Field => ({ type: 'id', id }));
  return [...ids, ...[...properties].sort().map((property): Field => ({ type: 'property', property }))];
}

/** Page after page of those who have an id of a type that the project shows. */
function* readCustomers(read: ReadProfiles, idTypes: IdTypes): Generator<readonly Person[]> {
  const kinds = new Set(idTypes.values());
  for (let page = read(0 as ProfileId); page.length > 0; page = read((page.at(-1) as Person).id)) {
    const customers = page.filter(({ identities }) => identities.some(({ kind }) => kinds.has(kind)));
    if (customers.length > 0) yield customers;
  }
}

function rowOf(customer: Person, fields: readonly Field[], idTypes: IdTypes): Json[] {
  const ids = showIds(customer, idTypes);
  return fields.map((field) =>
    field.type === 'id'
      ? (ids.get(field.id) ?? null)
      : (customer.attributes.get(field.property)?.[1] ?? null),
  );
}
