import { isIP } from 'node:net';
import { placeOf } from '../objects/index.ts';
import { mailAddressSchema } from './contract.ts';
import { errors } from './errors.ts';
import type { NotifySettings } from './model.ts';

/** The mail server that the operator set. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (`smtps`). */
  readonly secure: boolean;
  /** Whether to go on in the clear when the server offers no TLS. */
  readonly tls: 'required' | 'offered' | 'never';
  readonly auth: { readonly user: string; readonly pass: string } | undefined;
  /** On this machine nobody listens in between, and servers there have certificates of their own making. */
  readonly local: boolean;
}

/**
 * Reads `smtp.url`: `smtp://user:password@host:587`, `smtps://host:465`. A password never travels in the clear: with one,
 * TLS is required, except on this machine. `?tls=never` is for relays whose certificate nobody trusts, and takes no password.
 * Refusals: `notify.mailNotConfigured`, `notify.badMailSetting`.
 */
export function mailServer({ smtpUrl }: NotifySettings): MailServer {
  if (smtpUrl === undefined) throw errors.mailNotConfigured({ setting: 'smtp.url' });
  const refuse = (problem: string) => errors.badMailSetting({ setting: 'smtp.url', problem });
  const url = URL.canParse(smtpUrl) ? new URL(smtpUrl) : undefined;
  if (!url || !/^smtps?:$/.test(url.protocol) || url.hostname === '')
    throw refuse('write smtp://user:password@host:587 or smtps://host');
  const secure = url.protocol === 'smtps:';
  const never = url.searchParams.get('tls') === 'never';
  if ([...url.searchParams].length > (never ? 1 : 0) || (never && secure))
    throw refuse('after the host only ?tls=never may stand, and not with smtps');
  const auth = authOf(url, refuse);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const local = /^(.+\.)?localhost$/i.test(host) || (isIP(host) !== 0 && placeOf(host) === 'loopback');
  if (never && auth && !local) throw refuse('with ?tls=never the password would travel in the clear');
  return {
    host,
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    tls: never ? 'never' : auth && !local ? 'required' : 'offered',
    auth,
    local,
  };
}

function authOf(url: URL, refuse: (problem: string) => Error): MailServer['auth'] {
  if (url.username === '' && url.password === '') return undefined;
  try {
    return { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
  } catch {
    throw refuse('in user name and password, write % as %25');
  }
}

/** Who e-mails are from, as `smtp.from` says: an address, or a name and an address in angle brackets. */
export function senderOf({ from }: NotifySettings): { readonly name: string; readonly address: string } {
  if (from === undefined) throw errors.mailNotConfigured({ setting: 'smtp.from' });
  const match = /^(?:"?([^"<>\p{Cc}]*?)"?\s*)<([^<>]+)>$/u.exec(from.trim());
  const [name, address] = match ? [match[1] ?? '', match[2] ?? ''] : ['', from.trim()];
  if (mailAddressSchema.safeParse(address).success) return { name, address };
  throw errors.badMailSetting({
    setting: 'smtp.from',
    problem: 'write finops@example.com or FinOps <finops@example.com>',
  });
}
