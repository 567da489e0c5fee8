import { compile, type Template } from '../template.ts';
import {
  basicAuthorization,
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

/** Four of five commands are events; all carry their time, so that a repeat would be recognised. */
export function bloomreachBatch(users: number, itemsPerUser: number): Workload {
  const commands = items(users, itemsPerUser).map((item) => {
    const agoMs = (itemsPerUser - item.nth) * itemSpacingMs;
    const ids = registered(item.user);
    return item.index % 5 === 4 ? customersCommand(ids, item, agoMs) : eventCommand(ids, item, agoMs);
  });
  return batch(commands, { users });
}

/** Fifty customers with a full profile each, as a back end brings its customers along. */
export function bloomreachCustomers(): Workload {
  const users = 50;
  const commands = items(users, 1).map(({ user, index }) => ({
    name: 'customers',
    data: { customer_ids: registered(user), properties: fullProfile(index) },
  }));
  return batch(commands, { users });
}

/**
 * Fifty commands of fifteen known customers, each on a new device with a cookie of its own. Of three, two look around as
 * nobody until they log in, and what they were becomes part of them (a merge); the third is logged in from the start, and
 * the cookie is attached to him. So fifteen of fifty commands link ids.
 */
export function bloomreachLinks(): Workload {
  const commands: object[] = [];
  const threes = 5;
  for (let user = 0; user < threes * 3; user++) {
    const cookie = { cookie: `{{id ${user}}}` };
    const both = { ...registered(user), ...cookie };
    const isLogin = user % 3 !== 2;
    const ids = isLogin
      ? [cookie, cookie, both]
      : [both, registered(user), registered(user), registered(user)];
    for (const [nth, who] of ids.entries()) {
      const item = { user, nth, index: commands.length };
      const agoMs = (ids.length - nth) * itemSpacingMs;
      commands.push(nth === 2 ? customersCommand(who, item, agoMs) : eventCommand(who, item, agoMs));
    }
  }
  // Each cookie is given to somebody, and those who log in were somebody else until then.
  return batch(commands, { users: threes * 3, linksPerRequest: threes * 5 });
}

/** Fifty events of one customer: a history to be read. */
export function bloomreachVisit(): Workload {
  const visit = items(1, 50);
  const commands = visit.map((item) =>
    eventCommand(registered(0), item, (visit.length - item.nth) * itemSpacingMs),
  );
  return batch(commands, { users: 1 });
}

/** What a back end sends: one event alone. */
export function bloomreachEvent(): Workload {
  const item = { user: 0, nth: 0, index: 0 };
  const { data } = eventCommand(registered(0), item, 0);
  const call = post(`/track/v2/projects/${credentials.projectToken}/customers/events`, data);
  return { ...call, extraSuccesses: 0, readsOnly: false };
}

/** The newest events of a customer, as a service page shows them. */
export function bloomreachEvents(): Workload {
  const body = { customer_ids: registered(0), event_types: eventNames, order: 'desc', limit: 50 };
  const call = post(`/data/v2/projects/${credentials.projectToken}/customers/events`, body);
  return { ...call, extraSuccesses: 0, readsOnly: true };
}

function bloomreach(path: string, body: object): Template {
  return compile(requestHead(path, `Authorization: ${basicAuthorization}\r\n`), JSON.stringify(body));
}

function post(path: string, body: object) {
  const template = bloomreach(path, body);
  return { itemsPerRequest: 1, usersPerRequest: 1, linksPerRequest: 0, template };
}

function batch(
  commands: readonly object[],
  { users, linksPerRequest = 0 }: { users: number; linksPerRequest?: number },
): Workload {
  const path = `/track/v2/projects/${credentials.projectToken}/batch`;
  return {
    itemsPerRequest: commands.length,
    usersPerRequest: users,
    extraSuccesses: 1,
    readsOnly: false,
    linksPerRequest,
    template: bloomreach(path, { commands }),
  };
}

function registered(user: number) {
  return { registered: `user-{{user ${user}}}` };
}

function customersCommand(customer_ids: object, item: Item, agoMs: number) {
  const properties = {
    coins: `{{#serial ${item.index}}}`,
    level: `{{#random ${item.index}}}`,
    plan: 'premium',
  };
  return { name: 'customers', data: { customer_ids, properties, update_timestamp: `{{#time ${agoMs}}}` } };
}

function eventCommand(customer_ids: object, item: Item, agoMs: number) {
  return {
    name: 'customers/events',
    data: {
      customer_ids,
      event_type: eventNames[item.index % eventNames.length],
      timestamp: `{{#time ${agoMs}}}`,
      properties: params(item),
    },
  };
}
