import type { ContentResult } from '../../core/content/content.ts';
import { applied, type Outcome } from '../../core/outcome.ts';
import type { Lookups } from '../../engine/lookups.ts';
import type { Engine } from '../../engine/submit.ts';
import { keyReusedText, packAnswer, readIdempotencyKey, unpackAnswer } from '../../http/keyed.ts';
import { isJsonObject, type Json } from '../../lib/json.ts';
import type { ActionSettings } from './action.ts';
import { readCallClock } from './clock.ts';
import { authenticate, type Gate } from './credentials.ts';
import { decodeCall, decodeData, decodeQuery, decompress, type EncodedCall } from './decode.ts';
import type { DevModeLimit } from './dev-mode-limit.ts';
import { Fault, faults } from './fault.ts';
import { answerLengthMax, keptAnswerLengthMax, type Limits } from './limits.ts';
import { beginCall, isFault, type Parameters, textOf } from './parameters.ts';
import { envelope, faultElement, outcomeElement, type Reply, refusal, statusOf } from './reply.ts';
import type { Origin } from './rules/detect.ts';
import { type Call, type Step, Translator, workOf } from './translate.ts';
import { Users } from './user.ts';

export interface LeanplumRequest extends EncodedCall {
  readonly receivedMs: number;
  /** Under which address the caller reached us. */
  readonly endpoint: string;
  readonly contentEncoding: string;
  readonly idempotencyKey: string | readonly string[] | undefined;
  readonly origin: Origin;
  /** Takes bytes for an unpacked body; false when too many are in flight. */
  readonly take: (bytes: number) => boolean;
}

export interface LeanplumParts extends Gate {
  readonly engine: Engine;
  readonly lookups: Lookups;
  readonly devModeLimit: DevModeLimit;
  readonly actionSettings: ActionSettings;
}

const noBody = new Uint8Array();

/**
 * Answers one call of the Leanplum API (contract 1, 4): decodes it, authenticates once, checks the limits, turns each
 * action into a command or a fault at its place, submits the commands, and writes one element per action in their
 * order. A single action is a batch of one; only its faults show in the HTTP status.
 */
export async function answerCall(request: LeanplumRequest, parts: LeanplumParts): Promise<Reply> {
  const stranger = refuseByQuery(request.query, parts);
  if (stranger !== undefined) return refusal(stranger);
  const body =
    request.contentEncoding === '' || request.body === undefined
      ? (request.body ?? noBody)
      : await decompress(request.body, request.contentEncoding, request.take);
  if (isFault(body)) return refusal(body);
  const decoded = decodeCall({ ...request, body });
  // Only multipart bodies take a turn of the event loop.
  const outer = decoded instanceof Promise ? await decoded : decoded;
  if (isFault(outer)) return refusal(outer);
  beginCall();
  const call = openCall(outer, request, parts);
  if (isFault(call)) return refusal(call);

  let steps = translateAll(call);
  // Once in the life of the server: what was asked for is in a file that has to be read first.
  if (call.origin.isWaiting) {
    await call.origin.open();
    beginCall();
    steps = translateAll(call);
  }
  // From here to the submission nothing waits.
  const only = call.isBatch ? undefined : steps[0];
  if (only?.fault !== undefined) return refusal(only.fault, only.requestId);
  const tooFast = parts.devModeLimit.refuses(call, steps, request.receivedMs);
  if (tooFast !== undefined) return refusal(tooFast, only?.requestId);

  const { project } = call.credentials;
  const scope = [project.id, 'leanplum', textOf(outer['action']) ?? ''];
  const keyed = readIdempotencyKey(request.idempotencyKey, scope, { query: request.query, body });
  if ('problem' in keyed) return refusal(new Fault(keyed.problem, 400));

  const { items, content, isWrite } = workOf(steps);
  const isNothing = items.length + content.length === 0;
  // A read is not a write: a kept answer would be old data, for a week.
  const key = isWrite || isNothing ? keyed.key : undefined;
  const migrateState = call.isBatch && call.isSdk;
  const render = (outcomes: readonly Outcome[], contents: readonly ContentResult[] = []) =>
    envelope(
      statusOf(outcomes, { elements: steps.length, isBatch: call.isBatch }),
      renderElements(steps, { outcomes, contents, skew: call.clock.skewWarning, isKept: key !== undefined }),
      { migrateState },
    );
  if (isNothing && key === undefined) return render([]);
  const result = await parts.engine.submit({
    project: project.id,
    items,
    ...(content.length > 0 && { content }),
    names: isWrite ? parts.actionSettings.nameLimits : undefined,
    bytes: body.length,
    ...(key && { keyed: { ...key, render: (...results) => packAnswer(render(...results)) } }),
  });
  if (result.code !== 'unavailable') countLookups(call, steps, request.receivedMs, parts.lookups);
  switch (result.code) {
    case 'done':
      return render(result.outcomes, result.contents);
    case 'answered':
      return unpackAnswer(result.answer);
    case 'key_reused':
      return refusal(new Fault(keyReusedText, 422));
    case 'unavailable':
      return refusal(result.userBusy ? faults.userBusy : faults.unavailable);
  }
}

