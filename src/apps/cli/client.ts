import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Context } from './context.ts';
import { errors } from './errors.ts';
import { openOwnWorkspace } from './workspace.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The API as a command sees it: the same calls and answers, whether a server holds the workspace or not. */
export interface Client {
  /** The workspace folder. */
  readonly root: string;
  /** Where the server is; undefined in-process. */
  readonly server: string | undefined;
  /**
   * The answer as its contract has it. A problem is thrown as the refusal that it tells of. `ifMatch`: the version of the
   * object that is changed, `"7"`.
   */
  readonly call: <T>(method: Method, path: string, body?: unknown, ifMatch?: string) => Promise<T>;
  /** A GET that answers a text: a CSV file. */
  readonly text: (path: string) => Promise<string>;
  /** A GET that answers a file, byte by byte. */
  readonly bytes: (path: string) => Promise<Buffer>;
  /** A POST whose progress is told line by line; the result of the last line. */
  readonly stream: <T>(path: string, body: unknown, onProgress: (progress: never) => void) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** Opens the API, lets a command use it, and closes it whatever happens. */
export async function withClient<T>(context: Context, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await openClient(context);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** By HTTP when a live server holds the workspace, else in this process without a socket. */
async function openClient(context: Context): Promise<Client> {
  const config = context.config();
  const root = config.values.data;
  // Loaded only now: commands that ask nothing of a workspace stay quick.
  const { findServer } = await import('../server/index.ts');
  const server = await findServer(root);
  const send = server ? overHttp(server.url, server.secret) : await inProcess(context);
  return {
    root,
    server: server?.url,
    call: async <T>(method: Method, path: string, body?: unknown, ifMatch?: string) =>
      (await answerOf(await send.request({ method, path, body, ifMatch }))) as T,
    text: async (path) => textOf(await send.request({ method: 'GET', path, accept: 'text/csv' })),
    bytes: async (path) => bytesOf(await send.request({ method: 'GET', path, accept: '*/*' })),
    stream: async <T>(path: string, body: unknown, onProgress: (progress: never) => void) =>
      (await lastOf(await send.request({ method: 'POST', path, body, streamed: true }), onProgress)) as T,
    close: send.close,
  };
}

interface Asked {
  readonly method: Method;
  readonly path: string;
  readonly body?: unknown;
  readonly ifMatch?: string | undefined;
  readonly streamed?: boolean;
  /** The form of the answer; JSON unless said. */
  readonly accept?: string;
}

interface Answer {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array | string>;
  readonly from: string;
  /** Throws the error behind an answer that is a bug of ours, where it is known. */
  readonly rethrow: () => void;
}

interface Transport {
  readonly request: (asked: Asked) => Promise<Answer>;
  readonly close: () => Promise<void>;
}

function headersOf({ body, ifMatch, streamed, accept = 'application/json' }: Asked): Record<string, string> {
  return {
    accept: streamed ? 'application/x-ndjson' : accept,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
  };
}

const lakePath = /^\/api\/v1\/(cost-queries|exports|imports|periods|reports|rows|snapshots|sources)(\/|\?|$)/;

async function inProcess(context: Context): Promise<Transport> {
  const config = context.config();
  const { buildApp, findServer, openBooks } = await import('../server/index.ts');
  const workspace = await openOwnWorkspace(context);
  const books = await openBooks({ workspace, config });
  const defects: unknown[] = [];
  const apps = new Map<'lake' | 'all', Promise<FastifyInstance>>();
  /** What asks the lake only is half of what there is to load. */
  function appFor(path: string): Promise<FastifyInstance> {
    const parts = lakePath.test(path) ? 'lake' : 'all';
    const onDefect = (error: unknown) => void defects.push(error);
    const app = apps.get(parts) ?? buildApp({ workspace, config, books, parts, openApi: false, onDefect });
    apps.set(parts, app);
    return app;
  }
  /** A server that has taken the records since the command began; undefined when they are ours. */
  async function serverInstead({ method, path }: Asked): Promise<Transport | undefined> {
    if (lakePath.test(path) && !(method === 'POST' && path.endsWith('/imports'))) return undefined;
    try {
      await books.records();
      return undefined;
    } catch (error) {
      const server = await findServer(workspace.root);
      if (!server) throw error;
      return overHttp(server.url, server.secret);
    }
  }
  return {
    request: async (asked) => {
      const server = await serverInstead(asked);
      if (server) return await server.request(asked);
      const { method, path: url, body } = asked;
      const response = await (await appFor(url)).inject({
        method,
        url,
        headers: headersOf(asked),
        payloadAsStream: true,
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      });
      return {
        status: response.statusCode,
        body: response.stream(),
        from: 'this process',
        rethrow: () => {
          if (defects.length > 0) throw defects[0];
        },
      };
    },
    close: async () => {
      for (const app of apps.values()) await (await app).close();
      await books.close();
      await workspace.close();
    },
  };
}

function overHttp(url: string, secret: string): Transport {
  return {
    request: async (asked) => {
      const { request } = await import('node:http');
      const { method, path, body } = asked;
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const headers = { ...headersOf(asked), authorization: `Bearer ${secret}` };
        const sent = request(`${url}${path}`, { method, headers, agent: false }, resolve);
        sent.on('error', (error) => reject(errors.serverGone({ url, reason: error.message })));
        sent.end(body === undefined ? undefined : JSON.stringify(body));
      });
      return { status: answer.statusCode ?? 0, body: checked(answer, url), from: url, rethrow: () => {} };
    },
    close: async () => {},
  };
}

