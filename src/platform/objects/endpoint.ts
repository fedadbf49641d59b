import { type LookupAddress, type LookupAllOptions, lookup as resolveName } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { errors } from './errors.ts';

/** What the operator's configuration says about the endpoint. None of it ever comes from a request. */
export interface EndpointPolicy {
  readonly endpoint?: string | undefined;
  /** http to something else than this machine: keys and bills travel in the clear. */
  readonly allowInsecure?: boolean | undefined;
  /** A host name that resolves to a loopback or private address; a literal address needs no such word. */
  readonly allowPrivateNetwork?: boolean | undefined;
}

type Place = 'public' | 'private' | 'loopback' | 'forbidden';

/** Names under which clouds serve the credentials of their machines. */
const metadataNames = /^(metadata|metadata\.google\.internal|metadata\.goog|instance-data(\..*)?)$/i;

/** Link-local (metadata services live there), multicast, unspecified, and metadata addresses outside link-local. */
const forbidden = blockList([
  ['169.254.0.0', 16],
  ['0.0.0.0', 8],
  ['224.0.0.0', 3],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['fe80::', 10],
  ['ff00::', 8],
  ['::', 128],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
]);
const loopback = blockList([
  ['127.0.0.0', 8],
  ['::1', 128],
]);
const privateRanges = blockList([
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['198.18.0.0', 15],
  ['192.0.0.0', 24],
  ['fc00::', 7],
  ['fec0::', 10],
]);

/** The configured endpoint as an origin that may be used, or a refusal. User names and keys in it are never repeated. */
export function checkEndpoint(policy: EndpointPolicy): string | undefined {
  if (policy.endpoint === undefined) return undefined;
  const url = parseUrl(policy.endpoint);
  const host = url.hostname;
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw errors.endpointRefused({ host, reason: 'only https and http are spoken' });
  }
  if (url.username || url.password || url.search || url.hash) {
    throw errors.endpointRefused({ host, reason: 'it carries a user name, a query or a fragment' });
  }
  const bare = host.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (metadataNames.test(bare)) throw errors.endpointRefused({ host, reason: 'it is a metadata service' });
  const place = isIP(bare) ? placeOf(bare) : isLocalName(bare) ? 'loopback' : 'public';
  if (place === 'forbidden') {
    throw errors.endpointRefused({ host, reason: 'link-local and metadata addresses are never called' });
  }
  if (url.protocol === 'http:' && place !== 'loopback' && !policy.allowInsecure) {
    throw errors.endpointRefused({
      host,
      reason: 'http is allowed to this machine only, unless allowInsecure is set',
    });
  }
  return url.href.replace(/\/$/, '');
}

/**
 * A name lookup for sockets that drops what may not be called. It is asked at connection time, so that a name
 * which resolves differently the second time (DNS rebinding) gains nothing.
 */
export function guardedLookup(policy: EndpointPolicy, resolve: Resolve = resolveName): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error) return done(error, '', 0);
      const allowed = found.filter(({ address }) => mayConnect(hostname, placeOf(address), policy));
      const [first] = allowed;
      if (!first) return done(new ForbiddenAddress(hostname), '', 0);
      if (options.all) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };
}

type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

/** Thrown into the socket; `s3-errors.ts` turns it into the refusal `objects.endpointRefused`. */
export class ForbiddenAddress extends Error {
  readonly host: string;
  constructor(host: string) {
    super(`${host} resolves to an address that may not be called`);
    this.name = 'ForbiddenAddress';
    this.host = host;
  }
}

/** Where an IP address (v4, v6, or v4 written as v6) lies. */
export function placeOf(address: string): Place {
  const plain = embeddedV4(address) ?? address;
  const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4';
  if (forbidden.check(plain, family)) return 'forbidden';
  if (loopback.check(plain, family)) return 'loopback';
  return privateRanges.check(plain, family) ? 'private' : 'public';
}

function mayConnect(hostname: string, place: Place, policy: EndpointPolicy): boolean {
  if (place === 'forbidden') return false;
  // Without an endpoint of ours the host is AWS's own, which VPC endpoints rightly resolve to private addresses.
  if (place === 'public' || policy.endpoint === undefined) return true;
  return Boolean(policy.allowPrivateNetwork) || (place === 'loopback' && isLocalName(hostname));
}

function isLocalName(host: string): boolean {
  return /^(.+\.)?localhost$/i.test(host);
}

function parseUrl(endpoint: string): URL {
  try {
    return new URL(endpoint);
  } catch {
    throw errors.badSetting({
      setting: 'endpoint',
      reason: 'it is not a URL; write https://host or https://host:port',
    });
  }
}

/** `::ffff:a9fe:a9fe` and `64:ff9b::a9fe:a9fe` both reach 169.254.169.254. */
function embeddedV4(address: string): string | undefined {
  if (isIP(address) !== 6) return undefined;
  const normal = new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1);
  const match = /^(?:::ffff:|64:ff9b::|::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(normal);
  if (!match) return undefined;
  const [high, low] = [Number.parseInt(match[1] as string, 16), Number.parseInt(match[2] as string, 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

function blockList(subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix, net.includes(':') ? 'ipv6' : 'ipv4');
  return list;
}
