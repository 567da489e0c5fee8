import type { Outcome } from '../../core/outcome.ts';
import type { Item } from '../../engine/batch.ts';
import type { Projects } from '../../engine/projects.ts';
import type { Engine } from '../../engine/submit.ts';
import { keyReusedText, packAnswer, readIdempotencyKey, unpackAnswer } from '../../http/keyed.ts';
import { isJsonObject, type Json } from '../../lib/json.ts';
import type { Action, ActionCall } from './action.ts';
import { actions, notBuiltYet } from './actions.ts';
import { type CallClock, readCallClock } from './clock.ts';
import { authenticate, type Credentials, mayCall } from './credentials.ts';
import { decodeCall, decodeData } from './decode.ts';
import { Fault, faults } from './fault.ts';
import { actionsMax, sdkActionsMax, usersMax } from './limits.ts';
import { booleanOf, isFault, type Parameters, textOf } from './parameters.ts';
import { envelope, faultElement, outcomeElement, type Reply, refusal } from './reply.ts';
import { Users } from './user.ts';

export interface LeanplumRequest {
  readonly receivedMs: number;
  /** Everything after `?`. */
  readonly query: string;
  readonly body: Uint8Array | undefined;
  readonly contentType: string;
  readonly contentEncoding: string;
  readonly idempotencyKey: string | readonly string[] | undefined;
}

export interface LeanplumParts {
  readonly engine: Engine;
  readonly projects: Projects;
}

/** One action of a call after its translation: a command with what its reply needs, or the reason why not. */
type Step =
  | { readonly fault: Fault; readonly requestId: string | undefined }
  | {
      readonly fault: undefined;
      readonly requestId: string | undefined;
      readonly item: Item;
      readonly action: Action;
      readonly call: ActionCall;
      readonly warning: string | undefined;
    };

interface Call {
  readonly credentials: Credentials;
  readonly outer: Parameters;
  readonly elements: readonly Json[];
  readonly isBatch: boolean;
  readonly isSdk: boolean;
  readonly clock: CallClock;
}

/**
 * Answers one call of the Leanplum API (contract 1, 4): decodes it, authenticates once, checks the limits, turns each
 * action into a command or a fault at its place, submits the commands, and writes one element per action in their
 * order. A single action is a batch of one; only its faults show in the HTTP status.
 */
export async function answerCall(request: LeanplumRequest, parts: LeanplumParts): Promise<Reply> {
  const outer = decodeCall(request);
  if (isFault(outer)) return refusal(outer);
  const call = openCall(outer, request.receivedMs, parts.projects);
  if (isFault(call)) return refusal(call);

  const users = new Users();
  const steps = call.elements.map((element) => translate(element, call, users));
  const only = steps.length === 1 && !call.isBatch ? steps[0]?.fault : undefined;
  if (only !== undefined) return refusal(only);

  const { project } = call.credentials;
  const scope = `${project.id}/leanplum/${textOf(outer['action']) ?? ''}`;
  const body = request.body ?? new Uint8Array();
  const keyed = readIdempotencyKey(request.idempotencyKey, scope, { query: request.query, body });
  if ('problem' in keyed) return refusal(new Fault(keyed.problem, 400));

  const render = (outcomes: readonly Outcome[]) => envelope(200, renderElements(steps, outcomes));
  const items = steps.flatMap((step) => (step.fault === undefined ? [step.item] : []));
  if (items.length === 0) return render([]);
  const result = await parts.engine.submit({
    project: project.id,
    items,
    bytes: body.length,
    ...(keyed.key && { keyed: { ...keyed.key, render: (outcomes) => packAnswer(render(outcomes)) } }),
  });
  switch (result.code) {
    case 'done':
      return render(result.outcomes);
    case 'replayed':
      return unpackAnswer(result.answer);
    case 'key_reused':
      return refusal(new Fault(keyReusedText, 422));
    case 'unavailable':
      return refusal(faults.unavailable);
  }
}

