import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Places } from '../../../http/places.ts';
import { localeOf, Origin } from './detect.ts';

const locales: readonly [header: string | undefined, locale: string | undefined][] = [
  [undefined, undefined],
  ['', undefined],
  ['*', undefined],
  ['en-US,en;q=0.9', 'en_US'],
  ['de', 'de'],
  ['DE-at', 'de_AT'],
  ['en;q=0.5, fr-CH;q=0.9, *;q=0.1', 'fr_CH'],
  ['zh-Hant-TW', 'zh_TW'],
  ['sr-Latn', 'sr'],
  ['es-419', 'es_419'],
  ['!!, en-GB', 'en_GB'],
  ['x'.repeat(50), undefined],
];
describe('the locale of a browser', () => {
  for (const [header, locale] of locales) {
    test(JSON.stringify(header) ?? 'that says none', () => assert.equal(localeOf(header), locale));
  }
});

test('nobody asks for the address of a call before a place is asked for, and then once', () => {
  let asked = 0;
  const places = new Places(undefined, (error) => assert.fail(error as Error));
  const addressOf = () => {
    asked += 1;
    return '8.8.8.8';
  };
  const origin = new Origin({ headers: {}, socket: {} as never }, { addressOf, places });
  assert.equal(origin.locale, undefined);
  assert.equal(asked, 0);
  assert.equal(origin.place, undefined);
  assert.equal(origin.place, undefined);
  assert.equal(asked, 1);
});
