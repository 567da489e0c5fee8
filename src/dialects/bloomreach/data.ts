import { Readable } from 'node:stream';
import type { Line } from '../../core/line.ts';
import type { Outcome } from '../../core/outcome.ts';
import { historyOf, type Profile } from '../../core/profile.ts';
import { covers, type Names, type Permissions } from '../../core/project/permissions.ts';
import type { Project } from '../../core/project.ts';
import { readPages, type WantedHistory } from '../../engine/history-pages.ts';
import type { History } from '../../engine/store.ts';
import type { Engine } from '../../engine/submit.ts';
import { assert } from '../../lib/assert.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { parseObject } from './batch.ts';
import { lookUpProblems, readCustomerIds, showIds } from './customer-ids.ts';
import { readEventsWanted } from './events-wanted.ts';
import { type Answer, failures, type Reply } from './reply.ts';
import { texts } from './texts.ts';

export interface ReadRequest {
  readonly project: Project;
  readonly permissions: Permissions;
  readonly body: Uint8Array;
}

export interface DataParts {
  readonly engine: Engine;
  readonly history: History;
}

/** `customers/export-one`: ids, properties and events of one customer (contract 4.3). */
export async function answerExportOne(request: ReadRequest, parts: DataParts): Promise<Answer> {
  if (!request.permissions.gdpr.has('exportCustomer')) return failures.error(403, texts.noExportPermission);
  const asked = parseObject(request.body);
  if (asked === undefined) return failures.fields(400, { _global: [texts.invalidJson] });
  const profile = await findCustomer(asked, request, parts);
  if ('status' in profile) return profile;
  const members = {
    success: true,
    ids: Object.fromEntries(showIds(profile, request.project.idTypes)),
    properties: Object.fromEntries(showProperties(profile)),
  };
  return answerEvents(members, 'events', readPages(parts.history, eventsOf(profile)));
}

/** `customers/events`: events of some types of one customer (contract 4.2); without types, of all that the caller may read. */
export async function answerCustomerEvents(request: ReadRequest, parts: DataParts): Promise<Answer> {
  const asked = parseObject(request.body);
  if (asked === undefined) return failures.fields(400, { _global: [texts.invalidJson] });
  const wanted = readEventsWanted(asked);
  if ('errors' in wanted) return failures.fields(400, wanted.errors);
  const { get } = request.permissions.events;
  if (wanted.events !== 'all' && !wanted.events.every((type) => covers(get, type))) {
    return failures.error(403, texts.noPermission);
  }
  const profile = await findCustomer(asked, request, parts);
  if ('status' in profile) return profile;
  const events = wanted.events === 'all' ? readableTypes(profile, get) : wanted.events;
  const pages = readPages(parts.history, { ...eventsOf(profile), ...wanted, events });
  return answerEvents({ success: true }, 'data', pages);
}

/** Every type of event that a profile has is one of its counters. */
function readableTypes(profile: Profile, get: Names): NonNullable<WantedHistory['events']> {
  return get === undefined ? 'all' : [...profile.counters.keys()].filter((type) => covers(get, type));
}

/** All events of a customer, as far as they are known to him who asks. */
export function eventsOf(profile: Profile) {
  const { project, lastEvent } = profile;
  return {
    project,
    profiles: historyOf(profile),
    upTo: lastEvent,
    by: 'time',
    order: 'asc',
    events: 'all',
  } as const;
}

/** Members of the answer, then the events as the last one: at once if they are few, otherwise as they are read. */
async function answerEvents(
  members: JsonObject,
  name: string,
  pages: AsyncGenerator<readonly Line[]>,
): Promise<Answer> {
  const start = `${JSON.stringify(members).slice(0, -1)},${JSON.stringify(name)}:[`;
  const [first, second] = [await pages.next(), await pages.next()];
  if (first.done) return { status: 200, body: `${start}]}` };
  const text = `${start}${first.value.map(showEvent).join(',')}`;
  if (second.done) return { status: 200, body: `${text}]}` };
  return { status: 200, body: Readable.from(textsOf(text, second.value, pages)) };
}

async function* textsOf(
  text: string,
  second: readonly Line[],
  others: AsyncGenerator<readonly Line[]>,
): AsyncGenerator<string> {
  yield `${text},${second.map(showEvent).join(',')}`;
  for await (const lines of others) yield `,${lines.map(showEvent).join(',')}`;
  yield ']}';
}

/** A cleared property reads exactly like one that was never set (contract 2.2). */
function showProperties(profile: Profile): [string, Json][] {
  return Array.from(profile.attributes.values(), ([name, value]): [string, Json] => [name, value]).filter(
    ([, value]) => value !== null,
  );
}

/** An event of either dialect; Leanplum's value and info are properties here, unless a parameter has that name. */
function showEvent(line: Line): string {
  assert(line.kind === 'event', 'only events were asked for');
  const { name, timeSec, value, info, params } = line;
  const properties = { ...(value !== null && { value }), ...(info !== null && { info }), ...params };
  return JSON.stringify({ type: name, timestamp: timeSec, properties });
}

/** Reads through the same order as the writes: what was answered before is seen, and nothing a crash could take back. */
export async function findCustomer(
  asked: JsonObject,
  request: ReadRequest,
  parts: DataParts,
): Promise<Profile | Reply> {
  const named = readCustomerIds(asked['customer_ids'], request.project.idTypes);
  if (named.problem !== undefined)
    return failures.fields(400, { customer_ids: [lookUpProblems[named.problem]] });
  const result = await parts.engine.submit({
    project: request.project.id,
    items: [{ command: { kind: 'read_profile', ids: named.ids, create: false } }],
    bytes: request.body.length,
  });
  if (result.code !== 'done') return failures.error(503, texts.internal);
  const outcome = result.outcomes[0] as Outcome;
  if (outcome.code === 'profile') return outcome.profile;
  if (outcome.code === 'user_not_found') return failures.fields(404, { _global: [texts.noCustomer] });
  return failures.error(500, texts.internal);
}
