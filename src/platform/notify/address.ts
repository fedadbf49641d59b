import { lookup } from 'node:dns/promises';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { placeOf } from '../objects/index.ts';

/** An address that a name leads to. */
export interface Address {
  readonly address: string;
  readonly family: number;
}

/** Looks up a name: all addresses that it leads to. */
export type ResolveName = (name: string) => Promise<readonly Address[]>;

/** The machine's own way to look up names. */
export const resolveName: ResolveName = (name) => lookup(name, { all: true });

/** Thrown for an address that may not be called. The sentence names no address: a hook is no way to explore a network. */
export class AddressRefused extends Error {}

/**
 * Addresses that the internet does not lead to, or that hide another address of version 4 in themselves: documentation,
 * 6to4, Teredo, local NAT64.
 */
const unroutable = blockList([
  ['192.0.2.0', 24],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['192.88.99.0', 24],
  ['2002::', 16],
  ['2001::', 32],
  ['2001:db8::', 32],
  ['64:ff9b:1::', 48],
  ['100::', 64],
]);

/**
 * The addresses that a hook's host may be called at, to which a socket is then tied: a name that resolves differently the
 * second time gains nothing. Every address of the name must be allowed: metadata and link-local never, this machine and
 * private networks when the operator allows them, http only to those. Otherwise `AddressRefused`.
 */
export async function allowedAddresses(
  url: URL,
  allowPrivateHosts: boolean,
  resolve: ResolveName,
): Promise<readonly Address[]> {
  const host = bareHost(url);
  const family = isIP(host);
  const addresses = family === 0 ? await resolve(host) : [{ address: host, family }];
  if (addresses.length === 0) throw new AddressRefused('its name leads nowhere');
  const problem = addressProblem(
    url,
    addresses.map(({ address }) => address),
    allowPrivateHosts,
  );
  if (problem !== undefined) throw new AddressRefused(problem);
  return addresses;
}

/** Why a hook at these addresses is refused; undefined when it is not. */
export function addressProblem(
  url: URL,
  addresses: readonly string[],
  allowPrivateHosts: boolean,
): string | undefined {
  const places = addresses.map(placeOfHook);
  if (places.includes('forbidden')) return 'link-local and metadata addresses are never called';
  if (places.some((place) => place !== 'public') && !allowPrivateHosts)
    return 'it leads to this machine or to a private network, which notify.allowPrivateHosts would allow';
  if (url.protocol === 'http:' && places.includes('public')) return 'only https is spoken to others';
  return undefined;
}

function placeOfHook(address: string): ReturnType<typeof placeOf> {
  const place = placeOf(address);
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  return place === 'public' && unroutable.check(address, family) ? 'private' : place;
}

/** The host without the brackets of version 6 and the dot of the root. */
export function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

/** A lookup for sockets that knows these addresses and asks nobody. */
export function tiedLookup(addresses: readonly Address[]): LookupFunction {
  return (_name, options, done) => {
    const all = addresses.map(({ address, family }) => ({ address, family }));
    const [first] = all;
    if (options.all) done(null, all);
    else done(null, first?.address ?? '', first?.family);
  };
}

function blockList(subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix, net.includes(':') ? 'ipv6' : 'ipv4');
  return list;
}
