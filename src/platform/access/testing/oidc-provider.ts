import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

/** Somebody whom the provider knows. */
export interface Account {
  readonly sub: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly name?: string;
}

export interface TestProvider {
  readonly issuer: URL;
  readonly clientSecret: string;
  /** Who sits before the browser; undefined: they press cancel. */
  account: Account | undefined;
  /** Goes through the provider's pages like a browser, and gives the address that it sends the browser back to. */
  readonly visit: (authorizationUrl: string) => Promise<URL>;
  readonly close: () => Promise<void>;
}

/** What the provider knows our server as. */
export const clientId = 'finops';

/** A real OpenID Connect provider on a loopback port: whoever comes is logged in as `account`, and consents. */
export async function openTestProvider(redirectUri: string): Promise<TestProvider> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clientSecret = 'the secret of the client at the provider';
  const accounts = new Map<string, Account>();
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ['a key for a test'] },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ ...accounts.get(id), sub: id }) }),
    pkce: { required: () => true },
  });
  const test: TestProvider = {
    issuer: new URL(issuer),
    clientSecret,
    account: undefined,
    visit: (url) => visit(url, issuer),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void answer(request, response);
    if (test.account) accounts.set(test.account.sub, test.account);
    interact(provider, request, response, test.account).catch((error: Error) => {
      response.writeHead(500).end(error.message);
    });
  });
  return test;
}

async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  account: Account | undefined,
): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  const finish = (result: Parameters<Provider['interactionFinished']>[2]) =>
    provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
  if (!account) return await finish({ error: 'access_denied', error_description: 'cancelled' });
  if (prompt.name === 'login') return await finish({ login: { accountId: account.sub } });
  const grant = new provider.Grant({
    accountId: session?.accountId ?? account.sub,
    clientId: String(params['client_id']),
  });
  grant.addOIDCScope('openid email profile');
  await finish({ consent: { grantId: await grant.save() } });
}

/** Follows redirects as long as they stay at the provider. */
async function visit(start: string, issuer: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = new URL(start);
  for (let step = 0; step < 20; step++) {
    if (url.origin !== issuer) return url;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`${answer.status} at ${url}: ${await answer.text()}`);
    url = new URL(location, url);
  }
  throw new Error('The provider sends the browser around in circles');
}
