/** What purchases are worth, and events of long ago that an operator wants to keep (contract 2.2 `track`, 3.5). */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertRefusesStart } from '../support/refused-start.ts';
import { leanplum } from '../support/requests.ts';
import { newScratchFolder, removeScratchFolder, type Server, startServer } from '../support/server.ts';
import { exportOne, exportUser, isNear, nowSec, onlyElement } from './wire.ts';

type Params = Record<string, unknown>;
const daySec = 86_400;
const folder = newScratchFolder();
let files = 0;

/** A file of exchange rates. */
function ratesFile(content: unknown): string {
  const path = join(folder, `rates-${files++}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const rates = { base: 'EUR', rates: { USD: 2, JPY: 100 } };
let server: Server;
before(async () => {
  const environment = { RAPPORT_CURRENCY_RATES: ratesFile(rates), RAPPORT_HISTORICAL_DATA: 'on' };
  server = await startServer({ environment });
});
after(async () => {
  await server[Symbol.asyncDispose]();
  removeScratchFolder(folder);
});

let users = 0;

/** The element of a `track` by a new user, what his revenue is then, and the event as it is kept. */
async function buy(on: Server, params: Params) {
  const userId = `buyer ${users++}`;
  const answer = await leanplum(on, { action: 'track', userId, event: 'Purchase', ...params });
  assert.equal(answer.status, 200, answer.text);
  const { events } = await exportUser(on, { userId });
  const [event] = (await exportOne(on, { registered: userId })).events;
  return { element: onlyElement(answer), counted: events?.['Purchase']?.value, kept: event?.properties };
}

const done = { success: true, isOffline: true };
const warned = (message: string) => ({ ...done, warning: { message } });

describe('a purchase', () => {
  test('is counted in the currency of the server and keeps its own', async () => {
    assert.deepEqual(await buy(server, { value: '9.5', currencyCode: 'EUR', params: { sku: 'A1' } }), {
      element: done,
      counted: 19,
      kept: { value: 19, sku: 'A1', localPrice: 9.5, localCurrency: 'EUR' },
    });
  });

  test('counts as given, with a warning, when there is no rate', async () => {
    assert.deepEqual(await buy(server, { value: 10, currencyCode: 'CHF' }), {
      element: warned('No exchange rate from CHF to USD; value kept as given.'),
      counted: 10,
      kept: { value: 10, localPrice: 10, localCurrency: 'CHF' },
    });
  });

  test('counts as given, with a warning, when that is no currency', async () => {
    assert.deepEqual(await buy(server, { value: 10, currencyCode: 'Euro' }), {
      element: warned("'currencyCode' is invalid; value kept as given."),
      counted: 10,
      kept: { value: 10 },
    });
  });

  test('another currency of the server, without a file', async () => {
    await using swiss = await startServer({ environment: { RAPPORT_CURRENCY: 'CHF' } });
    const own = await buy(swiss, { value: 10, currencyCode: 'CHF' });
    assert.deepEqual([own.element, own.counted], [done, 10]);
    const foreign = await buy(swiss, { value: 10, currencyCode: 'EUR' });
    assert.deepEqual(foreign.element, warned('No exchange rate from EUR to CHF; value kept as given.'));
  });

  const receipts: Params[] = [
    {
      item: 'coins',
      googlePlayPurchaseData: '{"orderId":"1"}',
      googlePlayPurchaseDataSignature: 'c2ln',
    },
    { item: 'coins', iOSTransactionIdentifier: '1000', iOSReceiptData: 'cmVj', iOSSandbox: true },
    { params: { item: 'coins' }, item: 'other', iOSSandbox: {}, iOSReceiptData: ['x'] },
  ];
  for (const receipt of receipts) {
    test(`keeps its item beside ${Object.keys(receipt).join(', ')}`, async () => {
      const { element, kept } = await buy(server, { value: 2, ...receipt });
      assert.deepEqual([element, kept], [done, { value: 2, item: 'coins' }]);
    });
  }
});

describe('old data', () => {
  test('keeps its times where the operator wants it', async () => {
    const time = nowSec();
    const old = time - 731 * daySec;
    const track = { action: 'track', userId: 'old', event: 'then', time: old };
    const answer = await leanplum(server, { action: 'multi', time, data: [track] });
    assert.deepEqual(onlyElement(answer), done);
    isNear((await exportUser(server, { userId: 'old' })).events?.['then']?.firstTime, old);
  });

  test('of a wrong clock is still moved to the present', async () => {
    const time = nowSec() - 731 * daySec;
    const track = { action: 'track', userId: 'wrong clock', event: 'now', time };
    const answer = await leanplum(server, { action: 'multi', time, data: [track] });
    const message = 'Device clock skew detected (731 days behind). Rewriting timestamp.';
    assert.deepEqual(onlyElement(answer), warned(message));
    isNear((await exportUser(server, { userId: 'wrong clock' })).events?.['now']?.firstTime, nowSec());
  });
});

describe('settings of purchases stop the start when they are wrong', () => {
  const RATES = 'RAPPORT_CURRENCY_RATES';
  const wrong: [environment: Record<string, string>, message: string][] = [
    [{ RAPPORT_CURRENCY: 'usd' }, "RAPPORT_CURRENCY must be three capital letters such as USD, not 'usd'"],
    [{ [RATES]: '/nowhere.json' }, `${RATES} cannot be read: ENOENT`],
    [{ [RATES]: ratesFile('{"base":') }, `${RATES} is not JSON: `],
    [{ [RATES]: ratesFile({ rates: {} }) }, `${RATES}: `],
    [{ [RATES]: ratesFile({ base: 'EUR', rates: { USD: 0 } }) }, `${RATES}: /rates/USD `],
    [{ [RATES]: ratesFile({ base: 'EUR', rates: { dollar: 2 } }) }, `${RATES}: /rates`],
    [
      { [RATES]: ratesFile({ base: 'EUR', rates: { JPY: 1 } }) },
      `${RATES} has no rate for RAPPORT_CURRENCY USD`,
    ],
    [{ RAPPORT_HISTORICAL_DATA: 'yes' }, "RAPPORT_HISTORICAL_DATA must be on or off, not 'yes'"],
  ];
  for (const [environment, message] of wrong) {
    test(message, () => assertRefusesStart(environment, message));
  }
});
