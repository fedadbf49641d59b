import { createWriteStream } from 'node:fs';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PrometheusEndpoint } from '../../platform/config/index.ts';
import { checkEndpoint, ForbiddenAddress, guardedLookup, printable } from '../../platform/objects/index.ts';
import { usageErrors } from './usage-errors.ts';

/** A query over a range of instants, both included, in whole seconds since 1970. */
export interface RangeQuery {
  readonly query: string;
  readonly start: number;
  readonly end: number;
  /** Seconds. */
  readonly step: number;
}

/** What a client may take, and for how long it waits. */
export interface PrometheusLimits {
  readonly maxBytes: number;
  /** Nothing has come for so long: the connection is dead, or the query too heavy. */
  readonly silenceMs: number;
  /** Tries of a request, the first included. */
  readonly attempts: number;
  /** The pause before the second try; each further one is twice as long. */
  readonly firstPauseMs: number;
}

export const prometheusLimits: PrometheusLimits = {
  // Read as a whole, an answer takes fifteen times its size.
  maxBytes: 16 * 1024 ** 2,
  silenceMs: 120_000,
  attempts: 4,
  firstPauseMs: 1000,
};

/** The most a server may ask to be left alone before the next try. */
const longestPauseMs = 60_000;

/** The HTTP API of Prometheus at one configured endpoint. */
export interface PrometheusClient {
  /** Writes the answer to a file. `tooLarge`: it has more bytes than the limit, and the file is of no use. */
  readonly queryRange: (query: RangeQuery, target: string) => Promise<'done' | 'tooLarge'>;
}

/**
 * Opens an endpoint of the configuration. Its address is checked as that of an object store is: no link-local or metadata
 * address, none that its name only pretends to have, no http to others unless allowed. Redirects are not followed. What it cannot
 * do now is `usage.remoteUnavailable` (exit code 8), after some tries; what it refuses says why, without what was sent to prove who
 * asks.
 */
