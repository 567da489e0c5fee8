import type { Project } from '../../../core/project.ts';
import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import { answerSingle, parseObject, toSeconds } from '../batch.ts';
import type { WireCommand } from '../command.ts';
import { crmCustomers } from '../commands/crm-customers.ts';
import { legacyCommands } from '../commands.ts';
import { findProject, keylessAccess } from '../credentials.ts';
import { type Answer, failures, json, type Reply } from '../reply.ts';
import { type Call, type OpenRoute, writeTo } from '../route.ts';
import { texts } from '../texts.ts';
import { answerBulk, type LegacyParts, namedProject } from './bulk.ts';
import { negotiate } from './cookie.ts';

/**
 * The routes of older clients and of the web SDK (contract 2.8). They show no key: whoever knows the token of a project,
 * which is in its pages for all to see, may add to it, and read nothing. Permissions of keys do not limit them.
 */
export function legacyRoutes(parts: LegacyParts): readonly OpenRoute[] {
  const post = (path: string, answer: (call: Call) => Promise<Answer>): OpenRoute => ({
    path,
    methods: { POST: answer },
    project: null,
  });
  const singles = Array.from(legacyCommands.values(), (command) =>
    post(`/${command.name}`, async (call) => {
      const read = readCall(call, parts);
      return 'status' in read
        ? read
        : answerSingle(command, writeTo(keylessAccess(read.project), call), parts);
    }),
  );
  return [
    ...singles,
    post('/crm/customers/track', (call) => answerTrack(call, parts)),
    post('/bulk', (call) => answerBulk(call, parts)),
    { path: '/system/time', methods: { GET: () => answerTime(parts) }, project: null },
  ];
}

/** What the oldest of them ask first; without this answer they send nothing at all. */
function answerTime({ clock }: LegacyParts): Reply {
  return json(200, { success: true, time: toSeconds(clock()) });
}

/** How an app of 2018 gets its cookie: with the other ids it has, it is a customer from now on. */
async function answerTrack(call: Call, parts: LegacyParts): Promise<Answer> {
  const read = readCall(call, parts);
  if ('status' in read) return read;
  const ids = isJsonObject(read.data['ids']) ? read.data['ids'] : {};
  const { value } = negotiate(ids, { ...call, project: read.project });
  const command: WireCommand = {
    name: 'crm/customers/track',
    forbid: crmCustomers.forbid,
    toCommand: (_data, request) => crmCustomers.toCommand({ ids: { ...ids, cookie: value } }, request),
  };
  const done = json(200, { success: true, data: { ids: { cookie: value } } });
  return answerSingle(command, writeTo(keylessAccess(read.project), call), parts, done);
}

function readCall(
  { body }: Call,
  { projects }: LegacyParts,
): { readonly project: Project; readonly data: JsonObject } | Reply {
  const data = parseObject(body);
  if (data === undefined) return failures.errors(400, texts.invalidJson);
  const project = findProject(namedProject(data), projects);
  return typeof project === 'string' ? failures.error(400, project) : { project, data };
}
