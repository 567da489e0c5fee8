import type { StoredLine } from '../../core/read-line.ts';
import { bytesPerReadMax, type Segment, type WantedLines } from '../../engine/store.ts';
import { rowBytes, rowColumns, shortRowColumns, toStored } from './columns.ts';
import { linesIn, type Snapshot } from './contents.ts';
import { type Erased, isErased, notErased } from './erasures.ts';
import { filesPerStep, recentLinesMax, shortLineBytes } from './limits.ts';
import type { Slots } from './slots.ts';

/** A line, about how many bytes it has, and its text where that is at hand. */
interface FoundLine {
  readonly line: StoredLine;
  readonly bytes: number;
  readonly text?: string;
}

/** A page as a list of JSON; see `Page`. */
export interface PageText {
  readonly text: string;
  readonly isLast: boolean;
}

/**
 * One page of the lines of a profile and its parts. First what is in memory, then files in the order
 * asked for, a few at a time, until no other file can hold anything that belongs on the page. A profile's id is the id of
 * its first line and `upTo` the last, so files of other times are never opened; within a file, lines are sorted by profile.
 */
export async function readLines(
  slots: Slots,
  folder: string,
  wanted: WantedLines,
  { tables, segments, erased }: Snapshot,
): Promise<PageText> {
  const place = placeOf(wanted);
  const select = prepareSelect(slots, wanted, erased);
  let page: FoundLine[] = [];
  const add = (found: readonly FoundLine[]) => {
    page = cut([...page, ...found].sort((a, b) => place.compare(a.line, b.line)).slice(0, wanted.limit));
  };
  const isWanted = wantedIn(wanted, place);
  for (const { name, recent } of tables) {
    const texts = recent.of(wanted.profiles, { lines: recentLinesMax, bytes: bytesPerReadMax });
    const lines = texts?.map((text) => ({ line: JSON.parse(text) as StoredLine, text, bytes: text.length }));
    add(
      lines?.filter(({ line }) => isWanted(line) && !isErased(line, erased)) ??
        (await select(name, Infinity)),
    );
  }
  const files = candidates(wanted, place, segments);
  for (let step = filesPerStep; files.length > 0; step *= 2) {
    const last = page.at(-1)?.line;
    if (
      isFull(page, wanted) &&
      last !== undefined &&
      place.isBefore(place.ofLine(last), place.first(files[0] as Segment))
    )
      break;
    const opened = files.splice(0, step);
    add(await select(linesIn(folder, opened), Math.max(...opened.map((it) => it.longestLine))));
  }
  const text = `[${page.map(({ line, text }) => text ?? JSON.stringify(line)).join()}]`;
  return { text, isLast: !isFull(page, wanted) };
}

/** The lines from the first one to that which makes the page full. */
function cut(lines: FoundLine[]): FoundLine[] {
  let bytes = 0;
  for (const [index, line] of lines.entries()) {
    bytes += line.bytes;
    if (bytes >= bytesPerReadMax) return lines.slice(0, index + 1);
  }
  return lines;
}

function isFull(page: readonly FoundLine[], { limit }: WantedLines): boolean {
  return page.length === limit || page.reduce((sum, it) => sum + it.bytes, 0) >= bytesPerReadMax;
}

/**
 * Asks DuckDB for the lines of the page that `from` has, none of them longer than `longest` bytes. It sorts in memory, where
 * a thousand long lines have no room: where there may be any, their texts are asked for when it is known which of them are
 * on the page. Short ones are not measured, since planning that takes longer than reading them.
 */
