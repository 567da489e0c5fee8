import type { Template } from '../template.ts';

/** One shape of request, repeated with other users, ids and times. */
export interface Workload {
  readonly itemsPerRequest: number;
  readonly usersPerRequest: number;
  /** How often `"success":true` stands in an answer besides once per item. */
  readonly extraSuccesses: number;
  /** It leaves nothing in the store. */
  readonly readsOnly: boolean;
  /** Lines that a request leaves at least to say whom an id names. */
  readonly linksPerRequest: number;
  readonly template: Template;
}

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

/** Of the private key. */
export const basicAuthorization = `Basic ${Buffer.from(`${credentials.privateKeyId}:${credentials.privateSecret}`).toString('base64')}`;

/** Milliseconds between two items of one user: far below the time until that user is drawn again. */
export const itemSpacingMs = 20;

export const eventNames = ['level done', 'item bought', 'screen viewed', 'friend invited'];

export interface Item {
  readonly user: number;
  readonly nth: number;
  readonly index: number;
}

export function items(users: number, itemsPerUser: number): Item[] {
  return Array.from({ length: users * itemsPerUser }, (_, index) => {
    return { user: Math.floor(index / itemsPerUser), nth: index % itemsPerUser, index };
  });
}

export function params(item: Item) {
  const few = { level: `{{#random ${item.index}}}`, mode: item.index % 3 === 0 ? 'ranked' : 'friendly' };
  return item.index % 2 === 0 ? few : { ...few, score: `{{#serial ${item.index}}}` };
}

export function fullProfile(index: number) {
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

export function requestHead(path: string, credentials: string, contentType = 'application/json'): string {
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${contentType}\r\n${credentials}`;
}