function openCall(outer: Parameters, receivedMs: number, projects: Projects): Call | Fault {
  const name = textOf(outer['action']) ?? '';
  if (name === '' && !Array.isArray(outer['data'])) return faults.missing('action');
  const isBatch = name === 'multi' || name === '';
  const elements = isBatch ? decodeData(outer['data']) : [outer];
  if (isFault(elements)) {
    const credentials = authenticate(outer, projects);
    return isFault(credentials) ? credentials : elements;
  }
  const credentials = authenticate(withKeysOf(outer, elements[0]), projects);
  if (isFault(credentials)) return credentials;
  const isSdk = (outer['sdkVersion'] ?? null) !== null;
  if (isBatch) {
    const tooMuch = findExcess(elements, outer, isSdk);
    if (tooMuch !== undefined) return tooMuch;
  }
  const clock = readCallClock(outer, receivedMs, isBatch);
  return isFault(clock) ? clock : { credentials, outer, elements, isBatch, isSdk, clock };
}

/** Nested keys count only when the outer call has none (contract 1.7). */
function withKeysOf(outer: Parameters, first: Json | undefined): Parameters {
  if (!isJsonObject(first)) return outer;
  return {
    ...outer,
    appId: outer['appId'] ?? first['appId'] ?? null,
    clientKey: outer['clientKey'] ?? first['clientKey'] ?? null,
  };
}

/** The limits of `multi` (contract 4.2); an SDK sends all it has stored, and would drop it on a refusal. */
function findExcess(elements: readonly Json[], outer: Parameters, isSdk: boolean): Fault | undefined {
  if (elements.length > (isSdk ? sdkActionsMax : actionsMax)) return faults.tooManyActions;
  if (isSdk) return undefined;
  const users = new Set<string>();
  for (const element of elements) {
    if (!isJsonObject(element)) continue;
    const { userId, deviceId } = { ...outer, ...withoutNulls(element) };
    const name = textOf(userId) || textOf(deviceId);
    if (name !== undefined) users.add(name);
  }
  return users.size > usersMax ? faults.tooManyUsers : undefined;
}

function withoutNulls(element: Parameters): Parameters {
  const { userId, deviceId } = element;
  return {
    ...(userId !== undefined && userId !== null && userId !== '' && { userId }),
    ...(deviceId !== undefined && deviceId !== null && deviceId !== '' && { deviceId }),
  };
}

/** An action inside a batch passes the same checks as alone. */
function translate(element: Json, call: Call, users: Users): Step {
  if (!isJsonObject(element)) return { fault: faults.actionNotFound, requestId: undefined };
  const requestId = textOf(element['reqId']);
  const name = textOf(element['action']) ?? '';
  const action = actions.get(name);
  if (action === undefined) {
    return { fault: notBuiltYet.has(name) ? faults.notSupported(name) : faults.actionNotFound, requestId };
  }
  if (!mayCall(call.credentials.keyClass, action.key)) return { fault: faults.invalidKey, requestId };
  if (call.credentials.keyClass === 'production' && booleanOf(element['devMode'])) {
    return { fault: faults.noDevMode, requestId };
  }
  const user = users.of(call.isBatch ? { ...pickUser(call.outer), ...withoutNulls(element) } : element);
  if (isFault(user)) return { fault: user, requestId };
  const actionCall: ActionCall = { user, clock: call.clock, isSdk: call.isSdk };
  const translated = action.toCommand(element, actionCall);
  if (isFault(translated)) return { fault: translated, requestId };
  const { command, warning } = translated;
  const item = itemOf(command, element, actionCall, call.credentials);
  return { fault: undefined, requestId, item, action, call: actionCall, warning };
}

function pickUser({ userId, deviceId }: Parameters): Parameters {
  return { ...(userId !== undefined && { userId }), ...(deviceId !== undefined && { deviceId }) };
}

/** An SDK's `uuid` and `reqId` mark an action, so that it counts once however often it is sent (contract 1.11). */
function itemOf(
  command: Item['command'],
  element: Parameters,
  { user }: ActionCall,
  { project }: Credentials,
): Item {
  const uuid = textOf(element['uuid']);
  const requestId = textOf(element['reqId']);
  if (uuid === undefined || requestId === undefined || command.kind === 'read_profile') return { command };
  const record = `sdk/${project.id}/${user.deviceId ?? user.userId}/${uuid}`;
  return { command, pair: { record, member: requestId } };
}

function renderElements(steps: readonly Step[], outcomes: readonly Outcome[]): string[] {
  let next = 0;
  return steps.map((step) => {
    if (step.fault !== undefined) return faultElement(step.fault, step.requestId);
    const outcome = outcomes[next++] as Outcome;
    const { requestId, warning } = step;
    return outcomeElement(outcome, step.action.toReply(outcome, step.call), { requestId, warning });
  });
}
