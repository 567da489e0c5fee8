import type { SkippedNames } from '../../../core/content/screen.ts';
import { parseDecimal } from '../../../lib/decimal.ts';
import { messageIdLengthMax, nameShownMax } from '../limits.ts';

/** What may keep a name: these words stand in warnings and faults. */
export type NameKind = 'event' | 'state' | 'param' | 'userAttribute';

/** Names that a warning spells out; it counts the rest. */
const namesShownMax = 3;

/** Not at the start, at the end, or anywhere. */
const refused = /^[.-]|\/$|[,|"{}\t\n\r]/;
/** Where a number may begin; all other names need no closer look. */
const likeNumber = /^[\s+.\d]/;
/** An event of a message by its whole name: its number, and what was done with it, if anything. */
const messageEvent = new RegExp(`^\\.m\\d{1,${messageIdLengthMax}}(?: |$)`);
const messageId = new RegExp(`^[\\w-]{1,${messageIdLengthMax}}$`);

/** Whether events, states, attributes and parameters may have this name (contract 8.1). */
export function isName(name: string, lengthMax: number): boolean {
  if (name === '' || name.length > lengthMax || refused.test(name)) return false;
  return !likeNumber.test(name) || Number.isNaN(parseDecimal(name));
}

/** The same of an event; what users do with messages is exempt but for its length. */
export function isEventName(name: string, lengthMax: number): boolean {
  return isName(name, lengthMax) || (name.length <= lengthMax && messageEvent.test(name));
}

/** The vendor's are integers (contract 2.2 `track`); one that is a word names a message as well (contract 1.4). */
export function isMessageId(text: string): boolean {
  return messageId.test(text);
}

/** How events of messages are kept: sent or seen, or else what the user did (contract 2.2 `track`). */
export function messageEventName(message: string, name: string): string {
  return name === '' ? `.m${message}` : `.m${message} ${name}`;
}

/** What the caller is told when something was left out because of its name (contract 2.2, last line). */
export function skippedNames(kind: NameKind, names: readonly string[]): string {
  return `Invalid ${kind} name; skipped: ${spellOut(names)}.`;
}

/** The same of names that are good, but more than an app may use, or an event's as well as a state's (contract 8.1). */
export function namesBeyond({ kind, why, names }: SkippedNames): string {
  const skipped = `skipped: ${spellOut([...names])}.`;
  if (why === 'full') return `Too many ${kind === 'attribute' ? 'userAttribute' : kind} names; ${skipped}`;
  return kind === 'event'
    ? `Event name is used for a state; ${skipped}`
    : `State name is used for an event; ${skipped}`;
}

/** Three of them, and how many more there are. */
export function spellOut(names: readonly string[]): string {
  const shown = names.slice(0, namesShownMax).map((name) => `'${name.slice(0, nameShownMax)}'`);
  const more = names.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
