import assert from 'node:assert/strict';
import { demoProject } from '../support/demo-project.ts';
import type { Random } from '../support/random.ts';
import type { LeanplumBody, Target } from '../support/requests.ts';
import { form, nowSec } from './wire.ts';

/**
 * Random traffic as phones and back ends make it: phones store actions, send them in batches, lose connections and send
 * again what they have no answer for, with the same `uuid` and `reqId`; back ends call once for each action.
 */

export type Action = Readonly<Record<string, unknown>>;

export interface Names {
  readonly users: readonly string[];
  readonly devices: readonly string[];
}

/** How often the event of this name was tracked and acknowledged; nobody overrides its counter. */
export const countedEvent = 'counted';
export interface Tally {
  counted: number;
}

const { appId, keys } = demoProject.leanplum;
const attempts = 200;

/** One phone from when its app is installed until nothing is stored any more; actions are sent in order. */
export async function usePhone(
  server: Target,
  phone: { readonly deviceId: string; readonly users: readonly string[]; readonly actions: number },
  random: Random,
  tally: Tally,
): Promise<void> {
  const { deviceId } = phone;
  let userId = deviceId;
  // Hours ago, by a clock that is wrong as well.
  const skewSec = random.between(-600, 600);
  let clockSec = nowSec() + skewSec - random.between(0, 30_000);
  let stored: Action[] = [];
  let left = phone.actions;
  while (left > 0 || stored.length > 0) {
    const uuid = random.uuid();
    for (let count = Math.min(left, random.between(0, 12)); count > 0; count--, left--) {
      clockSec = Math.min(nowSec() + skewSec, clockSec + random.pick([0, 0.5, 5, 60, 60, 2_000, 8_000]));
      const action = phoneAction(phone, random);
      stored.push({ ...action, userId, deviceId, reqId: random.uuid(), uuid, time: `${clockSec}` });
      if (action['event'] === countedEvent) tally.counted += 1;
      if (typeof action['newUserId'] === 'string') userId = action['newUserId'];
    }
    // An SDK puts any number of stored batches into one call; some calls split what is stored.
    const sent = random.chance(0.3) ? stored.slice(0, random.between(0, stored.length)) : stored;
    if (sent.length === 0) continue;
    if (await sendBatch(server, sent, { skewSec, random })) stored = stored.slice(sent.length);
  }
}

/** Whether the phone got to know that its actions have arrived; it may not when they have. */
async function sendBatch(
  server: Target,
  data: readonly Action[],
  { skewSec, random }: { skewSec: number; random: Random },
): Promise<boolean> {
  const fields = { appId, clientKey: keys.production, client: 'android', sdkVersion: '7.8.0' };
  const body = form({ ...fields, action: 'multi', time: `${nowSec() + skewSec}`, data: { data } });
  const cut = random.chance(0.3) ? AbortSignal.timeout(random.below(8)) : undefined;
  try {
    const answer = await fetch(`${server.url}/api`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
      ...(cut && { signal: cut }),
    });
    const { response } = (await answer.json()) as LeanplumBody;
    if (answer.status !== 200) return false;
    assert.deepEqual(
      response.map(({ success, reqId }) => [success, reqId]),
      data.map(({ reqId }) => [true, reqId]),
    );
  } catch (error) {
    if (cut?.aborted !== true) throw error;
    return false;
  }
  // The answer came, but the app was killed before it had read it.
  return !random.chance(0.15);
}

