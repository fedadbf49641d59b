import { randomBytes } from 'node:crypto';
import { type FastifyContextConfig, type FastifyInstance, fastify, type InjectOptions } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { type Clock, Refusal } from '../../kernel/index.ts';
import type { Records } from '../../records/index.ts';
import { openTestRecords } from '../../records/testing/test-records.ts';
import type { AccessContext } from '../authenticate.ts';
import { addAuthentication } from '../authentication.ts';
import { createAuthenticator } from '../authenticator.ts';
import { makeFirstAdmin, openFirstStart } from '../links.ts';
import { accessPages } from '../pages.ts';
import type { Sealer } from '../provider-sign-in.ts';
import { accessRoutes } from '../routes.ts';
import type { AccessSettings } from '../settings.ts';

export const ownerSecret = 'the-secret-that-lies-in-the-workspace-folder';
export const operatorToken = 'the-token-that-the-operator-chose';

/** The first administrator of every test app. */
export const admin = {
  email: 'Admin@example.com',
  name: 'Ada Admin',
  password: 'the first of the administrators',
} as const;

/** A clock that a test moves. */
export interface MovedClock extends Clock {
  readonly forward: (ms: number) => void;
}

/** A clock that starts at a fixed time and moves when it is told to. */
export function movedClock(): MovedClock {
  let time = Date.parse('2026-11-21T10:00:00.000Z');
  return {
    now: () => new Date(time),
    forward: (ms) => {
      time += ms;
    },
  };
}

/** Enough of a seal for a test: it opens with its own context only. */
export const testSealer: Sealer = {
  seal: (text, context) => Buffer.from(JSON.stringify([context, text])).toString('base64'),
  open: (sealed, context) => {
    const [sealedWith, text] = JSON.parse(Buffer.from(sealed, 'base64').toString()) as [string, string];
    if (sealedWith !== context) throw new Error('sealed with another context');
    return text;
  },
};

/** What a browser remembers: cookies and the CSRF token. */
export interface Browser {
  readonly cookies: Map<string, string>;
  csrfToken: string | undefined;
}

/** A browser that has been nowhere. */
export function newBrowser(): Browser {
  return { cookies: new Map(), csrfToken: undefined };
}

export interface Answer<T = Readonly<Record<string, unknown>>> {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly json: T;
  /** Attributes of the cookies that were set, whole. */
  readonly setCookies: readonly string[];
}

export interface Call {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly browser?: Browser;
  readonly bearer?: string;
  readonly remoteAddress?: string;
}

export interface AccessApp {
  readonly app: FastifyInstance;
  readonly records: Records;
  readonly context: AccessContext;
  readonly clock: MovedClock;
  readonly defects: unknown[];
  readonly call: <T = Readonly<Record<string, unknown>>>(
    method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    call?: Call,
  ) => Promise<Answer<T>>;
  /** Signs in and remembers it. */
  readonly signIn: (email: string, password: string, browser?: Browser) => Promise<Browser>;
  readonly close: () => Promise<void>;
}

/** The routes of this room and a few that demand permissions, over records of their own with one administrator. */
export async function openAccessApp(
  settings: AccessSettings = { publicUrl: undefined, oidc: undefined },
): Promise<AccessApp> {
  const test = await openTestRecords();
  const clock = movedClock();
  const context: AccessContext = { records: async () => test.records, clock, randomness: randomBytes };
  const defects: unknown[] = [];
  const app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler((error: Error & { readonly statusCode?: number }, _, reply) => {
    if (error instanceof Refusal) {
      const { code, message, params } = error;
      const { retryAfterSeconds } = params;
      if (typeof retryAfterSeconds === 'number') reply.header('retry-after', retryAfterSeconds);
      return reply.code(error.status).send({ code, message, params });
    }
    if ((error.statusCode ?? 500) < 500)
      return reply.code(400).send({ code: 'invalid', message: error.message });
    defects.push(error);
    return reply.code(500).send({ code: 'defect' });
  });
  const { publicUrl } = settings;
  const fixed = { secretOfOwner: ownerSecret, operatorToken };
  addAuthentication(app, createAuthenticator({ ...context, ...fixed, publicUrl }));
  addProbes(app);
  await app.register(accessPages);
  await app.register(accessRoutes, {
    prefix: '/api/v1',
    ...context,
    ...settings,
    secrets: async () => testSealer,
    localUrl: () => 'http://127.0.0.1:4870',
  });
  await app.ready();
  const link = await openFirstStart(context);
  const place = { address: null, requestId: null, userAgent: null };
  await makeFirstAdmin(context, { ...admin, token: link?.token ?? '' }, place);

  const opened: AccessApp = {
    app,
    records: test.records,
    context,
    clock,
    defects,
    call: async (method, path, { browser, bearer, ...rest } = {}) => {
      const answer = await app.inject(requestOf(method, path, { browser, bearer, ...rest }, publicUrl));
      const setCookies = [answer.headers['set-cookie'] ?? []].flat();
      for (const cookie of browser ? answer.cookies : []) {
        if (cookie.maxAge === 0) browser?.cookies.delete(cookie.name);
        else browser?.cookies.set(cookie.name, cookie.value);
      }
      const isJson = String(answer.headers['content-type']).startsWith('application/json');
      const json = isJson && answer.body !== '' ? answer.json() : {};
      return { status: answer.statusCode, headers: answer.headers, json, setCookies };
    },
    signIn: async (email, password, browser = newBrowser()) => {
      const body = { email, password };
      const { json, status } = await opened.call<{ csrfToken: string }>('POST', '/api/v1/sign-in', {
        body,
        browser,
      });
      if (status !== 200) throw new Error(`sign-in was refused: ${JSON.stringify(json)}`);
      browser.csrfToken = json.csrfToken;
      return browser;
    },
    close: async () => {
      await app.close();
      await test.close();
    },
  };
  return opened;
}

function requestOf(
  method: InjectOptions['method'],
  url: string,
  call: Call,
  publicUrl = 'http://localhost',
): InjectOptions {
  const { body, headers, browser, bearer, remoteAddress } = call;
  const cookie = [...(browser?.cookies ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
  const isChange = method !== 'GET' && method !== 'HEAD';
  return {
    method: method ?? 'GET',
    url,
    headers: {
      host: 'localhost',
      ...(cookie === '' ? {} : { cookie }),
      ...(browser && isChange ? { 'sec-fetch-site': 'same-origin', origin: publicUrl } : {}),
      ...(browser?.csrfToken && isChange ? { 'x-csrf-token': browser.csrfToken } : {}),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  };
}

/** Routes that tell who called, with which scope. */
function addProbes(app: FastifyInstance): void {
  const probes: Readonly<Record<string, Pick<FastifyContextConfig, 'permission' | 'open'>>> = {
    '/api/v1/probe/cost': { permission: 'cost.read' },
    '/api/v1/probe/close': { permission: 'period.close' },
    '/api/v1/probe/people': { permission: 'person.manage' },
    '/api/v1/probe/signed-in': { open: 'signedIn' },
    '/healthz': { open: 'anyone' },
  };
  for (const [url, config] of Object.entries(probes)) {
    app.route({
      method: ['GET', 'POST'],
      url,
      config,
      handler: async ({ caller, isOwner }) => ({ ...caller, isOwner }),
    });
  }
}