export function openPrometheus(
  endpoint: PrometheusEndpoint,
  signal: AbortSignal,
  limits: PrometheusLimits = prometheusLimits,
): PrometheusClient {
  const { name, url, allowInsecure, allowPrivateNetwork } = endpoint;
  const policy = { endpoint: url, allowInsecure, allowPrivateNetwork };
  const base = checkEndpoint(policy) as string;
  const lookup = guardedLookup(policy);
  const headers = accessHeaders(endpoint);

  function send(query: RangeQuery, method: 'GET' | 'POST'): Promise<IncomingMessage> {
    const form = formOf(query);
    const address = `${base}/api/v1/query_range`;
    const target = new URL(method === 'GET' ? `${address}?${form}` : address);
    const options = {
      ...{ method, lookup, signal, agent: false, timeout: limits.silenceMs },
      headers: {
        ...headers,
        accept: 'application/json',
        'accept-encoding': 'identity',
        ...(method === 'GET' ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
    };
    return new Promise((resolve, reject) => {
      const ask = target.protocol === 'https:' ? httpsRequest : httpRequest;
      const sent: ClientRequest = ask(target, options, resolve);
      sent.on('timeout', () => sent.destroy(new Silence()));
      sent.on('error', reject);
      sent.end(method === 'GET' ? undefined : form);
    });
  }

  async function attempt(query: RangeQuery, target: string): Promise<Outcome> {
    try {
      let answer = await send(query, 'POST');
      // Proxies that let reading through only know no POST.
      if (answer.statusCode === 405 || answer.statusCode === 501) {
        answer.resume();
        answer = await send(query, 'GET');
      }
      return await outcomeOf(answer, target, limits.maxBytes);
    } catch (error) {
      if (signal.aborted || isOfDisk(error)) throw error;
      if (error instanceof ForbiddenAddress)
        throw usageErrors.unfitAnswer({ endpoint: name, problem: forbidden });
      return { kind: 'again', reason: networkReason(error) };
    }
  }

  return {
    queryRange: async (query, target) => {
      let reason = '';
      for (let tried = 1; tried <= limits.attempts; tried++) {
        const outcome = await attempt(query, target);
        if (outcome.kind === 'done' || outcome.kind === 'tooLarge') return outcome.kind;
        if (outcome.kind === 'refused') throw refusalOf(endpoint, query, outcome);
        reason = shown(endpoint, outcome.reason);
        if (tried === limits.attempts) break;
        const pause = Math.max(limits.firstPauseMs * 2 ** (tried - 1), outcome.pauseMs ?? 0);
        await sleep(Math.min(pause, longestPauseMs), undefined, { signal });
      }
      throw usageErrors.remoteUnavailable({ endpoint: name, reason, attempts: limits.attempts });
    },
  };
}

const forbidden =
  'its name leads to a loopback, private or metadata address; allowPrivateNetwork permits private ones';

/** Thrown into a request for which nothing comes. */
class Silence extends Error {}

type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'tooLarge' }
  | { readonly kind: 'again'; readonly reason: string; readonly pauseMs?: number }
  | { readonly kind: 'refused'; readonly status: number; readonly problem: string };

function accessHeaders(endpoint: PrometheusEndpoint): Readonly<Record<string, string>> {
  const { name, bearerToken, bearerTokenVariable, user, password, passwordVariable, tenant } = endpoint;
  if (bearerToken === undefined && bearerTokenVariable !== undefined)
    throw usageErrors.secretMissing({ endpoint: name, variable: bearerTokenVariable });
  if (password === undefined && passwordVariable !== undefined)
    throw usageErrors.secretMissing({ endpoint: name, variable: passwordVariable });
  const basic = Buffer.from(`${user}:${password ?? ''}`).toString('base64');
  return {
    ...(tenant === undefined ? {} : { 'x-scope-orgid': tenant }),
    ...(bearerToken === undefined ? {} : { authorization: `Bearer ${bearerToken}` }),
    ...(user === undefined ? {} : { authorization: `Basic ${basic}` }),
  };
}

function formOf({ query, start, end, step }: RangeQuery): string {
  return new URLSearchParams({ query, start: `${start}`, end: `${end}`, step: `${step}` }).toString();
}

/** Of an answer that is no success, so much is read. */
const problemBytes = 65_536;

async function outcomeOf(answer: IncomingMessage, target: string, maxBytes: number): Promise<Outcome> {
  const status = answer.statusCode ?? 0;
  if (status === 200) return (await save(answer, target, maxBytes)) ? { kind: 'done' } : { kind: 'tooLarge' };
  if (status >= 300 && status < 400) {
    answer.destroy();
    return {
      kind: 'refused',
      status,
      problem: 'it leads to another address, and redirects are not followed',
    };
  }
  const problem = problemIn(await beginningOf(answer), status);
  if (![429, 502, 503, 504].includes(status)) return { kind: 'refused', status, problem };
  const seconds = Number(answer.headers['retry-after']);
  return {
    kind: 'again',
    reason: problem,
    ...(Number.isFinite(seconds) ? { pauseMs: seconds * 1000 } : {}),
  };
}

/** Saves the answer; false when it has more bytes than allowed. */
async function save(answer: IncomingMessage, target: string, maxBytes: number): Promise<boolean> {
  let bytes = 0;
  const counted = new Transform({
    transform: (chunk: Buffer, _, done) => {
      bytes += chunk.length;
      done(bytes > maxBytes ? new TooLarge() : null, chunk);
    },
  });
  try {
    await pipeline(answer, counted, createWriteStream(target, { mode: 0o600 }));
    return true;
  } catch (error) {
    if (error instanceof TooLarge) return false;
    throw error;
  }
}

class TooLarge extends Error {}

async function beginningOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > problemBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** `bad_data: invalid parameter "query": …`, or the status where the answer is not of the API. */
function problemIn(text: string, status: number): string {
  try {
    const { errorType, error } = JSON.parse(text) as {
      readonly errorType?: unknown;
      readonly error?: unknown;
    };
    if (typeof error === 'string') return `${typeof errorType === 'string' ? `${errorType}: ` : ''}${error}`;
  } catch {
    // Not of the API; said below.
  }
  return `status ${status}`;
}

function refusalOf(
  endpoint: PrometheusEndpoint,
  { query }: RangeQuery,
  { status, problem }: { readonly status: number; readonly problem: string },
): Error {
  const { name } = endpoint;
  if (status === 401 || status === 403) return usageErrors.accessRefused({ endpoint: name, status });
  const said = shown(endpoint, problem);
  const isAnswer = (status === 400 || status === 422) && !/^status \d+$/.test(problem);
  return isAnswer
    ? usageErrors.queryRefused({ endpoint: name, query: shown(endpoint, query), problem: said })
    : usageErrors.unfitAnswer({ endpoint: name, problem: said });
}

/** Foreign text for people: short, without control characters, and without our secrets should they come back. */
export function shown({ bearerToken, password }: PrometheusEndpoint, text: string): string {
  const secrets = [bearerToken, password].filter((secret) => secret !== undefined && secret !== '');
  return printable(
    secrets.reduce((rest: string, secret) => rest.replaceAll(secret as string, '***'), text),
  ).trim();
}

function isOfDisk(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EIO'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function networkReason(error: unknown): string {
  if (error instanceof Silence) return 'it was silent for too long';
  const { code, name } = error as NodeJS.ErrnoException;
  return code ?? name;
}
