import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { durationOf, ParseError, parseQuery, type TestSeries } from './promql.ts';

/** A request as the server got it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly form: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
}

/** An answer of a proxy, or of a server in trouble, in the place of its own. */
export interface Trouble {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Breaks the connection after so many bytes of the body. */
  readonly cutAfter?: number;
  /** Answers only after so long. */
  readonly delayMs?: number;
}

export interface PrometheusServerOptions {
  readonly series: readonly TestSeries[];
  /** What `Authorization` must be. */
  readonly authorization?: string;
  readonly warnings?: readonly string[];
  /** Knows GET only, as some proxies do. */
  readonly getOnly?: boolean;
  /** Prints values as `1e+06`, as some systems that speak the protocol do. */
  readonly exponents?: boolean;
  /** The API lies below this path. */
  readonly prefix?: string;
}

/** A server on this machine that speaks the HTTP API of Prometheus over given series. */
export interface PrometheusServer {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** The next requests get these answers, one each. */
  readonly trouble: (...answers: readonly Trouble[]) => void;
  readonly close: () => Promise<void>;
}

const mostPoints = 11_000;

/** Opens a server on a free port of 127.0.0.1. */
export async function openPrometheusServer(options: PrometheusServerOptions): Promise<PrometheusServer> {
  const requests: SeenRequest[] = [];
  const troubles: Trouble[] = [];
  const server = createServer((request, response) => {
    readBody(request)
      .then((body) => {
        const url = new URL(request.url ?? '/', 'http://localhost');
        const form = new URLSearchParams([...url.searchParams, ...new URLSearchParams(body)]);
        const { method = '', headers } = request;
        requests.push({ method, path: url.pathname, form, headers });
        const trouble = troubles.shift();
        if (trouble) return cause(response, trouble);
        answer(response, options, { method, path: url.pathname, form, headers });
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${options.prefix ?? ''}`,
    requests,
    trouble: (...answers) => void troubles.push(...answers),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}

async function cause(response: ServerResponse, trouble: Trouble): Promise<void> {
  const { status, body = '', headers = {}, cutAfter, delayMs = 0 } = trouble;
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  if (cutAfter === undefined) {
    response.writeHead(status, headers).end(body);
    return;
  }
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.write(body.slice(0, cutAfter), () => response.destroy());
}

function answer(response: ServerResponse, options: PrometheusServerOptions, request: SeenRequest): void {
  const { authorization, getOnly, prefix = '' } = options;
  if (authorization !== undefined && request.headers.authorization !== authorization) {
    response.writeHead(401, { 'content-type': 'text/plain' }).end('Unauthorized\n');
    return;
  }
  if (request.path !== `${prefix}/api/v1/query_range`) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n');
    return;
  }
  if (getOnly && request.method !== 'GET') {
    response.writeHead(405, { allow: 'GET' }).end();
    return;
  }
  const { status, body } = queryRange(options, request.form);
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function queryRange(
  { series, warnings, exponents }: PrometheusServerOptions,
  form: URLSearchParams,
): { readonly status: number; readonly body: unknown } {
  try {
    const start = instantOf(form, 'start');
    const end = instantOf(form, 'end');
    if (end < start) throw new BadData('end', 'end timestamp must not be before start time');
    const step = read(form, 'step', durationOf);
    if (step <= 0)
      throw new BadData(
        'step',
        'zero or negative query resolution step widths are not accepted. Try a positive integer',
      );
    if ((end - start) / step > mostPoints)
      return badData(
        'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
      );
    const result = matrixOf(
      series,
      read(form, 'query', parseQuery),
      { start, end, step },
      exponents ?? false,
    );
    const said = warnings === undefined ? {} : { warnings };
    return { status: 200, body: { status: 'success', data: { resultType: 'matrix', result }, ...said } };
  } catch (error) {
    if (error instanceof BadData) return badData(error.message);
    throw error;
  }
}

class BadData extends Error {
  constructor(name: string, problem: string) {
    super(`invalid parameter "${name}": ${problem}`);
  }
}

function badData(error: string) {
  return { status: 400, body: { status: 'error', errorType: 'bad_data', error } };
}

function read<T>(form: URLSearchParams, name: string, parse: (text: string) => T): T {
  try {
    return parse(form.get(name) ?? '');
  } catch (error) {
    if (error instanceof ParseError) throw new BadData(name, error.message);
    throw error;
  }
}

function instantOf(form: URLSearchParams, name: string): number {
  const text = form.get(name) ?? '';
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  if (Number.isNaN(seconds)) throw new BadData(name, `cannot parse "${text}" to a valid timestamp`);
  return seconds;
}

function matrixOf(
  series: readonly TestSeries[],
  evaluate: ReturnType<typeof parseQuery>,
  { start, end, step }: { readonly start: number; readonly end: number; readonly step: number },
  exponents: boolean,
) {
  const found = new Map<string, { metric: Record<string, string>; values: [number, string][] }>();
  for (let index = 0; start + index * step <= end; index++) {
    const at = start + index * step;
    for (const { labels, value } of evaluate(series, at)) {
      const metric = Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
      const key = JSON.stringify(metric);
      const one = found.get(key) ?? { metric, values: [] };
      one.values.push([Math.round(at * 1000) / 1000, valueText(value, exponents)]);
      found.set(key, one);
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

/** The shortest digits that are this number, as Go prints them: `NaN`, `+Inf`, and never an exponent unless asked for. */
function valueText(value: number, exponents: boolean): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (exponents) return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  const [digits = '', exponent] = String(value).split('e');
  if (exponent === undefined) return digits;
  const [whole = '', fraction = ''] = digits.replace('-', '').split('.');
  const sign = value < 0 ? '-' : '';
  const shift = Number(exponent);
  return shift < 0
    ? `${sign}0.${'0'.repeat(-shift - 1)}${whole}${fraction}`
    : `${sign}${whole}${fraction.padEnd(shift, '0')}`;
}
