import type { Profile } from '../../core/profile.ts';
import { covers } from '../../core/project/permissions.ts';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { type BloomreachParts, isEchoable, parseObject } from './batch.ts';
import { readConsents } from './consents.ts';
import type { Credentials } from './credentials.ts';
import { showIds } from './customer-ids.ts';
import { type DataParts, findCustomer, type ReadRequest } from './data.ts';
import { attributesAskedMax } from './limits.ts';
import { failures, json, type Reply } from './reply.ts';
import { texts } from './texts.ts';

/** What can be asked for. Of those that name a definition none can be found: there are no definitions. */
const types = new Set<Json | undefined>([
  'property',
  'id',
  'consent',
  'segmentation',
  'expression',
  'aggregate',
  'prediction',
  'recommendation',
]);

type AttributesParts = DataParts & Pick<BloomreachParts, 'clock'>;
type AttributesRequest = ReadRequest & Pick<Credentials, 'access'>;

/**
 * `customers/attributes`: one result per asked attribute, in order (contract 4.1). What the caller may not read is that
 * one's failure. A public token reads nothing; with the right to recommendations it may ask for those.
 */
export async function answerAttributes(request: AttributesRequest, parts: AttributesParts): Promise<Reply> {
  const isPublic = request.access !== 'private';
  if (isPublic && !request.permissions.recommendations) return failures.error(403, texts.noPermission);
  const asked = parseObject(request.body);
  if (asked === undefined) return failures.fields(400, { _global: [texts.invalidJson] });
  const attributes = asked['attributes'];
  if (!Array.isArray(attributes) || attributes.length > attributesAskedMax) {
    return failures.fields(400, { attributes: [texts.attributesType] });
  }
  const bad = attributes.findIndex((it: Json) => !isJsonObject(it) || !types.has(it['type']));
  if (bad !== -1) {
    return failures.fields(400, {
      attributes: { [bad]: [texts.attributeType(describe(attributes[bad]))] },
    });
  }
  const profile = await findCustomer(asked, request, parts);
  if ('status' in profile) return profile;
  const agreed = await readConsents(profile, categoriesIn(attributes, request), {
    history: parts.history,
    nowSec: parts.clock() / 1000,
  });
  const results = attributes.map((it: JsonObject) =>
    isPublic && it['type'] !== 'recommendation' ? forbidden : readAttribute(it, { profile, agreed }, request),
  );
  return json(200, { success: true, results });
}

/** The consent categories that are asked for and may be read. */
function categoriesIn(attributes: readonly JsonObject[], request: AttributesRequest): ReadonlySet<string> {
  const { access, permissions } = request;
  if (access !== 'private' || !permissions.consents) return new Set();
  const categories = attributes.map(({ type, category }) => (type === 'consent' ? category : undefined));
  return new Set(categories.filter((it) => typeof it === 'string'));
}

function describe(value: Json): string {
  return isEchoable(value) ? JSON.stringify(value) : 'a large value';
}

const forbidden = { success: false, error: texts.noPermission };
const notFound = { success: false, error: texts.attributeNotFound };

function readAttribute(
  asked: JsonObject,
  { profile, agreed }: { profile: Profile; agreed: ReadonlySet<string> },
  { project, permissions }: AttributesRequest,
): JsonObject {
  const { type, property, id, category } = asked;
  if (type === 'property' && typeof property === 'string') {
    if (!covers(permissions.properties.get, property)) return forbidden;
    return { success: true, value: profile.attributes.get(property)?.[1] ?? null };
  }
  if (type === 'id' && typeof id === 'string') {
    return { success: true, value: showIds(profile, project.idTypes).get(id) ?? null };
  }
  if (type === 'consent' && typeof category === 'string') {
    return permissions.consents ? { success: true, value: agreed.has(category) } : forbidden;
  }
  return notFound;
}
