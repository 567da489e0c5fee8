import type { Command } from '../../../core/command.ts';
import type { Outcome } from '../../../core/outcome.ts';
import type { Project } from '../../../core/project.ts';
import type { Projects } from '../../../engine/projects.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../lib/json.ts';
import { type BloomreachParts, readCommands, submit, toSeconds, type WriteRequest } from '../batch.ts';
import { isFailure, toCommand } from '../command.ts';
import { legacyCommands } from '../commands.ts';
import { findProject, keylessAccess } from '../credentials.ts';
import { type Answer, failures, type Reply, resultOf } from '../reply.ts';
import { type Call, writeTo } from '../route.ts';
import { texts } from '../texts.ts';
import { negotiate } from './cookie.ts';

export interface LegacyParts extends Omit<BloomreachParts, 'commands'> {
  readonly projects: Projects;
}

/** One command after its translation: one to submit, or its result as it stands. */
type Step =
  | { readonly command: Command; readonly setCookie?: undefined }
  | { readonly command: undefined; readonly result: string; readonly setCookie?: string };

/**
 * Answers `/bulk` (contract 2.8): like a batch, but each command says in its data which project it is for, and its
 * result has the older word `status` too: `ok` and `error` are done with, `retry` is to be sent again. All commands of
 * one request are for the first project that one of them names.
 */
export async function answerBulk(call: Call, parts: LegacyParts): Promise<Answer> {
  const given = readCommands(call.body);
  if (typeof given === 'string') return failures.message(400, given);
  const project = projectOf(given, parts.projects);
  if (typeof project === 'string') return failures.error(400, project);
  const startMs = parts.clock();
  const request = writeTo(keylessAccess(project), call);
  const steps = given.map((it) => translate(it, { call, request, startMs }, parts));
  const reply = await submit(request, parts, {
    route: 'bulk',
    commands: steps.flatMap(({ command }) => (command === undefined ? [] : [command])),
    render: (outcomes) =>
      renderBulk(steps, (index) => resultText(outcomes[index] as Outcome), startMs, parts),
    refuse: failures.message,
  });
  // These clients have a word for it, which counts as no attempt.
  const answer = reply.status === 503 ? renderBulk(steps, () => retry, startMs, parts) : reply;
  const setCookie = steps.findLast((step) => step.setCookie !== undefined)?.setCookie;
  return setCookie === undefined ? answer : { ...answer, headers: { 'set-cookie': setCookie } };
}

const ok = '"success":true,"status":"ok"';
const retry = `{"success":false,"status":"retry","errors":[${JSON.stringify(texts.internal)}]}`;

function done(members: string) {
  return { command: undefined, result: `{${ok},${members}}` };
}

function failed(error: string): Step {
  return { command: undefined, result: failedText(error) };
}

function failedText(error: string): string {
  return `{"success":false,"status":"error","errors":[${JSON.stringify(error)}]}`;
}

function resultText(outcome: Outcome): string {
  const { error } = resultOf(outcome);
  return error === undefined ? `{${ok}}` : failedText(error);
}

/** What stands in `project_id`, or in `company_id` of older clients. */
export function namedProject(data: Json | undefined): Json | undefined {
  return isJsonObject(data) ? (data['project_id'] ?? data['company_id']) : undefined;
}

/** The first project that a command names, or the text why there is none. */
function projectOf(commands: readonly JsonObject[], projects: Projects): Project | string {
  const named = commands.map(({ data }) => findProject(namedProject(data), projects));
  return (
    named.find((it) => typeof it !== 'string') ??
    (named.includes(texts.unknownProject) ? texts.unknownProject : texts.invalidProject)
  );
}

function translate(
  { name, data }: JsonObject,
  { call, request, startMs }: { call: Call; request: WriteRequest; startMs: number },
  { projects }: LegacyParts,
): Step {
  if (name === 'system/time') return done(`"time":${toSeconds(startMs)}`);
  const wire = typeof name === 'string' ? legacyCommands.get(name) : undefined;
  if (wire === undefined && name !== 'system/ids' && name !== vapidKey) return failed(texts.unknownCommand);
  const own = findProject(namedProject(data), projects);
  if (typeof own === 'string') return failed(own);
  if (own.id !== request.project.id) return failed(texts.otherProject);
  const given = data as JsonObject;
  if (wire !== undefined) {
    const command = toCommand(wire, given, request);
    return isFailure(command) ? failed(command) : { command };
  }
  // No key, no web push.
  if (name === vapidKey) return done('"data":{"vapid_key":null}');
  const { value, setCookie } = negotiate(given, { ...call, project: request.project });
  return { ...done(`"data":{"ids":${JSON.stringify({ cookie: value })}}`), setCookie };
}

const vapidKey = 'system/push-notifications-vapid-key';

function renderBulk(
  steps: readonly Step[],
  resultAt: (index: number) => string,
  startMs: number,
  { clock }: LegacyParts,
): Reply {
  let next = 0;
  const results = steps.map((step) => (step.command === undefined ? step.result : resultAt(next++)));
  const times = `"start_time":${toSeconds(startMs)},"end_time":${toSeconds(Math.max(startMs, clock()))}`;
  return { status: 200, body: `{${times},"success":true,"results":[${results.join(',')}]}` };
}
