import type { Command } from '../../core/command.ts';
import type { NameLimits } from '../../core/content/names.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { Permissions } from '../../core/project/permissions.ts';
import type { Project } from '../../core/project.ts';
import type { Item } from '../../engine/batch.ts';
import type { Engine } from '../../engine/submit.ts';
import { keyReusedText, packAnswer, readIdempotencyKey, unpackAnswer } from '../../http/keyed.ts';
import { isJsonObject, type Json, type JsonObject, parseJson, weighJson } from '../../lib/json.ts';
import { type CommandCall, isFailure, toCommand, type WireCommand } from './command.ts';
import { commandsMax, echoLengthMax } from './limits.ts';
import { type CommandResult, failures, json, type Reply, resultOf } from './reply.ts';
import { texts } from './texts.ts';

/** A write as it arrived, of an authenticated caller. */
export interface WriteRequest extends CommandCall {
  readonly permissions: Permissions;
  readonly body: Uint8Array;
  readonly query: string;
  readonly idempotencyKey: string | readonly string[] | undefined;
}

export interface BloomreachParts extends WriteParts {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** What a batch may hold, by name. */
  readonly commands: ReadonlyMap<string, WireCommand>;
}

/** What every write needs. */
export interface WriteParts {
  readonly engine: Engine;
  /** How many names of properties the customers of a project may have (contract 2.7); undefined: any number. */
  readonly nameLimits: NameLimits | undefined;
}

/** One command of a batch after its translation. */
type Step =
  | { readonly kind: 'failed'; readonly id: string; readonly error: string }
  | { readonly kind: 'time'; readonly id: string }
  | { readonly kind: 'write'; readonly id: string; readonly command: Command };

/**
 * Answers `batch` (contract 3): up to 50 commands, executed in order, one result each in the same order, a failed one
 * beside the others. Only a broken structure refuses the whole.
 */
export async function answerBatch(request: WriteRequest, parts: BloomreachParts): Promise<Reply> {
  const given = readCommands(request.body);
  if (typeof given === 'string') return failures.message(400, given);
  const steps = given.map((command) => translate(command, request, parts));
  const startMs = parts.clock();
  return submit(request, parts, {
    route: 'batch',
    commands: steps.flatMap((step) => (step.kind === 'write' ? [step.command] : [])),
    render: (outcomes) => renderBatch(steps, outcomes, { startMs, endMs: parts.clock() }),
    refuse: failures.message,
  });
}

const done = json(200, { success: true, errors: [] });

/**
 * Answers a single route: a batch of one with its own envelope. What the caller did wrong is 400, what he may not do 403,
 * or both 200 in a project that wants it so (contract 3.5).
 */
export async function answerSingle(
  wire: WireCommand,
  request: WriteRequest,
  parts: WriteParts,
  success: Reply = done,
): Promise<Reply> {
  const data = parseObject(request.body);
  if (data === undefined) return failures.errors(400, texts.invalidJson);
  const refuse = (status: number, text: string) =>
    failures.errors(request.project.settings.legacySingleErrors200 ? 200 : status, text);
  const forbidden = wire.forbid(data, request.permissions);
  if (forbidden !== undefined) return refuse(403, forbidden);
  const command = toCommand(wire, data, request);
  if (isFailure(command)) return refuse(400, command);
  return submit(request, parts, {
    route: wire.name,
    commands: [command],
    render: (outcomes) => {
      const { error } = resultOf(outcomes[0] as Outcome);
      if (error === undefined) return success;
      return error === texts.internal ? failures.error(500, error) : refuse(400, error);
    },
    refuse: failures.errors,
  });
}

/** Unix seconds with sub-millisecond digits, as both clocks of a batch and `system/time` show them. */
export function toSeconds(ms: number): number {
  return Math.round(ms * 1000) / 1_000_000;
}

/** Submits the commands of one request and renders its outcomes; a repeat of a keyed request gets the first answer. */
export async function submit(
  request: WriteRequest,
  parts: WriteParts,
  work: {
    route: string;
    commands: readonly Command[];
    render: (outcomes: readonly Outcome[]) => Reply;
    refuse: (status: number, text: string) => Reply;
  },
): Promise<Reply> {
  const scope = [request.project.id, 'bloomreach', work.route];
  const keyed = readIdempotencyKey(request.idempotencyKey, scope, request);
  if ('problem' in keyed) return work.refuse(400, keyed.problem);
  if (work.commands.length === 0 && keyed.key === undefined) return work.render([]);
  const result = await parts.engine.submit({
    project: request.project.id,
    items: work.commands.map((command): Item => ({ command })),
    names: work.commands.some(bringsNames) ? parts.nameLimits : undefined,
    bytes: request.body.length,
    ...(keyed.key && { keyed: { ...keyed.key, render: (outcomes) => packAnswer(work.render(outcomes)) } }),
  });
  switch (result.code) {
    case 'done':
      return work.render(result.outcomes);
    case 'answered':
      return unpackAnswer(result.answer);
    case 'key_reused':
      return work.refuse(422, keyReusedText);
    case 'unavailable':
      return failures.error(503, texts.internal);
  }
}

