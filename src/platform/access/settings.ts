import type { Config } from '../config/index.ts';
import { accessErrors } from './errors.ts';
import { isLoopback } from './loopback.ts';

/** An identity provider and what this server is to it. */
export interface OidcSettings {
  readonly issuer: URL;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  /** What the button says. */
  readonly label: string;
  /** Whether somebody nobody invited becomes a person. */
  readonly createPeople: boolean;
  /** Where the provider sends people back to. */
  readonly redirectUri: string;
}

export interface AccessSettings {
  /** `https://finops.example.com`, without a slash at its end. */
  readonly publicUrl: string | undefined;
  readonly oidc: OidcSettings | undefined;
}

/** The settings of this room. Refusals: `access.badPublicUrl`, `badIssuer`, `incompleteOidc`. */
export function readAccessSettings({ values }: Config): AccessSettings {
  const publicUrl = readPublicUrl(values['server.publicUrl']);
  const issuer = values['oidc.issuer'];
  if (issuer === undefined) return { publicUrl, oidc: undefined };
  const clientId = values['oidc.clientId'];
  if (clientId === undefined) throw accessErrors.incompleteOidc({ missing: 'oidc.clientId' });
  if (publicUrl === undefined) throw accessErrors.incompleteOidc({ missing: 'server.publicUrl' });
  const oidc = {
    issuer: readIssuer(issuer),
    clientId,
    clientSecret: values['oidc.clientSecret'],
    label: values['oidc.label'],
    createPeople: values['oidc.createPeople'] === 'yes',
    redirectUri: `${publicUrl}/api/v1/sign-in/oidc/callback`,
  };
  return { publicUrl, oidc };
}

function readPublicUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  if (!isPlain) throw accessErrors.badPublicUrl({ url: text });
  return url.origin;
}

/** Whoever can answer for the issuer can be anybody here: only TLS, or this machine, is good enough. */
function readIssuer(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? '';
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(host));
  if (!url || !isSafe || url.username !== '' || url.search !== '' || url.hash !== '')
    throw accessErrors.badIssuer({ issuer: text });
  return url;
}