/** A connection that breaks in the middle is the server's end, not ours. */
async function* checked(answer: IncomingMessage, url: string): AsyncIterable<Uint8Array> {
  try {
    yield* answer;
  } catch (error) {
    throw errors.serverGone({ url, reason: error instanceof Error ? error.message : String(error) });
  }
}

async function answerOf(answer: Answer): Promise<unknown> {
  const text = await textOf(answer);
  return text === '' ? undefined : JSON.parse(text);
}

/** The text of an answer; a problem is thrown. */
async function textOf(answer: Answer): Promise<string> {
  return (await bytesOf(answer)).toString('utf8');
}

async function bytesOf(answer: Answer): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body)
    chunks.push(typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk);
  const bytes = Buffer.concat(chunks);
  if (answer.status >= 400)
    await throwProblem(bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8')), answer);
  return bytes;
}

async function throwProblem(problem: unknown, answer: Answer): Promise<never> {
  const { refusalOf } = await import('../server/index.ts');
  const known = problem as Parameters<typeof refusalOf>[0];
  if (known.code === 'server.defect') answer.rethrow();
  if (known.code === 'server.invalid') throw errors.usage({ problem: usageOf(known.params) });
  throw refusalOf(known);
}

/** What does not fit, in words of the command line: `from: write a billing month as YYYY-MM`. */
function usageOf(params: Readonly<Record<string, unknown>>): string {
  const issues = params['issues'] as readonly { readonly field: string; readonly message: string }[];
  return issues
    .map(({ field, message }) => `${field.replace(/^(body|params|query)\./, '')}: ${message}.`)
    .join(' ');
}

/** Tells every progress line and gives the result. */
async function lastOf(answer: Answer, onProgress: (progress: never) => void): Promise<unknown> {
  if (answer.status >= 400) return answerOf(answer);
  for await (const line of linesOf(answer.body)) {
    const { progress, result, problem } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (progress !== undefined) onProgress(progress as never);
    if (problem !== undefined) await throwProblem(problem, answer);
    if (result !== undefined) return result;
  }
  throw errors.serverGone({ url: answer.from, reason: 'the answer has no end' });
}

async function* linesOf(chunks: AsyncIterable<Uint8Array | string>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines =
      `${rest}${typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
  if (rest !== '') yield rest;
}

/** An address with its query; what is undefined is left out. */
export function address(
  path: string,
  query: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return given.length === 0 ? `/api/v1${path}` : `/api/v1${path}?${given.join('&')}`;
}
