import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clientAddressBy } from './client-address.ts';

const proxy = '10.0.0.7';
const range = ['10.0.0.0/8'];
const rows: readonly [
  name: string,
  trusted: readonly string[],
  peer: string | undefined,
  forwarded: string | undefined,
  address: string | undefined,
][] = [
  ['nobody is trusted: the peer', [], '198.51.100.9', undefined, '198.51.100.9'],
  ['nobody is trusted: what the header says counts for nothing', [], proxy, '203.0.113.5', proxy],
  ['a peer that is not trusted may say what it likes', range, '198.51.100.9', '203.0.113.5', '198.51.100.9'],
  ['a trusted peer says who called', range, proxy, '203.0.113.5', '203.0.113.5'],
  ['a trusted peer that says nothing', range, proxy, undefined, proxy],
  ['nor with an empty header', range, proxy, ' ', proxy],
  ['what the client itself wrote stands to the left', range, proxy, '1.1.1.1, 203.0.113.5', '203.0.113.5'],
  ['over trusted hops', range, proxy, '1.1.1.1, 203.0.113.5, 10.1.1.1,10.2.2.2', '203.0.113.5'],
  ['all hops are trusted: the first', range, proxy, '10.3.3.3, 10.1.1.1', '10.3.3.3'],
  ['a hop that is no address hides the client', range, proxy, '203.0.113.5, unknown', undefined],
  ['one address', ['192.0.2.1'], '192.0.2.1', '203.0.113.5', '203.0.113.5'],
  ['its neighbour', ['192.0.2.1'], '192.0.2.2', '203.0.113.5', '192.0.2.2'],
  ['several', ['192.0.2.1', '::1'], '::1', '203.0.113.5, 192.0.2.1', '203.0.113.5'],
  ['by name', ['loopback', 'uniquelocal'], '127.0.0.1', '203.0.113.5, 192.168.1.1', '203.0.113.5'],
  ['IPv6', ['2001:db8::/32'], '2001:db8::1', '2606:4700:0:0::1111', '2606:4700::1111'],
  ['an IPv6 peer that is not trusted', ['2001:db8::/32'], '2001:db9::1', '203.0.113.5', '2001:db9::1'],
  ['a trusted peer as IPv4-mapped', range, `::ffff:${proxy}`, '203.0.113.5', '203.0.113.5'],
  ['an IPv4-mapped peer', [], '::ffff:198.51.100.9', undefined, '198.51.100.9'],
  ['an IPv4-mapped client', range, proxy, '::ffff:203.0.113.5', '203.0.113.5'],
  ['the connection is gone', range, undefined, '203.0.113.5', undefined],
];

describe('the address of a client', () => {
  for (const [name, trusted, peer, forwarded, address] of rows) {
    test(name, () => {
      const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
      const request = { headers, socket: { remoteAddress: peer } as never };
      assert.equal(clientAddressBy(trusted)(request), address);
    });
  }

  for (const wrong of ['proxy.example', '10.0.0.0/33', '10.0.0.0/0', '10.0.0.0/x', '::/129', '300.1.1.1']) {
    test(`${wrong} cannot be trusted`, () => assert.throws(() => clientAddressBy([wrong]), TypeError));
  }
});
