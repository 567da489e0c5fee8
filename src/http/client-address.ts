import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import proxyaddr from '@fastify/proxy-addr';
import ipaddr from 'ipaddr.js';

/** The address of whoever sent a request, an IPv4-mapped one as IPv4; undefined when it cannot be known. */
export type ClientAddressOf = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => string | undefined;

/**
 * How clients are told apart behind proxies. The peer's address counts; when the peer is among the `trusted` proxies
 * (addresses, ranges such as `10.0.0.0/8`), the last hop that it names in X-Forwarded-For, and so on from right to left
 * up to the first that is not trusted. What anybody else writes into the header counts for nothing. Throws when `trusted`
 * holds something that is no address.
 */
export function clientAddressBy(trusted: readonly string[]): ClientAddressOf {
  const trust = proxyaddr.compile([...trusted]);
  return (request) => {
    // The connection is gone, and its address with it.
    if (request.socket.remoteAddress === undefined) return undefined;
    const address = proxyaddr(request as IncomingMessage, trust);
    // Nearly every address: quicker than to take it apart.
    if (isIPv4(address)) return address;
    // A trusted proxy may have written `unknown`.
    return ipaddr.isValid(address) ? ipaddr.process(address).toString() : undefined;
  };
}
