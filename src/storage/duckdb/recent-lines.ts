import type { ProfileId } from '../../core/ids.ts';
import { assert } from '../../lib/assert.ts';

const lineFeed = 0x0a;
const [zero, nine] = [0x30, 0x39];
/** Before it a line has only numbers (`writeLine`), so the first one is the line's own. */
const profileMember = Buffer.from('"profile":');

/**
 * The lines of one table in memory as the text they were written as, and which of them are whose: DuckDB takes
 * milliseconds to plan a statement and to scan for one profile, this some microseconds for each of its lines. It only
 * grows, with its table, and goes with it.
 */
export class RecentLines {
  readonly #texts: Buffer[] = [];
  /** Of each line, by its place in the table: the text it is in, where it begins there, and the profile's line before. */
  readonly #textOf: number[] = [];
  readonly #beginOf: number[] = [];
  readonly #beforeOf: number[] = [];
  readonly #newestOf = new Map<number, number>();

  /** Takes in lines, joined by line feeds. They have to be in the table before anybody is told that they are taken in. */
  add(text: Buffer): void {
    this.#texts.push(text);
    for (let begin = 0; begin < text.length; begin = endOf(text, begin) + 1) {
      const profile = profileAt(text, begin);
      this.#beforeOf.push(this.#newestOf.get(profile) ?? -1);
      this.#newestOf.set(profile, this.#beginOf.length);
      this.#textOf.push(this.#texts.length - 1);
      this.#beginOf.push(begin);
    }
  }

  /** The lines of these profiles, each profile's newest first; undefined: there are more than `max`. */
  of(profiles: readonly ProfileId[], max: number): string[] | undefined {
    const lines: string[] = [];
    for (const profile of new Set(profiles)) {
      let at = this.#newestOf.get(profile) ?? -1;
      for (; at >= 0; at = this.#beforeOf[at] as number) {
        if (lines.length === max) return undefined;
        lines.push(this.#line(at));
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

function profileAt(text: Buffer, begin: number): number {
  let at = text.indexOf(profileMember, begin) + profileMember.length;
  let profile = 0;
  for (let digit = text[at]; isDigit(digit); digit = text[++at]) profile = profile * 10 + digit - zero;
  assert(profile > 0, 'a line without a profile');
  return profile;
}

function isDigit(byte: number | undefined): byte is number {
  return byte !== undefined && byte >= zero && byte <= nine;
}
