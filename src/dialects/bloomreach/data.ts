import { Readable } from 'node:stream';
import type { Line } from '../../core/line.ts';
import type { Outcome } from '../../core/outcome.ts';
import { historyOf, type Profile } from '../../core/profile.ts';
import type { Project } from '../../core/project.ts';
import { readPages, type WantedHistory } from '../../engine/history-pages.ts';
import type { History } from '../../engine/store.ts';
import type { Engine } from '../../engine/submit.ts';
import { assert } from '../../lib/assert.ts';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { isEchoable, parseObject } from './batch.ts';
import { readCustomerIds, showIds } from './customer-ids.ts';
import { readEventsWanted } from './events-wanted.ts';
import { attributesAskedMax } from './limits.ts';
import { type Answer, failures, json, type Reply } from './reply.ts';
import { texts } from './texts.ts';

export interface ReadRequest {
  readonly project: Project;
  readonly body: Uint8Array;
}

export interface DataParts {
  readonly engine: Engine;
  readonly history: History;
}

/** `customers/attributes`: one result per asked attribute, in order (contract 4.1); `property` and `id` for now. */
export async function answerAttributes(request: ReadRequest, parts: DataParts): Promise<Reply> {
  const asked = parseObject(request.body);
  if (asked === undefined) return failures.fields(400, { _global: [texts.invalidJson] });
  const attributes = asked['attributes'];
  if (!Array.isArray(attributes) || attributes.length > attributesAskedMax) {
    return failures.fields(400, { attributes: [texts.attributesType] });
  }
  const bad = attributes.findIndex((it: Json) => !isJsonObject(it) || typeof it['type'] !== 'string');
  if (bad !== -1) {
    return failures.fields(400, {
      attributes: { [bad]: [texts.attributeType(describe(attributes[bad]))] },
    });
  }
  const profile = await findCustomer(asked, request, parts);
  if ('status' in profile) return profile;
  const results = attributes.map((it: JsonObject) => readAttribute(profile, it));
  return json(200, { success: true, results });
}

function describe(value: Json): string {
  return isEchoable(value) ? JSON.stringify(value) : 'a large value';
}

function readAttribute(profile: Profile, asked: JsonObject): JsonObject {
  const { type, property, id } = asked;
  if (type === 'property' && typeof property === 'string') {
    return { success: true, value: profile.attributes.get(property)?.[1] ?? null };
  }
  if (type === 'id' && typeof id === 'string')
    return { success: true, value: showIds(profile).get(id) ?? null };
  return { success: false, error: texts.attributeNotFound };
}

/** `customers/export-one`: ids, properties and events of one customer (contract 4.3). */
export async function answerExportOne(request: ReadRequest, parts: DataParts): Promise<Answer> {
  const asked = parseObject(request.body);
  if (asked === undefined) return failures.fields(400, { _global: [texts.invalidJson] });
  const profile = await findCustomer(asked, request, parts);
  if ('status' in profile) return profile;
  const members = {
    success: true,
    ids: Object.fromEntries(showIds(profile)),
    properties: Object.fromEntries(showProperties(profile)),
  };
  return answerEvents(members, 'events', readPages(parts.history, eventsOf(profile)));
}

/** `customers/events`: events of some types of one customer (contract 4.2); without types, of all. */
export async function answerCustomerEvents(request: ReadRequest, parts: DataParts): Promise<Answer> {
  const asked = parseObject(request.body);
  if (asked === undefined) return failures.fields(400, { _global: [texts.invalidJson] });
  const wanted = readEventsWanted(asked);
  if ('errors' in wanted) return failures.fields(400, wanted.errors);
  const profile = await findCustomer(asked, request, parts);
  if ('status' in profile) return profile;
  const pages = readPages(parts.history, { ...eventsOf(profile), ...wanted });
  return answerEvents({ success: true }, 'data', pages);
}

function eventsOf(profile: Profile): WantedHistory {
  const { project, lastEvent } = profile;
  return { project, profiles: historyOf(profile), upTo: lastEvent, by: 'time', order: 'asc', events: 'all' };
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
async function findCustomer(
  asked: JsonObject,
  request: ReadRequest,
  parts: DataParts,
): Promise<Profile | Reply> {
  const named = readCustomerIds(asked['customer_ids']);
  if (named.problem !== undefined) return failures.fields(400, { customer_ids: [texts.mustSpecifyIds] });
  const result = await parts.engine.submit({
    project: request.project.id,
    items: [{ command: { kind: 'read_profile', ids: named.ids, create: false } }],
    bytes: request.body.length,
  });
  if (result.code !== 'done') return failures.error(503, texts.unavailable);
  const outcome = result.outcomes[0] as Outcome;
  if (outcome.code === 'profile') return outcome.profile;
  if (outcome.code === 'user_not_found') return failures.fields(404, { _global: [texts.noCustomer] });
  return failures.error(500, texts.internal);
}
