import { isRead } from '../../core/command.ts';
import type { ContentItem, Item, Pair } from '../../engine/batch.ts';
import { isJsonObject, type Json } from '../../lib/json.ts';
import { type Action, type ActionCall, type ActionSettings, findBadDisposition } from './action.ts';
import { actions, notBuiltYet } from './actions.ts';
import { type CallClock, findBadTime } from './clock.ts';
import { type Credentials, mayCall } from './credentials.ts';
import { type Fault, faults } from './fault.ts';
import { markLengthMax } from './limits.ts';
import { booleanOf, isFault, type Parameters, textOf } from './parameters.ts';
import type { Origin } from './rules/detect.ts';
import { nobody, type User, Users } from './user.ts';

/** A call whose envelope was accepted. */
export interface Call {
  readonly credentials: Credentials;
  readonly outer: Parameters;
  readonly elements: readonly Json[];
  readonly isBatch: boolean;
  readonly isSdk: boolean;
  readonly clock: CallClock;
  /** Under which address the caller reached us. */
  readonly endpoint: string;
  readonly origin: Origin;
  readonly settings: ActionSettings;
}

/** One action of a call after its translation: a command with what its reply needs, or the reason why not. */
export type Step =
  | { readonly fault: Fault; readonly requestId: string | undefined }
  | {
      readonly fault: undefined;
      readonly requestId: string | undefined;
      /** undefined: it means no profile. */
      readonly item: Item | undefined;
      /** undefined: it asks nothing of the project's content. */
      readonly content: ContentItem | undefined;
      readonly parameters: Parameters;
      readonly action: Action;
      readonly call: ActionCall;
      readonly warning: string | undefined;
    };

/** SDKs send UUIDs; a longer text is not remembered. */
function isMark(text: string | undefined): text is string {
  return text !== undefined && text.length <= markLengthMax;
}

/** Turns the actions of one call into steps. An action inside a batch passes the same checks as alone. */
export class Translator {
  readonly #call: Call;
  readonly #users: Users;
  /** Neighbours mostly have the same user and the same SDK batch: what belongs to those is made once. */
  #actionCall: ActionCall | undefined;
  #record = { user: undefined as User | undefined, uuid: '', key: '' };

  constructor(call: Call) {
    this.#call = call;
    this.#users = new Users(call.isBatch ? call.outer : {}, call.settings.limits.idLength);
  }

  translate(element: Json): Step {
    if (!isJsonObject(element)) return { fault: faults.actionNotFound, requestId: undefined };
    const requestId = textOf(element['reqId']);
    const name = textOf(element['action']) ?? '';
    const action = actions.get(name);
    if (action === undefined) {
      return { fault: notBuiltYet.has(name) ? faults.notSupported(name) : faults.actionNotFound, requestId };
    }
    const { keyClass, mayUseDevMode } = this.#call.credentials;
    if (!mayCall(keyClass, action.key)) return { fault: faults.invalidKey, requestId };
    if (!mayUseDevMode && booleanOf(element['devMode'])) return { fault: faults.noDevMode, requestId };
    const problem = findBadTime(element) ?? findBadDisposition(element);
    if (problem !== undefined) return { fault: problem, requestId };
    const named = this.#users.of(element);
    const user = named === faults.noUser && action.userIsOptional ? nobody : named;
    if (isFault(user)) return { fault: user, requestId };
    const call = this.#callOf(user, booleanOf(element['devMode'] ?? this.#call.outer['devMode']));
    const translated = action.toCommand(element, call);
    if (isFault(translated)) return { fault: translated, requestId };
    const { command, content: request, warning } = translated;
    const pair = this.#pairOf(element, user);
    const item = command && (isRead(command) ? { command } : { command, ...pair });
    const content = request && (request.do === 'read' ? { request } : { request, ...pair });
    return { fault: undefined, requestId, item, content, parameters: element, action, call, warning };
  }

  #callOf(user: User, devMode: boolean): ActionCall {
    if (this.#actionCall?.user !== user || this.#actionCall.devMode !== devMode) {
      const { clock, isSdk, endpoint, origin, settings } = this.#call;
      this.#actionCall = { user, clock, isSdk, devMode, endpoint, origin, settings };
    }
    return this.#actionCall;
  }

  /** An SDK's `uuid` and `reqId` mark an action, so that it counts once however often it is sent (contract 1.11). */
  #pairOf(element: Parameters, user: User): { readonly pair: Pair } | undefined {
    const uuid = textOf(element['uuid']);
    const requestId = textOf(element['reqId']);
    if (!isMark(uuid) || !isMark(requestId)) return undefined;
    if (this.#record.user !== user || this.#record.uuid !== uuid) {
      const { project } = this.#call.credentials;
      this.#record = {
        user,
        uuid,
        key: `sdk${JSON.stringify([project.id, user.deviceId ?? user.userId, uuid])}`,
      };
    }
    return { pair: { record: this.#record.key, member: requestId } };
  }
}

/** What the steps of a call ask of the engine, in their order. */
export function workOf(steps: readonly Step[]): {
  readonly items: readonly Item[];
  readonly content: readonly ContentItem[];
  /** Some of it is no read. */
  readonly isWrite: boolean;
} {
  const asked = steps.filter((step) => step.fault === undefined);
  const items = asked.flatMap(({ item }) => (item === undefined ? [] : [item]));
  const content = asked.flatMap((step) => (step.content === undefined ? [] : [step.content]));
  const isWrite =
    items.some(({ command }) => !isRead(command)) || content.some(({ request }) => request.do !== 'read');
  return { items, content, isWrite };
}
