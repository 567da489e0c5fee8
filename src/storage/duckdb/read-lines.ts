import type { DuckDBConnection } from '@duckdb/node-api';
import type { StoredLine } from '../../core/read-line.ts';
import type { Segment, WantedLines } from '../../engine/store.ts';
import { rowColumns, toStored } from './columns.ts';
import { linesIn, type Snapshot } from './contents.ts';
import { notErased } from './erasures.ts';
import { filesPerStep } from './limits.ts';

/**
 * One page of the lines of a profile and its parts. First what is in memory, then files in the order asked for, a few at a time, until no
 * other file can hold anything that belongs on the page. A profile's id is the id of its first line and `upTo` the last,
 * so files of other times are never opened; within a file, lines are sorted by profile.
 */
export async function readLines(
  connection: DuckDBConnection,
  folder: string,
  wanted: WantedLines,
  { tables, segments, erased }: Snapshot,
): Promise<StoredLine[]> {
  const place = placeOf(wanted);
  // Names are users' text: as parameters, since not every character may stand in SQL.
  const { events } = wanted;
  const isErased = wanted.profiles.some((it) => erased.profiles.has(it));
  const where = [...conditions(wanted), ...(isErased ? [notErased(erased)] : [])].join(' AND ');
  const parameters: Record<string, string> =
    events === undefined || events === 'all' ? {} : { names: JSON.stringify(events) };
  const select = async (columns: string, from: string) => {
    const result = await connection.run(
      `SELECT ${columns} FROM ${from} AS l WHERE ${where}
       ORDER BY ${wanted.by} ${wanted.order}, id ${wanted.order} LIMIT ${wanted.limit}`,
      parameters,
    );
    return result.getRowsJS();
  };
  let page: StoredLine[] = [];
  const add = (lines: StoredLine[]) => {
    page = [...page, ...lines].sort(place.compare).slice(0, wanted.limit);
  };
  for (const table of tables) add((await select('line', table)).map(([line]) => JSON.parse(line as string)));
  const files = candidates(wanted, place, segments);
  for (let step = filesPerStep; files.length > 0; step *= 2) {
    const last = page.at(-1);
    const isFull = page.length === wanted.limit && last !== undefined;
    if (isFull && place.isBefore(place.ofLine(last), place.first(files[0] as Segment))) break;
    add((await select(rowColumns, linesIn(folder, files.splice(0, step)))).map(toStored));
  }
  return page;
}

/** Where lines and files stand in the order asked for. */
interface Place {
  isBefore(a: number, b: number): boolean;
  compare(a: StoredLine, b: StoredLine): number;
  ofLine(line: StoredLine): number;
  /** The first place that a line of the file could have, and the last. */
  first(segment: Segment): number;
  last(segment: Segment): number;
}

function placeOf({ by, order }: WantedLines): Place {
  const sign = order === 'asc' ? 1 : -1;
  const ofLine = (line: StoredLine) => (by === 'id' ? line.id : line.time);
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
