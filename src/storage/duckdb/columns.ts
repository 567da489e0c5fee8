import type { StoredLine } from '../../core/read-line.ts';

/**
 * The columns of a line, in memory and in files: one per member, so that a line can be put together again exactly. A new
 * member of a line does not compile until it has its column. Column names are the members' own, but for words that SQL
 * reserves.
 */
const types: { readonly [member in keyof Required<StoredLine>]: string } = {
  v: 'TINYINT',
  id: 'BIGINT',
  project: 'INTEGER',
  profile: 'BIGINT',
  at: 'BIGINT',
  time: 'DOUBLE',
  kind: 'VARCHAR',
  session: 'BIGINT',
  device: 'BIGINT',
  identity: 'BIGINT',
  state: 'BIGINT',
  part: 'BIGINT',
  into: 'BIGINT',
  scope: 'VARCHAR',
  name: 'VARCHAR',
  value: 'DOUBLE',
  info: 'VARCHAR',
  spent: 'DOUBLE',
  background: 'BOOLEAN',
  billed: 'BOOLEAN',
  passive: 'BOOLEAN',
  stamped: 'BOOLEAN',
  prior: 'JSON',
  events: 'JSON',
  states: 'JSON',
  totals: 'JSON',
  params: 'JSON',
  same: 'JSON',
  document: 'JSON',
};

const members = Object.keys(types) as (keyof StoredLine)[];
const renamed: { readonly [member in keyof StoredLine]?: string } = { at: 'at_ms', into: 'into_profile' };
const columnOf = (member: keyof StoredLine) => renamed[member] ?? member;

/** Of a table in memory: `id BIGINT, project INTEGER, …`. */
export const columnDefinitions = members.map((it) => `${columnOf(it)} ${types[it]}`).join(', ');

/** All columns but the project, which is in the folder's name. */
export const fileColumns = members
  .filter((it) => it !== 'project')
  .map(columnOf)
  .join(', ');

/**
 * The same as the `schema` of `read_parquet`: a file that was written before a column existed has NULL in its place, also
 * when no file of a statement has it.
 */
export const fileSchema = `MAP {${members
  .filter((it) => it !== 'project')
  .map((it) => `'${columnOf(it)}': {name: '${columnOf(it)}', type: '${types[it]}', default_value: NULL}`)
  .join(', ')}}`;

/**
 * The columns of a line from its text in `line`, for INSERT INTO a table of `columnDefinitions`. Reading each line alone
 * is four times as fast as one large list of them, and faster than files or appending values one by one.
 */
export const columnsFromText = `unnest(from_json(line, '${JSON.stringify(types)}'))`;

/** Integers below 2^53 come out as doubles: JavaScript's own numbers, instead of big ones. */
const rowColumn = (it: keyof StoredLine) =>
  types[it] === 'BIGINT' ? `${columnOf(it)}::DOUBLE AS ${columnOf(it)}` : columnOf(it);
export const rowColumns = members.map(rowColumn).join(', ');

/** Text of any length; the others have a few bytes each. */
const texts = members.filter((it) => types[it] === 'VARCHAR' || types[it] === 'JSON');
/** What a line has besides its texts, names of members and numbers, rounded up. */
const otherBytes = 400;

/** About how long a line's text is. */
export const rowBytes = [otherBytes, ...texts.map((it) => `coalesce(strlen(${columnOf(it)}), 0)`)].join(
  ' + ',
);

/** The same as `rowColumns`, without the texts of lines where `isShort` is false: who sorts lines has to hold all of them. */
export function shortRowColumns(isShort: string): string {
  const column = (it: keyof StoredLine) => `CASE WHEN ${isShort} THEN ${columnOf(it)} END AS ${columnOf(it)}`;
  return members.map((it) => (texts.includes(it) ? column(it) : rowColumn(it))).join(', ');
}

/** The stored object of a row; what is null there is missing here. */
export function toStored(row: readonly unknown[]): StoredLine {
  const stored: Record<string, unknown> = {};
  for (const [index, member] of members.entries()) {
    const value = row[index];
    if (value === null) continue;
    stored[member] = types[member] === 'JSON' ? JSON.parse(value as string) : value;
  }
  return stored as unknown as StoredLine;
}
