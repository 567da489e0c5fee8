import { compile, type Template } from './template.ts';

/** One shape of request, repeated with other users, ids and times. */
export interface Workload {
  readonly itemsPerRequest: number;
  readonly usersPerRequest: number;
  /** How often `"success":true` stands in an answer besides once per item. */
  readonly extraSuccesses: number;
  /** It leaves nothing in the store. */
  readonly readsOnly: boolean;
  readonly template: Template;
}

export type WorkloadName =
  | 'multi50'
  | 'multi500'
  | 'batch10'
  | 'batch1'
  | 'track'
  | 'sdk'
  | 'start'
  | 'exportUser'
  | 'prefill';

/** The credentials that the benchmark's project is created with; the server lives for minutes on the loopback address. */
export const credentials = {
  appId: 'app_bench',
  production: 'prod_bench-7d1f0c4e9a2b4f8e8b1d',
  development: 'dev_bench-51c9b7a3e6d04c2f9a70',
  dataExport: 'exp_bench-0e8d4b6f2c1a49b7a3d5',
  contentReadOnly: 'cro_bench-b3f7a9c15e2d48608c4a',
  projectToken: '6f0c7d0e-7a55-4a0b-9d0f-2f3b6f1f9c11',
  publicToken: 'bench-public-4b9e1d7c',
  privateKeyId: 'bench-private-key',
  privateSecret: 'bench-private-secret-93a1c0',
};

/** Milliseconds between two items of one user: far below the time until that user is drawn again. */
const itemSpacingMs = 20;

const eventNames = ['level done', 'item bought', 'screen viewed', 'friend invited'];

export function buildWorkload(name: WorkloadName): Workload {
  switch (name) {
    case 'multi50':
      return leanplumMulti(5, 10);
    case 'multi500':
      return leanplumMulti(50, 10);
    case 'batch10':
      return bloomreachBatch(5, 10);
    case 'batch1':
      return bloomreachBatch(50, 1);
    case 'track':
      return leanplumTrack();
    case 'sdk':
      return sdkCall([sdkStart(), ...Array.from({ length: 5 }, (_, nth) => sdkTrack(nth)), sdkAttributes()]);
    case 'start':
      return sdkCall([sdkStart()]);
    case 'exportUser':
      return exportUser();
    case 'prefill':
      return prefill();
  }
}

interface Item {
  readonly user: number;
  readonly nth: number;
  readonly index: number;
}

function items(users: number, itemsPerUser: number): Item[] {
  return Array.from({ length: users * itemsPerUser }, (_, index) => {
    return { user: Math.floor(index / itemsPerUser), nth: index % itemsPerUser, index };
  });
}

/** What phones send: stored actions of a few users, each with its own `reqId` and the `uuid` of its batch. */
function leanplumMulti(users: number, itemsPerUser: number): Workload {
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

function params(item: Item) {
  const few = { level: `{{#random ${item.index}}}`, mode: item.index % 3 === 0 ? 'ranked' : 'friendly' };
  return item.index % 2 === 0 ? few : { ...few, score: `{{#serial ${item.index}}}` };
}

/** One of the values is always new: an attribute write that changes nothing would leave no line to count. */
function setUserAttributes(index: number) {
  const userAttributes = { coins: `{{#serial ${index}}}`, level: `{{#random ${index}}}`, plan: 'premium' };
  return { action: 'setUserAttributes', userAttributes };
}

/** What one phone sends: its stored batch as form fields, text in text, times as Java writes them (contract, appendix A). */
function sdkCall(actions: readonly object[]): Workload {
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
    template,
  };
}

/** Percent-encoded, but for the marks of the template. */
function formEncoded(text: string): string {
  const parts = text.split(/(\{\{\w+ \d+\}\})/);
  return parts.map((part, index) => (index % 2 === 1 ? part : encodeURIComponent(part))).join('');
}

function sdkStart() {
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

function sdkTrack(nth: number) {
  const text = JSON.stringify(params({ user: 0, nth, index: nth }));
  return {
    action: 'track',
    event: eventNames[nth % eventNames.length],
    value: '0.0',
    info: null,
    params: text,
  };
}

function sdkAttributes() {
  return { action: 'setUserAttributes', userAttributes: JSON.stringify(setUserAttributes(6).userAttributes) };
}

function exportUser(): Workload {
  const body = {
    appId: credentials.appId,
    clientKey: credentials.dataExport,
    action: 'exportUser',
    userId: 'user-{{user 0}}',
  };
  return { ...leanplum('/api', 1, 1, body), readsOnly: true };
}

/** What a back end sends: one call of the documented API, without the ids of the phones' libraries. */
function leanplumTrack(): Workload {
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
function prefill(): Workload {
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

function fullProfile(index: number) {
  return {
    firstName: 'Ana-{{random 1}}',
    lastName: 'Petrova-{{random 2}}',
    email: `ana.petrova.{{serial ${index}}}@shop.example`,
    city: 'Sofia',
    country: 'BG',
    plan: 'free',
    coins: `{{#serial ${index}}}`,
    level: '{{#random 3}}',
    newsletter: true,
    favourites: ['running shoes', 'rain jackets', 'maps'],
    referrer: 'https://partner.example/spring-campaign?source=mail',
    lastSeenScreen: 'checkout/payment/confirm',
  };
}

function leanplumEnvelope() {
  return { appId: credentials.appId, clientKey: credentials.production };
}

function leanplum(path: string, usersPerRequest: number, itemsPerRequest: number, body: object): Workload {
  const template = compile(requestHead(path, ''), JSON.stringify(body));
  return { itemsPerRequest, usersPerRequest, extraSuccesses: 0, readsOnly: false, template };
}

/** Four of five commands are events; all carry their time, so that a repeat would be recognised. */
function bloomreachBatch(users: number, itemsPerUser: number): Workload {
  const commands = items(users, itemsPerUser).map((item) => {
    const agoMs = (itemsPerUser - item.nth) * itemSpacingMs;
    return item.index % 5 === 4 ? customersCommand(item, agoMs) : eventCommand(item, agoMs);
  });
  const basic = Buffer.from(`${credentials.privateKeyId}:${credentials.privateSecret}`).toString('base64');
  const path = `/track/v2/projects/${credentials.projectToken}/batch`;
  const head = requestHead(path, `Authorization: Basic ${basic}\r\n`);
  const template = compile(head, JSON.stringify({ commands }));
  return {
    itemsPerRequest: commands.length,
    usersPerRequest: users,
    extraSuccesses: 1,
    readsOnly: false,
    template,
  };
}

function customersCommand(item: Item, agoMs: number) {
  const properties = {
    coins: `{{#serial ${item.index}}}`,
    level: `{{#random ${item.index}}}`,
    plan: 'premium',
  };
  const customer_ids = { registered: `user-{{user ${item.user}}}` };
  return { name: 'customers', data: { customer_ids, properties, update_timestamp: `{{#time ${agoMs}}}` } };
}

function eventCommand(item: Item, agoMs: number) {
  return {
    name: 'customers/events',
    data: {
      customer_ids: { registered: `user-{{user ${item.user}}}` },
      event_type: eventNames[item.index % eventNames.length],
      timestamp: `{{#time ${agoMs}}}`,
      properties: params(item),
    },
  };
}

function requestHead(path: string, credentials: string, contentType = 'application/json'): string {
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${contentType}\r\n${credentials}`;
}
