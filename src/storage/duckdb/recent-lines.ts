import type { ProfileId } from '../../core/ids.ts';
import { assert } from '../../lib/assert.ts';

const lineFeed = 0x0a;
const [zero, nine] = [0x30, 0x39];
/** Before it a line has only numbers (`writeLine`), so the first one is the line's own. */
const profileMember = Buffer.from('"profile":');

/** Of each line of a text: whose it is, and where it begins. */
export type Places = readonly { readonly profile: number; readonly begin: number }[];

/** Finds the lines of a text, joined by line feeds; throws when one is nobody's. */
export function readPlaces(text: Buffer): Places {
  const places: { profile: number; begin: number }[] = [];
  for (let begin = 0; begin < text.length; ) {
    const end = endOf(text, begin);
    places.push({ profile: profileAt(text, begin, end), begin });
    begin = end + 1;
  }
  return places;
}

/** Drops the oldest tables' lines until all together have no more than `max` bytes. */
export function limitRecent(tables: readonly { readonly recent: RecentLines }[], max: number): void {
  let bytes = tables.reduce((sum, { recent }) => sum + recent.bytes, 0);
  for (const { recent } of tables) {
    if (bytes <= max) return;
    bytes -= recent.bytes;
    recent.drop();
  }
}

/**
 * The lines of one table in memory as the text they were written as, and which of them are whose: DuckDB takes
 * milliseconds to plan a statement and to scan for one profile, this some microseconds for each of its lines. It
 * grows with its table, and goes with it or when there is too much.
 */
export class RecentLines {
  #texts: Buffer[] = [];
  /** Of each line, by its place in the table: the text it is in, where it begins there, and the profile's line before. */
  #textOf: number[] = [];
  #beginOf: number[] = [];
  #beforeOf: number[] = [];
  #newestOf = new Map<number, number>();
  #isDropped = false;
  /** Of the texts it holds. */
  bytes = 0;

  /** Takes in the lines at some places. They have to be in the table before anybody is told that they are taken in. */
  add(text: Buffer, places: Places): void {
    if (this.#isDropped) return;
    this.#texts.push(text);
    this.bytes += text.length;
    for (const { profile, begin } of places) {
      this.#beforeOf.push(this.#newestOf.get(profile) ?? -1);
      this.#newestOf.set(profile, this.#beginOf.length);
      this.#textOf.push(this.#texts.length - 1);
      this.#beginOf.push(begin);
    }
  }

  /** Lets go of all lines, and takes in no others: they are in the table alone. */
  drop(): void {
    this.#isDropped = true;
    this.bytes = 0;
    this.#texts = [];
    this.#textOf = [];
    this.#beginOf = [];
    this.#beforeOf = [];
    this.#newestOf = new Map();
  }

  /** The lines of these profiles, each profile's newest first; undefined: they are too many, too long, or dropped. */
  of(profiles: readonly ProfileId[], max: { lines: number; bytes: number }): string[] | undefined {
    if (this.#isDropped) return undefined;
    const lines: string[] = [];
    let bytes = 0;
    for (const profile of new Set(profiles)) {
      let at = this.#newestOf.get(profile) ?? -1;
      for (; at >= 0; at = this.#beforeOf[at] as number) {
        const line = this.#line(at);
        bytes += line.length;
        if (lines.length === max.lines || bytes > max.bytes) return undefined;
        lines.push(line);
      }
    }
    return lines;
  }

  #line(at: number): string {
    const text = this.#texts[this.#textOf[at] as number] as Buffer;
    const begin = this.#beginOf[at] as number;
    return text.toString('utf8', begin, endOf(text, begin));
  }
}

function endOf(text: Buffer, begin: number): number {
  const end = text.indexOf(lineFeed, begin);
  return end < 0 ? text.length : end;
}

function profileAt(text: Buffer, begin: number, end: number): number {
  const member = text.indexOf(profileMember, begin);
  assert(member >= 0 && member < end, 'a line without a profile');
  let profile = 0;
  let at = member + profileMember.length;
  for (let digit = text[at]; isDigit(digit); digit = text[++at]) profile = profile * 10 + digit - zero;
  assert(profile > 0, 'a line without a profile');
  return profile;
}

function isDigit(byte: number | undefined): byte is number {
  return byte !== undefined && byte >= zero && byte <= nine;
}