/** Events may have any names, so they do not have to wait for those that the project has in use. */
function bringsNames(command: Command): boolean {
  return command.kind === 'set_attributes' && command.attributes.length > 0;
}

/** The commands, or the text why the batch is refused as a whole. */
export function readCommands(body: Uint8Array): readonly JsonObject[] | string {
  const object = parseObject(body);
  if (object === undefined) return texts.invalidJson;
  const given = object['commands'] ?? null;
  if (given === null) return texts.noCommands;
  if (!Array.isArray(given)) return texts.invalidJson;
  if (given.length === 0) return texts.noCommands;
  if (given.length > commandsMax) return texts.tooManyCommands;
  return given.every(isJsonObject) ? given : texts.invalidJson;
}

export function parseObject(body: Uint8Array): JsonObject | undefined {
  const value = parseBody(body);
  return isJsonObject(value) ? value : undefined;
}

/** The JSON that a body is, whatever its content type says; undefined when it is none. */
export function parseBody(body: Uint8Array): Json | undefined {
  try {
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
    return parseJson(text.startsWith('\uFEFF') ? text.slice(1) : text);
  } catch {
    return undefined;
  }
}

function translate(given: JsonObject, request: WriteRequest, { commands }: BloomreachParts): Step {
  const { name, data, command_id: commandId } = given;
  if (commandId !== undefined && !isEchoable(commandId)) {
    return { kind: 'failed', id: '', error: texts.invalidCommandId };
  }
  const id = commandId === undefined ? '' : `,"command_id":${JSON.stringify(commandId)}`;
  const path = typeof name === 'string' ? plainName(name, request.project) : undefined;
  if (path === 'system/time') return { kind: 'time', id };
  const wire = path === undefined ? undefined : commands.get(path);
  if (wire === undefined) return { kind: 'failed', id, error: texts.unknownCommand };
  const forbidden = wire.forbid(isJsonObject(data) ? data : {}, request.permissions);
  if (forbidden !== undefined) return { kind: 'failed', id, error: forbidden };
  if (!isJsonObject(data)) return { kind: 'failed', id, error: texts.noIds };
  const command = toCommand(wire, data, request);
  return isFailure(command) ? { kind: 'failed', id, error: command } : { kind: 'write', id, command };
}

/** Whether an answer may repeat this value: a large or deep one would cost more to write than the request to read. */
export function isEchoable(value: Json): boolean {
  const weight = weighJson(value);
  return weight >= 0 && weight <= echoLengthMax;
}

/** A name may carry the path of this very project (contract 3.2). */
function plainName(name: string, project: Project): string | undefined {
  const path = name.startsWith('/') ? name.slice(1) : name;
  if (!path.startsWith('track/v2/projects/')) return path;
  const [, , , token, ...rest] = path.split('/');
  return token?.toLowerCase() === project.bloomreachToken?.toLowerCase() ? rest.join('/') : undefined;
}

function renderBatch(
  steps: readonly Step[],
  outcomes: readonly Outcome[],
  { startMs, endMs }: { startMs: number; endMs: number },
): Reply {
  let next = 0;
  const results = steps.map((step) => {
    switch (step.kind) {
      case 'time':
        return `{"success":true,"time":${toSeconds(endMs)}${step.id}}`;
      case 'failed':
        return renderResult(step, step.id);
      case 'write':
        return renderResult(resultOf(outcomes[next++] as Outcome), step.id);
    }
  });
  const times = `"start_time":${toSeconds(startMs)},"end_time":${toSeconds(Math.max(startMs, endMs))}`;
  return { status: 200, body: `{"results":[${results.join(',')}],${times},"success":true}` };
}

function renderResult({ error }: CommandResult, id: string): string {
  if (error === undefined) return `{"success":true${id}}`;
  return `{"success":false,"errors":[${JSON.stringify(error)}]${id}}`;
}