function prepareSelect(slots: Slots, wanted: WantedLines, erased: Erased) {
  const { by, order, limit, events, profiles } = wanted;
  const isTouched = profiles.some((it) => erased.profiles.has(it));
  const where = [...conditions(wanted), ...(isTouched ? [notErased(erased)] : [])].join(' AND ');
  const page = `ORDER BY ${by} ${order}, id ${order} LIMIT ${limit}`;
  // Names are users' text: as parameters, since not every character may stand in SQL.
  const parameters: Record<string, string> =
    events === undefined || events === 'all' ? {} : { names: JSON.stringify(events) };
  return (from: string, longest: number): Promise<FoundLine[]> =>
    slots.use(async (connection) => {
      const rowsOf = async (sql: string) => (await connection.run(sql, parameters)).getRowsJS();
      if (longest <= shortLineBytes) {
        const rows = await rowsOf(`SELECT ${rowColumns} FROM ${from} AS l WHERE ${where} ${page}`);
        return rows.map((row) => ({ line: toStored(row), bytes: longest }));
      }
      const rows = await rowsOf(
        `SELECT ${shortColumns}, line_bytes FROM (SELECT *, (${rowBytes})::DOUBLE AS line_bytes FROM ${from}) AS l
         WHERE ${where} ${page}`,
      );
      const found = cut(rows.map((row) => ({ line: toStored(row), bytes: row.at(-1) as number })));
      const long = found.filter((it) => it.bytes > shortLineBytes).map((it) => it.line.id);
      if (long.length === 0) return found;
      const whole = await rowsOf(
        `SELECT ${rowColumns} FROM ${from} AS l WHERE ${where} AND id IN (${long.join()})`,
      );
      const lines = new Map(whole.map(toStored).map((line) => [line.id, line]));
      return found.map((it) => ({ ...it, line: lines.get(it.line.id) ?? it.line }));
    });
}

const shortColumns = shortRowColumns(`line_bytes <= ${shortLineBytes}`);

/** What of a line says where it stands. */
type At = Pick<StoredLine, 'time' | 'id'>;

/** Where lines and files stand in the order asked for. */
interface Place {
  isBefore(a: number, b: number): boolean;
  compare(a: At, b: At): number;
  ofLine(line: At): number;
  /** The first place that a line of the file could have, and the last. */
  first(segment: Segment): number;
  last(segment: Segment): number;
}

function placeOf({ by, order }: WantedLines): Place {
  const sign = order === 'asc' ? 1 : -1;
  const ofLine = (line: At) => (by === 'id' ? line.id : line.time);
  const least = (it: Segment) => (by === 'id' ? it.fromId : it.minTimeSec);
  const greatest = (it: Segment) => (by === 'id' ? it.toId : it.maxTimeSec);
  const [first, last] = order === 'asc' ? [least, greatest] : [greatest, least];
  return {
    isBefore: (a, b) => sign * (a - b) < 0,
    compare: (a, b) => sign * (ofLine(a) - ofLine(b) || a.id - b.id),
    ofLine,
    first,
    last,
  };
}

/** Files that may hold lines of the page, in its order by the first line each could give. */
function candidates(wanted: WantedLines, place: Place, segments: readonly Segment[]): Segment[] {
  const { project, profiles, upTo, by, after } = wanted;
  const first = profiles.reduce((a, b) => (b < a ? b : a));
  const from = after && (by === 'id' ? after.id : after.timeSec);
  return segments
    .filter((it) => it.project === project && it.toId >= first && it.fromId <= upTo)
    .filter((it) => from === undefined || !place.isBefore(place.last(it), from))
    .sort((a, b) => (place.isBefore(place.first(a), place.first(b)) ? -1 : 1));
}

/** The same as `conditions`, of a line of one of the profiles. */
function wantedIn(
  { project, upTo, after, events }: WantedLines,
  place: Place,
): (line: StoredLine) => boolean {
  const names = events === undefined || events === 'all' ? undefined : new Set(events);
  const last = after && { time: after.timeSec, id: after.id };
  return (line) =>
    line.project === project &&
    line.id <= upTo &&
    (events === undefined || line.kind === 'event') &&
    (names === undefined || names.has(line.name as string)) &&
    (last === undefined || place.compare(last, line) < 0);
}

function conditions({ project, profiles, upTo, by, order, after, events }: WantedLines): string[] {
  const list = [`project = ${project}`, `profile IN (${profiles.join()})`, `id <= ${upTo}`];
  if (after !== undefined) {
    const than = order === 'asc' ? '>' : '<';
    const time = `'${after.timeSec}'::DOUBLE`;
    const isBehind = `id ${than} ${after.id}`;
    list.push(by === 'id' ? isBehind : `(time ${than} ${time} OR (time = ${time} AND ${isBehind}))`);
  }
  if (events !== undefined) list.push("kind = 'event'");
  if (events !== undefined && events !== 'all') {
    list.push(`name IN (SELECT unnest(from_json($names, '["VARCHAR"]')))`);
  }
  return list;
}