function translateAll(call: Call): Step[] {
  const translator = new Translator(call);
  return call.elements.map((element) => translator.translate(element));
}

/** Keys in the query are looked at before the body is: reading the body of a caller without a key would cost us. */
function refuseByQuery(query: string, gate: Gate): Fault | undefined {
  if (!query.includes('clientKey=') || !query.includes('appId=')) return undefined;
  const credentials = authenticate(decodeQuery(query), gate);
  return credentials === faults.invalidKey || credentials === faults.appNotFound ? credentials : undefined;
}

function openCall(
  outer: Parameters,
  { receivedMs, endpoint, origin }: LeanplumRequest,
  parts: LeanplumParts,
): Call | Fault {
  const name = textOf(outer['action']) ?? '';
  if (name === '' && !Array.isArray(outer['data'])) return faults.missing('action');
  const isBatch = name === 'multi' || name === '';
  const elements = isBatch ? decodeData(outer['data']) : [outer];
  if (isFault(elements)) {
    const credentials = authenticate(outer, parts);
    return isFault(credentials) ? credentials : elements;
  }
  const credentials = authenticate(withKeysOf(outer, elements[0]), parts);
  if (isFault(credentials)) return credentials;
  const isSdk = (outer['sdkVersion'] ?? null) !== null;
  if (isBatch) {
    const tooMuch = findExcess(elements, { outer, isSdk, limits: parts.actionSettings.limits });
    if (tooMuch !== undefined) return tooMuch;
  }
  const clock = readCallClock(outer, receivedMs, isBatch);
  if (isFault(clock)) return clock;
  const settings = parts.actionSettings;
  return { credentials, outer, elements, isBatch, isSdk, clock, endpoint, origin, settings };
}

/** Nested keys count only when the outer call has none (contract 1.7). */
function withKeysOf(outer: Parameters, first: Json | undefined): Parameters {
  const { appId = null, clientKey = null } = outer;
  if ((appId !== null && clientKey !== null) || !isJsonObject(first)) return outer;
  return {
    ...outer,
    appId: appId ?? first['appId'] ?? null,
    clientKey: clientKey ?? first['clientKey'] ?? null,
  };
}

/** The limits of `multi` (contract 4.2); an SDK sends all it has stored, and would drop it on a refusal. */
function findExcess(
  elements: readonly Json[],
  { outer, isSdk, limits }: { outer: Parameters; isSdk: boolean; limits: Limits },
): Fault | undefined {
  if (elements.length > (isSdk ? limits.sdkBatchActions : limits.batchActions)) return faults.tooManyActions;
  if (isSdk) return undefined;
  const users = new Users(outer, limits.idLength);
  const names = new Set<string>();
  for (const element of elements) {
    const name = isJsonObject(element) ? users.nameOf(element) : undefined;
    if (name !== undefined) names.add(name);
  }
  return names.size > limits.batchUsers ? faults.tooManyUsers : undefined;
}

/** Each request counts the users it looked up, each once; calls of SDKs are not API calls (contract 4.5). */
function countLookups(call: Call, steps: readonly Step[], receivedMs: number, lookups: Lookups): void {
  if (call.isSdk) return;
  const users = new Set<string | undefined>();
  for (const step of steps) {
    // Some actions name a user and need none.
    if (step.fault !== undefined || step.item === undefined || step.action.isFree) continue;
    users.add(step.call.user.userId ?? step.call.user.deviceId);
  }
  lookups.count(call.credentials.project.id, receivedMs, users.size);
}

function renderElements(
  steps: readonly Step[],
  {
    outcomes,
    contents,
    skew,
    isKept,
  }: {
    outcomes: readonly Outcome[];
    contents: readonly ContentResult[];
    skew: string | undefined;
    /** For repeats of the request. */
    isKept: boolean;
  },
): string[] {
  const lengthMax = isKept ? keptAnswerLengthMax : answerLengthMax;
  let nextOutcome = 0;
  let nextContent = 0;
  let length = 0;
  return steps.map((step) => {
    if (step.fault !== undefined) return faultElement(step.fault, step.requestId, skew);
    const outcome = step.item === undefined ? applied : (outcomes[nextOutcome++] as Outcome);
    const content = step.content === undefined ? undefined : contents[nextContent++];
    if (length > lengthMax) return faultElement(faults.answerTooLarge(lengthMax), step.requestId, skew);
    const { action, call, parameters, requestId, warning } = step;
    const fields = action.toReply(outcome, call, parameters, content);
    const element = outcomeElement(outcome, fields, { requestId, skew, warning });
    length += element.length;
    return element;
  });
}