/** A back end, one call after the other; what is refused for too much load is called again. */
export async function useBackend(
  server: Target,
  backend: Names & { readonly actions: number },
  random: Random,
  tally: Tally,
): Promise<void> {
  for (let n = 0; n < backend.actions; n++) {
    const action = backendAction(backend, random);
    const body = JSON.stringify({ appId, clientKey: keys.production, ...action });
    for (let attempt = 0; ; attempt++) {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${server.url}/api`, { method: 'POST', headers, body });
      const text = await answer.text();
      if (answer.status === 200) break;
      assert.ok([429, 503].includes(answer.status) && attempt < attempts, text);
    }
    if (action['event'] === countedEvent) tally.counted += 1;
  }
}

// --- What they do ---------------------------------------------------------------------------------------------------

function phoneAction(
  { users, deviceId }: { users: readonly string[]; deviceId: string },
  random: Random,
): Action {
  const kind = random.below(24);
  if (kind < 2) return { action: 'start', background: String(random.chance(0.2)), ...someFacts(random) };
  if (kind < 3) return { action: 'stop' };
  if (kind < 5) return { action: random.pick(['pauseSession', 'resumeSession']) };
  if (kind < 6) return { action: 'heartbeat' };
  if (kind < 9) return { action: 'advance', state: random.pick(['menu', 'cart', 'cart', 'buy', '']) };
  if (kind < 10) return { action: random.pick(['pauseState', 'resumeState']) };
  if (kind < 13) return { action: 'track', event: countedEvent };
  if (kind < 17) return someEvent(random);
  if (kind < 20) return { action: 'setUserAttributes', ...someEdits(random) };
  if (kind < 21) return { action: 'setDeviceAttributes', appVersion: `1.${random.below(9)}` };
  if (kind < 22)
    return { action: 'setTrafficSourceInfo', trafficSource: { publisherId: `p${random.below(3)}` } };
  if (kind < 23) return { action: 'log', type: 'sdkLog', message: 'm' };
  const newUserId = random.chance(0.8) ? random.pick(users) : deviceId;
  return { action: 'setUserAttributes', newUserId, ...someEdits(random) };
}

function backendAction({ users, devices }: Names, random: Random): Action {
  const both = { userId: random.pick(users), deviceId: random.pick(devices) };
  const ids = random.pick<Action>([
    { userId: both.userId },
    { userId: both.userId },
    { deviceId: both.deviceId },
    both,
  ]);
  const kind = random.below(10);
  if (kind < 2) return { action: 'track', event: countedEvent, ...ids };
  if (kind < 4) return { ...someEvent(random), ...ids };
  if (kind < 5) return { action: 'start', ...someFacts(random), ...ids };
  if (kind < 6)
    return { action: random.pick(['pauseSession', 'stop', 'resumeSession', 'heartbeat']), ...ids };
  if (kind < 8) return { action: 'setUserAttributes', ...someEdits(random), ...ids };
  return { action: 'setUserAttributes', ...someOverrides(random), ...ids };
}

function someEvent(random: Random): Action {
  return {
    action: 'track',
    event: random.pick(['bought', 'looked', 'liked', '__proto__']),
    params: JSON.stringify({ level: random.below(9) }),
    ...(random.chance(0.5) && { value: String(random.below(1000) / 8) }),
    ...(random.chance(0.2) && { disposition: random.pick(['passive', 'requireActive']) }),
  };
}

function someFacts(random: Random): Action {
  return {
    locale: random.pick(['en_US', 'bg_BG', '(detect)']),
    systemName: 'Android OS',
    appVersion: `1.${random.below(9)}`,
    ...(random.chance(0.5) && { userAttributes: { plan: random.pick(['free', 'gold', null, true]) } }),
  };
}

function someEdits(random: Random): Action {
  const names = ['plan', 'level', 'tags', 'visits'];
  return {
    userAttributes: { [random.pick(names)]: random.pick([1, 'a', true, null, ['a', 1]]) },
    ...(random.chance(0.4) && { userAttributeValuesToAdd: { tags: random.pick(['a', 'b', ['c', 'a']]) } }),
    ...(random.chance(0.2) && { userAttributeValuesToRemove: { tags: random.pick(['a', ['b']]) } }),
    ...(random.chance(0.4) && { userAttributeValuesToIncrement: { visits: random.between(-2, 5) } }),
    ...(random.chance(0.2) && { unsubscribeCategoriesToAdd: [random.below(4)] }),
    ...(random.chance(0.2) && { unsubscribeChannelsToRemove: 'Email', unsubscribeChannelsToAdd: 'Webhook' }),
  };
}

function someOverrides(random: Random): Action {
  const firstTime = 1_500_000_000 + random.below(1_000_000);
  return random.pick<Action>([
    { events: { bought: { count: random.below(9), value: 1.5, firstTime, lastTime: firstTime + 9 } } },
    {
      events: {
        bought: { countIncrement: random.between(-2, 3), valueIncrement: 0.25 },
        liked: { countIncrement: 1 },
      },
    },
    { states: { cart: { count: random.below(9) }, buy: { countIncrement: 2, firstTime } } },
    { totalSessions: random.below(50), timeSpentInApp: random.below(9_000) / 4 },
    { created: firstTime, lastActive: firstTime + 1_000 },
  ]);
}
