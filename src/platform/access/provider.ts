import type * as Oidc from 'openid-client';
import { accessErrors } from './errors.ts';
import type { OidcSettings } from './settings.ts';

/** What is sent to the provider and must come back unchanged, or proves that it did. */
export interface Proof {
  readonly state: string;
  readonly nonce: string;
  /** PKCE. */
  readonly verifier: string;
}

/** Whom the provider vouches for. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  /** Undefined unless the provider has verified it. */
  readonly email: string | undefined;
  readonly name: string | undefined;
}

/** OpenID Connect, authorization code with PKCE: where to send somebody, and who came back. */
export interface Provider {
  readonly authorizationUrl: (proof: Proof) => Promise<URL>;
  /** `answer`: the address that the provider sent the browser to. Refusals: `access.providerRefused`, `unfitAnswer`, `providerUnavailable`. */
  readonly identify: (answer: URL, proof: Proof) => Promise<Identity>;
}

const timeoutSeconds = 10;

/** A provider; its description is fetched on first need, and again as long as that fails. */
export function openProvider(settings: OidcSettings): Provider {
  let discovered: Promise<Oidc.Configuration> | undefined;
  async function configuration(): Promise<Oidc.Configuration> {
    discovered ??= discover(settings);
    try {
      return await discovered;
    } catch (error) {
      discovered = undefined;
      throw accessErrors.providerUnavailable({ reason: reasonOf(error) });
    }
  }
  return {
    authorizationUrl: async ({ state, nonce, verifier }) => {
      const { buildAuthorizationUrl, calculatePKCECodeChallenge } = await import('openid-client');
      return buildAuthorizationUrl(await configuration(), {
        redirect_uri: settings.redirectUri,
        scope: 'openid email profile',
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
      });
    },
    identify: async (answer, proof) => {
      const config = await configuration();
      try {
        return await redeem(config, answer, proof);
      } catch (error) {
        throw refusalFor(error);
      }
    },
  };
}

/** Only the issuer asked for is accepted, and the signature of its ID tokens is verified, although TLS brought them. */
async function discover({ issuer, clientId, clientSecret }: OidcSettings): Promise<Oidc.Configuration> {
  const oidc = await import('openid-client');
  const auth = clientSecret === undefined ? oidc.None() : oidc.ClientSecretBasic(clientSecret);
  return await oidc.discovery(issuer, clientId, undefined, auth, {
    timeout: timeoutSeconds,
    execute: [
      oidc.enableNonRepudiationChecks,
      ...(issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : []),
    ],
  });
}

async function redeem(config: Oidc.Configuration, answer: URL, proof: Proof): Promise<Identity> {
  const { authorizationCodeGrant, fetchUserInfo } = await import('openid-client');
  const tokens = await authorizationCodeGrant(config, answer, {
    pkceCodeVerifier: proof.verifier,
    expectedState: proof.state,
    expectedNonce: proof.nonce,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (!claims) throw accessErrors.unfitAnswer({ reason: 'it holds no ID token' });
  // Providers may keep the e-mail, or that they verified it, out of the ID token and give it on request.
  const isWhole = claims['email'] !== undefined && claims['email_verified'] !== undefined;
  const needsMore = !isWhole && config.serverMetadata().userinfo_endpoint !== undefined;
  const more = needsMore ? await fetchUserInfo(config, tokens.access_token, claims.sub) : {};
  return identityOf({ ...more, ...claims });
}

function identityOf(claims: Readonly<Record<string, unknown>>): Identity {
  const { iss, sub, email, email_verified: isVerified, name } = claims;
  return {
    issuer: String(iss),
    subject: String(sub),
    email: typeof email === 'string' && isVerified === true ? email : undefined,
    name: typeof name === 'string' ? name : undefined,
  };
}

/** Errors of the library: the provider said no, its answer does not prove anything, or it cannot be reached. */
function refusalFor(error: unknown): unknown {
  const { name, code, error: word } = error as Readonly<Record<'name' | 'code' | 'error', unknown>>;
  if (name === 'AuthorizationResponseError' || name === 'ResponseBodyError')
    return accessErrors.providerRefused({ reason: printable(word) });
  if (name === 'TypeError' || name === 'TimeoutError' || code === 'OAUTH_TIMEOUT')
    return accessErrors.providerUnavailable({ reason: reasonOf(error) });
  if (typeof code === 'string' && code.startsWith('OAUTH_'))
    return accessErrors.unfitAnswer({ reason: reasonOf(error) });
  return error;
}

/** What an error says of itself, without what the provider wrote. */
function reasonOf(error: unknown): string {
  const { code, cause, message } = error as Error & { readonly code?: unknown };
  const network = (cause as { readonly code?: unknown } | undefined)?.code;
  return printable(network ?? code ?? message);
}

function printable(text: unknown): string {
  return String(text)
    .replace(/[^\x20-\x7e]/g, ' ')
    .slice(0, 200);
}
