import { compile } from '../template.ts';
import {
  credentials,
  eventNames,
  fullProfile,
  type Item,
  itemSpacingMs,
  items,
  params,
  requestHead,
  type Workload,
} from './parts.ts';

/** What phones send: stored actions of a few users, each with its own `reqId` and the `uuid` of its batch. */
export function leanplumMulti(users: number, itemsPerUser: number): Workload {
  const data = items(users, itemsPerUser).map((item) => ({
    ...sdkAction(item, users * itemsPerUser + item.user, (itemsPerUser - item.nth) * itemSpacingMs),
    ...(item.nth % 5 === 4 ? setUserAttributes(item.index) : track(item)),
  }));
  return leanplum('/api?action=multi', users, data.length, {
    ...leanplumEnvelope(),
    client: 'ios',
    sdkVersion: '6.4.0',
    time: '{{#time 0}}',
    data,
  });
}

function sdkAction(item: Item, uuid: number, agoMs: number) {
  return {
    userId: `user-{{user ${item.user}}}`,
    deviceId: `device-{{user ${item.user}}}`,
    reqId: `{{id ${item.index}}}`,
    uuid: `{{id ${uuid}}}`,
    time: `{{#time ${agoMs}}}`,
  };
}

function track(item: Item) {
  const event = { action: 'track', event: eventNames[item.nth % eventNames.length], params: params(item) };
  return item.nth === 8 ? { ...event, event: 'Purchase', value: `{{#random ${item.index}}}` } : event;
}

/** One of the values is always new: an attribute write that changes nothing would leave no line to count. */
function setUserAttributes(index: number) {
  const userAttributes = { coins: `{{#serial ${index}}}`, level: `{{#random ${index}}}`, plan: 'premium' };
  return { action: 'setUserAttributes', userAttributes };
}

/** What one phone sends: its stored batch as form fields, text in text, times as Java writes them (contract, appendix A). */
export function sdkCall(actions: readonly object[]): Workload {
  const data = actions.map((action, index) => ({
    ...action,
    userId: 'user-{{user 0}}',
    deviceId: 'device-{{user 0}}',
    devMode: 'false',
    sdkVersion: '7.8.0',
    reqId: `{{id ${index}}}`,
    uuid: `{{id ${actions.length}}}`,
    time: `{{time ${(actions.length - index) * itemSpacingMs}}}`,
  }));
  const call = { ...leanplumEnvelope(), client: 'android', sdkVersion: '7.8.0', action: 'multi' };
  const fields = { ...call, time: '{{time 0}}', data: JSON.stringify({ data }) };
  const body = Object.entries(fields).map(([name, value]) => `${name}=${formEncoded(value)}`);
  const head = requestHead('/api', '', 'application/x-www-form-urlencoded');
  const template = compile(head, body.join('&'));
  return {
    itemsPerRequest: data.length,
    usersPerRequest: 1,
    extraSuccesses: 0,
    readsOnly: false,
    linksPerRequest: 0,
    template,
  };
}

/** Percent-encoded, but for the marks of the template. */
function formEncoded(text: string): string {
  const parts = text.split(/(\{\{\w+ \d+\}\})/);
  return parts.map((part, index) => (index % 2 === 1 ? part : encodeURIComponent(part))).join('');
}

export function sdkStart() {
  const detect = { country: '(detect)', region: '(detect)', city: '(detect)', location: '(detect)' };
  return {
    action: 'start',
    versionName: '2.0.1',
    deviceName: 'Pixel',
    deviceModel: 'Pixel 8',
    systemName: 'Android OS',
    systemVersion: '14',
    includeDefaults: 'false',
    includeVariantDebugInfo: false,
    timezone: 'Europe/Sofia',
    timezoneOffsetSeconds: '7200',
    locale: 'en_US',
    ...detect,
    newsfeedMessages: [],
  };
}

export function sdkTrack(nth: number) {
  const text = JSON.stringify(params({ user: 0, nth, index: nth }));
  return {
    action: 'track',
    event: eventNames[nth % eventNames.length],
    value: '0.0',
    info: null,
    params: text,
  };
}

export function sdkAttributes() {
  return { action: 'setUserAttributes', userAttributes: JSON.stringify(setUserAttributes(6).userAttributes) };
}

export function exportUser(): Workload {
  const body = {
    appId: credentials.appId,
    clientKey: credentials.dataExport,
    action: 'exportUser',
    userId: 'user-{{user 0}}',
  };
  return { ...leanplum('/api', 1, 1, body), readsOnly: true };
}

/** What a back end sends: one call of the documented API, without the ids of the phones' libraries. */
export function leanplumTrack(): Workload {
  return leanplum('/api', 1, 1, {
    ...leanplumEnvelope(),
    apiVersion: '1.0.6',
    action: 'track',
    userId: 'user-{{user 0}}',
    event: 'level done',
    time: '{{#time 0}}',
    params: { level: '{{#random 0}}', mode: 'ranked', score: '{{#serial 0}}' },
  });
}

/** A hundred new profiles of about 1 KB: twelve attributes and four event counters each. */
export function prefill(): Workload {
  const users = 100;
  const itemsPerUser = 5;
  const data = items(users, itemsPerUser).map((item) => ({
    ...sdkAction(item, users * itemsPerUser + item.user, (itemsPerUser - item.nth) * itemSpacingMs),
    ...(item.nth === 0
      ? { action: 'setUserAttributes', userAttributes: fullProfile(item.index) }
      : track(item)),
  }));
  return leanplum('/api?action=multi', users, data.length, {
    ...leanplumEnvelope(),
    client: 'ios',
    sdkVersion: '6.4.0',
    time: '{{#time 0}}',
    data,
  });
}

function leanplumEnvelope() {
  return { appId: credentials.appId, clientKey: credentials.production };
}

function leanplum(path: string, usersPerRequest: number, itemsPerRequest: number, body: object): Workload {
  const template = compile(requestHead(path, ''), JSON.stringify(body));
  return {
    itemsPerRequest,
    usersPerRequest,
    extraSuccesses: 0,
    readsOnly: false,
    linksPerRequest: 0,
    template,
  };
}
