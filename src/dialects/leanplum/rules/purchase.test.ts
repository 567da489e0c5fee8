import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '../../../lib/json.ts';
import type { Parameters } from '../parameters.ts';
import { Currencies } from './currency.ts';
import { readPurchase } from './purchase.ts';

/** One euro is two dollars and 100 yen. */
const table = { base: 'EUR', rates: { USD: 2, JPY: 100 } };
const noRates = new Currencies('USD', undefined);
const inDollars = new Currencies('USD', table);
const inEuros = new Currencies('EUR', table);

const invalid = "'currencyCode' is invalid; value kept as given.";
const noRate = (from: string) => `No exchange rate from ${from} to USD; value kept as given.`;
const local = (localPrice: number, localCurrency: string) => ({ localPrice, localCurrency });

const rows: readonly [
  name: string,
  currencies: Currencies,
  given: Parameters & { value: number | null },
  value: number | null,
  params: JsonObject,
  warning?: string,
][] = [
  ['no currency', inDollars, { value: 10 }, 10, {}],
  ['null and nothing are no currency', inDollars, { value: 10, currencyCode: null }, 10, {}],
  ['the same', inDollars, { value: 10, currencyCode: '' }, 10, {}],
  ['from the base', inDollars, { value: 10, currencyCode: 'EUR' }, 20, local(10, 'EUR')],
  ['to the base', inEuros, { value: 10, currencyCode: 'USD' }, 5, local(10, 'USD')],
  ['across the base', inDollars, { value: 1000, currencyCode: 'JPY' }, 20, local(1000, 'JPY')],
  ['a refund', inDollars, { value: -10, currencyCode: 'EUR' }, -20, local(-10, 'EUR')],
  ['in any letter case', inDollars, { value: 10, currencyCode: ' eur' }, 20, local(10, 'EUR')],
  ['the own currency', inDollars, { value: 10, currencyCode: 'USD' }, 10, local(10, 'USD')],
  ['the own currency without rates', noRates, { value: 10, currencyCode: 'USD' }, 10, local(10, 'USD')],
  ['no rates', noRates, { value: 10, currencyCode: 'EUR' }, 10, local(10, 'EUR'), noRate('EUR')],
  ['a missing rate', inDollars, { value: 10, currencyCode: 'CHF' }, 10, local(10, 'CHF'), noRate('CHF')],
  [
    'beyond all numbers',
    inDollars,
    { value: 1e308, currencyCode: 'EUR' },
    1e308,
    local(1e308, 'EUR'),
    noRate('EUR'),
  ],
  ['no value', inDollars, { value: null, currencyCode: 'EUR' }, null, {}],
  ['a sign', inDollars, { value: 10, currencyCode: '€' }, 10, {}, invalid],
  ['four letters', inDollars, { value: 10, currencyCode: 'EURO' }, 10, {}, invalid],
  ['a number', inDollars, { value: 10, currencyCode: 978 }, 10, {}, invalid],
  ['a list', inDollars, { value: 10, currencyCode: ['EUR'] }, 10, {}, invalid],
  ['a built-in name', inDollars, { value: 10, currencyCode: '__proto__' }, 10, {}, invalid],
];

describe('the value of a purchase', () => {
  for (const [name, currencies, { value: price, ...given }, value, params, warning] of rows) {
    test(name, () => {
      const warnings: string[] = [];
      const priced = readPurchase(given, { value: price, params: {} }, { currencies, warnings });
      assert.deepEqual(priced, { value, params });
      assert.deepEqual(warnings, warning === undefined ? [] : [warning]);
    });
  }

  test('other parameters of the event stay', () => {
    const event = { value: 10, params: { sku: 'A1', localPrice: 'mine' } };
    const given = { currencyCode: 'EUR' };
    const { params } = readPurchase(given, event, { currencies: inDollars, warnings: [] });
    assert.deepEqual(params, { sku: 'A1', localPrice: 10, localCurrency: 'EUR' });
  });
});

describe('the item of a purchase', () => {
  const kept: readonly [given: Parameters[string], params: JsonObject, after: JsonObject][] = [
    ['book', {}, { item: 'book' }],
    [7, { a: 1 }, { a: 1, item: '7' }],
    ['book', { item: 'pen' }, { item: 'pen' }],
    ['', {}, {}],
    [null, {}, {}],
    [{ name: 'book' }, {}, {}],
    ['x'.repeat(4_097), {}, {}],
  ];
  for (const [item, params, after] of kept) {
    test(`${JSON.stringify(item).slice(0, 40)} beside ${JSON.stringify(params)}`, () => {
      const event = readPurchase({ item }, { value: null, params }, { currencies: noRates, warnings: [] });
      assert.deepEqual(event, { value: null, params: after });
    });
  }
});
