import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PrometheusEndpoint } from '../../platform/config/index.ts';
import {
  fixedClock,
  formatDecimal,
  parseDecimal,
  Refusal,
  roundHalfUp,
} from '../../platform/kernel/index.ts';
import { prometheusLimits } from './prometheus.ts';
import { fetchUsage } from './prometheus-fetch.ts';
import {
  openPrometheusServer,
  type PrometheusServer,
  type PrometheusServerOptions,
} from './testing/prometheus-server.ts';
import type { TestSeries } from './testing/promql.ts';
import { openUsageBench, type UsageBench, usageGraph } from './testing/usage-bench.ts';
import { type UsageFetchRequest, type UsageResult, usageFetchRequestSchema } from './usage-contract.ts';

let bench: UsageBench;
let server: PrometheusServer;
beforeEach(async () => {
  bench = await openUsageBench();
});
afterEach(async () => {
  await server.close();
  await bench.close();
});

/** The default limits with pauses of no length. */
const quick = { ...prometheusLimits, firstPauseMs: 1 };

async function serve(options: PrometheusServerOptions): Promise<void> {
  server = await openPrometheusServer(options);
}

interface How {
  readonly access?: Partial<PrometheusEndpoint>;
  readonly limits?: Partial<typeof prometheusLimits>;
  readonly signal?: AbortSignal;
  readonly today?: string;
}

type Query = UsageFetchRequest['queries'][number];

function fetch(
  queries: readonly (Partial<Query> & { readonly query: string })[],
  request: Partial<UsageFetchRequest> = {},
  { access = {}, limits, signal = new AbortController().signal, today }: How = {},
): Promise<UsageResult> {
  const asked = usageFetchRequestSchema.parse({
    endpoint: 'prom',
    month: '2026-10',
    queries: queries.map((query) => ({ metric: 'requests', node: '{app}', ...query })),
    ...request,
  });
  const endpoint = {
    name: 'prom',
    url: server.url,
    allowInsecure: false,
    allowPrivateNetwork: false,
    ...access,
  };
  const workspace =
    today === undefined ? bench.workspace : { ...bench.workspace, clock: fixedClock(`${today}T10:00:00Z`) };
  return fetchUsage(workspace, {
    ...{ graph: usageGraph(), endpoint, request: asked, signal },
    limits: { ...quick, ...limits },
  });
}

async function refusalOf(work: Promise<unknown>): Promise<Refusal> {
  const error = await work.then(
    () => new Error('it was taken'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof Refusal) return error;
  throw error;
}

const seconds = (instant: string) => Date.parse(instant) / 1000;

/** A counter that grows by `perHour` from the beginning of a day (of October 2026) to its end, with a sample each minute. */
function counter(labels: Record<string, string>, days: readonly number[], perHour: number): TestSeries {
  let value = 0;
  const samples = days.flatMap((day) => {
    const start = seconds(`2026-10-${String(day).padStart(2, '0')}T00:00:00Z`);
    return Array.from({ length: 24 * 60 + 1 }, (_, minute): [number, number] => {
      if (minute > 0) value += perHour / 60;
      return [start + minute * 60, value];
    });
  });
  return { labels: { __name__: 'http_requests_total', ...labels }, samples };
}

/** A gauge with these values at these instants. */
function gauge(labels: Record<string, string>, samples: Readonly<Record<string, number>>): TestSeries {
  const sorted = Object.entries(samples).map(([at, value]): [number, number] => [seconds(at), value]);
  return { labels: { __name__: 'gauge', ...labels }, samples: sorted };
}

const stored = () =>
  bench.rows('strftime("Day", \'%d\') as day, "NodeId" as node, "Value" as value, "Labels" as labels');

describe('a fetch', () => {
  it('gives each day what grew in it, exactly, and leaves out days without samples', async () => {
    await serve({
      series: [counter({ app: 'checkout' }, [3, 4, 31], 60), counter({ app: 'search' }, [4], 120)],
    });
    const result = await fetch([
      { query: 'sum by (app) (increase(http_requests_total[1h]))', unit: 'request' },
    ]);
    // Prometheus carries a counter on to the ends of an hour in floats.
    const rounded = (await stored()).map(({ day, node, value }) => [day, node, Number(value).toFixed(6)]);
    expect(rounded).toEqual([
      ['03', 'checkout', '1440.000000'],
      ['04', 'checkout', '1440.000000'],
      ['04', 'search', '2880.000000'],
      ['31', 'checkout', '1440.000000'],
    ]);
    expect(result).toMatchObject({
      source: 'prom',
      months: [{ month: '2026-10', status: 'imported', rows: 4 }],
    });
    expect(result.findings.map(({ code, params }) => [code, params])).toEqual([
      ['usage.days_missing', { days: 3, asked: 31 }],
    ]);
  });

  it('counts what is told at midnight for the day that ends', async () => {
    const samples = {
      '2026-10-02T00:00:00Z': 5,
      '2026-10-02T01:00:00Z': 7,
      '2026-10-01T00:00:00Z': 3,
      '2026-11-01T00:00:00Z': 11,
    };
    await serve({ series: [gauge({ app: 'db' }, Object.fromEntries(Object.entries(samples).sort()))] });
    await fetch([{ query: 'gauge' }]);
    expect((await stored()).map(({ day, value }) => [day, value])).toEqual([
      ['01', '5'],
      ['02', '7'],
      ['31', '11'],
    ]);
  });

  it.each([
    ['sum', '7.5'],
    ['avg', '2.5'],
    ['max', '5'],
    ['last', '0.5'],
  ] as const)('makes the %s of a series\u2019 values of a day its value', async (reduce, value) => {
    await serve({
      series: [
        gauge(
          { app: 'db' },
          { '2026-10-05T01:00:00Z': 2, '2026-10-05T02:00:00Z': 5, '2026-10-05T03:00:00Z': 0.5 },
        ),
      ],
    });
    await fetch([{ query: 'gauge', reduce }]);
    expect((await stored()).map((row) => row['value'])).toEqual([value]);
  });

  it('rounds a mean half-up at the twelfth decimal, after it was exact', async () => {
    await serve({
      series: [
        gauge(
          { app: 'db' },
          { '2026-10-05T01:00:00Z': 1, '2026-10-05T02:00:00Z': 1, '2026-10-05T03:00:00Z': 0 },
        ),
      ],
    });
    await fetch([{ query: 'gauge', reduce: 'avg' }]);
    expect((await stored()).map((row) => row['value'])).toEqual(['0.666666666667']);
  });

  it.each([false, true])('reads every digit that is printed (exponents: %s)', async (exponents) => {
    const values = [
      0.1,
      1e6,
      123456789012.34567,
      1e-7,
      5e-13,
      4.9e-13,
      9e-20,
      0.0000123456789012345,
      1 / 3,
      123456789012345680,
      0,
    ];
    const at = (index: number) => `2026-10-${String(index + 1).padStart(2, '0')}T05:00:00Z`;
    const samples = Object.fromEntries(values.map((value, index) => [at(index), value]));
    await serve({ series: [gauge({ app: 'db' }, samples)], exponents });
    await fetch([{ query: 'gauge' }]);
    expect((await stored()).map((row) => row['value'])).toEqual(
      values.map((value) => formatDecimal(roundHalfUp(parseDecimal(String(value)), 12))),
    );
  });

  it('names nodes by their labels, keeps the labels asked for, and adds up what is then the same', async () => {
    const labels = (app: string, pod: string, zone?: string) => ({ app, pod, ...(zone ? { zone } : {}) });
    const at = { '2026-10-05T01:00:00Z': 1 };
    await serve({
      series: [
        gauge(labels('checkout', 'a', 'eu'), at),
        gauge(labels('checkout', 'b', 'eu'), at),
        gauge(labels('checkout', 'c', 'us "1"'), at),
        gauge(labels('checkout', 'd'), at),
        gauge({ pod: 'e' }, at),
        gauge(labels('a\nb', 'f'), at),
      ],
    });
    const { findings } = await fetch([{ query: 'gauge', node: 'app:{app}', labels: ['zone', 'other'] }]);
    expect(await stored()).toEqual([
      { day: '05', node: 'app:checkout', value: '2', labels: '{"zone":"eu"}' },
      { day: '05', node: 'app:checkout', value: '1', labels: '{"zone":"us \\"1\\""}' },
      { day: '05', node: 'app:checkout', value: '1', labels: '{}' },
    ]);
    expect(findings.find(({ code }) => code === 'usage.series_without_node')).toMatchObject({
      severity: 'warning',
      params: { series: 2 },
    });
  });

  it('leaves out NaN, which is no value, and tells how many there were', async () => {
    await serve({
      series: [
        gauge(
          { app: 'db' },
          { '2026-10-05T01:00:00Z': 0, '2026-10-06T01:00:00Z': Number.NaN, '2026-10-07T01:00:00Z': 4 },
        ),
      ],
    });
    const { findings } = await fetch([{ query: 'gauge' }]);
    expect((await stored()).map(({ day, value }) => [day, value])).toEqual([
      ['05', '0'],
      ['07', '4'],
    ]);
    expect(findings.find(({ code }) => code === 'usage.not_a_number')?.params).toEqual({ samples: 1 });
  });

  it('asks for days that have ended only, and says that the month is not over', async () => {
    await serve({ series: [gauge({ app: 'db' }, { '2026-11-20T12:00:00Z': 1, '2026-11-21T09:00:00Z': 2 })] });
    const { findings, months } = await fetch([{ query: 'gauge' }], { month: undefined });
    expect(months.map(({ month, rows }) => [month, rows])).toEqual([['2026-11', 1]]);
    expect(server.requests[0]?.form.get('end')).toBe(String(seconds('2026-11-21T00:00:00Z')));
    expect(findings.map(({ code }) => code)).toContain('usage.month_not_over');
    const refusal = await refusalOf(
      fetch([{ query: 'gauge' }], { month: '2026-11' }, { today: '2026-11-01' }),
    );
    expect([refusal.code, refusal.exitCode]).toEqual(['usage.monthNotBegun', 2]);
  });

  it('means the month of yesterday where none is named', async () => {
    await serve({ series: [gauge({ app: 'db' }, { '2026-10-20T12:00:00Z': 1 })] });
    const { months } = await fetch([{ query: 'gauge' }], { month: undefined }, { today: '2026-11-01' });
    expect(months[0]?.month).toBe('2026-10');
  });

  it('replaces the metrics that it asks for, keeps the others of its source, and publishes nothing that is there already', async () => {
    await serve({ series: [gauge({ app: 'db' }, { '2026-10-05T01:00:00Z': 3 })] });
    await fetch([{ query: 'gauge', metric: 'bytes' }]);
    await fetch([{ query: 'gauge' }]);
    const again = await fetch([{ query: 'gauge * 2', metric: 'bytes' }]);
    expect(again.months[0]).toMatchObject({ status: 'replaced', rows: 2 });
    expect(
      again.months[0]?.metrics.map(({ metric, total, before }) => [metric, total, before?.total]),
    ).toEqual([
      ['bytes', '6', '3'],
      ['requests', '3', '3'],
    ]);
    const { generation } = await bench.workspace.lake.current();
    const third = await fetch([{ query: 'gauge * 2', metric: 'bytes' }]);
    expect(third.months[0]).toMatchObject({ status: 'unchanged', rows: 2 });
    expect((await bench.workspace.lake.current()).generation).toBe(generation);
  });

  it('adds up what two queries of one metric give', async () => {
    await serve({ series: [gauge({ app: 'db' }, { '2026-10-05T01:00:00Z': 3 })] });
    const { months } = await fetch([{ query: 'gauge' }, { query: 'gauge' }]);
    expect(months[0]?.metrics[0]).toMatchObject({ rows: 2, total: '6' });
  });
});

describe('requests', () => {
  const days = Array.from({ length: 31 }, (_, index) => `2026-10-${String(index + 1).padStart(2, '0')}`);
  const noon = Object.fromEntries(days.map((day) => [`${day}T12:00:00Z`, 1]));

  it('hold at most 11,000 points of a series, by whole days, and miss none', async () => {
    await serve({ series: [gauge({ app: 'db' }, noon)] });
    const { months } = await fetch([{ query: 'count_over_time(gauge[1m])', step: '1m' }]);
    expect(months[0]).toMatchObject({ rows: 31, metrics: [{ total: '31', days: 31 }] });
    const asked = server.requests.map(
      ({ form }) => (Number(form.get('end')) - Number(form.get('start'))) / 60 + 1,
    );
    expect(asked).toEqual([7 * 1440, 7 * 1440, 7 * 1440, 7 * 1440, 3 * 1440]);
  });

  it('are made smaller until an answer has not too many bytes', async () => {
    await serve({ series: [gauge({ app: 'db' }, noon)] });
    const limits = { maxBytes: 300 };
    const { months } = await fetch([{ query: 'count_over_time(gauge[1d])', step: '1d' }], {}, { limits });
    expect(months[0]).toMatchObject({ rows: 31, metrics: [{ total: '31' }] });
    expect(server.requests.length).toBeGreaterThan(3);
    const refusal = await refusalOf(fetch([{ query: 'gauge' }], {}, { limits: { maxBytes: 100 } }));
    expect([refusal.code, refusal.exitCode]).toEqual(['usage.answerTooLarge', 5]);
  });

  it('are sent in a body, and again in the address where only that is understood', async () => {
    await serve({ series: [gauge({ app: 'db' }, noon)], getOnly: true, prefix: '/prometheus' });
    await fetch([{ query: 'gauge{app=~"d.|x"}' }]);
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /prometheus/api/v1/query_range',
      'GET /prometheus/api/v1/query_range',
    ]);
    expect(server.requests[1]?.form.get('query')).toBe('gauge{app=~"d.|x"}');
  });

  it('are repeated while the server is busy or gone, after the pause that it asks for', async () => {
    await serve({ series: [gauge({ app: 'db' }, noon)] });
    server.trouble(
      { status: 503, body: '{"status":"error","errorType":"timeout","error":"query timed out"}' },
      { status: 429, headers: { 'retry-after': '0' } },
      { status: 200, body: '{"status":"success","data":{}}', cutAfter: 9 },
    );
    expect((await fetch([{ query: 'gauge' }])).months[0]?.rows).toBe(31);
    expect(server.requests).toHaveLength(4);
  });

  it('end with exit code 8 where nothing helps, and leave nothing changed', async () => {
    await serve({ series: [] });
    const timeout = {
      status: 503,
      body: '{"status":"error","errorType":"timeout","error":"query timed out"}',
    };
    server.trouble(timeout, timeout, timeout, timeout);
    const refusal = await refusalOf(fetch([{ query: 'gauge' }]));
    expect([refusal.code, refusal.exitCode, refusal.status]).toEqual(['usage.remoteUnavailable', 8, 503]);
    expect(refusal.message).toContain('timeout: query timed out; tried 4 times');
    const silent = { status: 200, delayMs: 500 };
    server.trouble(silent, silent);
    const limits = { silenceMs: 50, attempts: 2 };
    const other = await refusalOf(fetch([{ query: 'gauge' }], {}, { limits }));
    expect(other.message).toContain('it was silent for too long; tried 2 times');
    const gone = await refusalOf(fetch([{ query: 'gauge' }], {}, { access: { url: 'http://127.0.0.1:9' } }));
    expect([gone.code, gone.message]).toEqual([
      'usage.remoteUnavailable',
      expect.stringContaining('ECONNREFUSED'),
    ]);
    expect((await bench.workspace.lake.current()).generation).toBe(0);
    expect((await readdir(join(bench.workspace.root, 'tmp'))).filter((name) => name !== 'duckdb')).toEqual(
      [],
    );
  });

  it('stop at once when the run is cancelled', async () => {
    await serve({ series: [] });
    server.trouble({ status: 200, delayMs: 5000 });
    const signal = AbortSignal.timeout(50);
    const begun = performance.now();
    await expect(fetch([{ query: 'gauge' }], {}, { signal })).rejects.toThrow(/abort/i);
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it('prove who asks, with a token, a password and a tenant', async () => {
    await serve({ series: [gauge({ app: 'db' }, noon)], authorization: 'Bearer hunter2' });
    await fetch([{ query: 'gauge' }], {}, { access: { bearerToken: 'hunter2', tenant: 't1' } });
    expect(server.requests[0]?.headers).toMatchObject({
      'x-scope-orgid': 't1',
      'accept-encoding': 'identity',
    });
    await server.close();
    await serve({ series: [gauge({ app: 'db' }, noon)], authorization: `Basic ${btoa('ann:pass word')}` });
    await fetch([{ query: 'gauge' }], {}, { access: { user: 'ann', password: 'pass word' } });
    const denied = await refusalOf(
      fetch([{ query: 'gauge' }], {}, { access: { user: 'ann', password: 'x' } }),
    );
    expect([denied.code, denied.exitCode]).toEqual(['usage.accessRefused', 4]);
    const unset = await refusalOf(
      fetch([{ query: 'gauge' }], {}, { access: { bearerTokenVariable: 'PROM_TOKEN' } }),
    );
    expect([unset.code, unset.message]).toEqual([
      'usage.secretMissing',
      expect.stringContaining('PROM_TOKEN'),
    ]);
  });

  it('never repeat a secret that comes back, nor control characters', async () => {
    await serve({ series: [] });
    server.trouble({
      status: 400,
      body: JSON.stringify({ errorType: 'bad_data', error: 'you sent hunter2\u001b[31m' }),
    });
    const access = { bearerToken: 'hunter2' };
    const refusal = await refusalOf(fetch([{ query: 'gauge' }], {}, { access }));
    expect(refusal.message).toContain('you sent ***\u{fffd}[31m');
    expect(JSON.stringify([refusal, refusal.message])).not.toMatch(/hunter2|\\u001b/);
  });
});

describe('what cannot be taken', () => {
  it.each([
    ['nonsense', 'sum by (', 'usage.queryRefused', 2, 'parse error'],
    ['infinity', 'gauge / 0', 'usage.unfitValues', 5, '+Inf at 2026-10-05T01:00:00Z of {"app":"db"}'],
    ['nothing', 'other', 'usage.nothingFound', 5, 'has no values for other in 2026-10'],
  ])('as a query: %s', async (_, query, code, exitCode, message) => {
    await serve({ series: [gauge({ app: 'db' }, { '2026-10-05T01:00:00Z': 3 })] });
    const refusal = await refusalOf(fetch([{ query }]));
    expect([refusal.code, refusal.exitCode, refusal.message]).toEqual([
      code,
      exitCode,
      expect.stringContaining(message),
    ]);
    expect((await bench.workspace.lake.current()).generation).toBe(0);
  });

  it('is a negative value, told with its series', async () => {
    await serve({
      series: [gauge({ app: 'db' }, { '2026-10-05T01:00:00Z': -3, '2026-10-05T02:00:00Z': 1e18 })],
    });
    const refusal = await refusalOf(fetch([{ query: 'gauge' }]));
    expect(refusal.params).toMatchObject({ samples: 2 });
    expect(refusal.message).toContain('-3 at 2026-10-05T01:00:00Z of');
  });

  it.each([
    ['a page', { status: 200, body: '<html>Sign in</html>' }, 'not the JSON of the API'],
    [
      'a vector',
      { status: 200, body: '{"status":"success","data":{"resultType":"vector","result":[]}}' },
      'no matrix but success vector',
    ],
    [
      'an error with status 200',
      { status: 200, body: '{"status":"error","errorType":"x","error":"y"}' },
      'no matrix but error null',
    ],
    [
      'a redirect',
      { status: 302, headers: { location: 'http://169.254.169.254/' } },
      'redirects are not followed',
    ],
    ['not found', { status: 404, body: '404 page not found' }, 'status 404'],
  ])('is %s', async (_, trouble, message) => {
    await serve({ series: [] });
    server.trouble(trouble);
    const refusal = await refusalOf(fetch([{ query: 'gauge' }]));
    expect([refusal.code, refusal.exitCode, refusal.message]).toEqual([
      'usage.unfitAnswer',
      8,
      expect.stringContaining(message),
    ]);
    expect(server.requests).toHaveLength(1);
  });

  it('is warned of, and refused where warnings are not accepted', async () => {
    await serve({
      series: [gauge({ app: 'db' }, { '2026-10-05T01:00:00Z': 3 })],
      warnings: ['partial response'],
    });
    const { findings } = await fetch([{ query: 'gauge', step: '1m' }]);
    expect(
      findings.filter(({ code }) => code === 'usage.remote_warning').map(({ message }) => message),
    ).toEqual(["'prom' warns: partial response. Some values may be missing."]);
    const refusal = await refusalOf(fetch([{ query: 'gauge' }], { strict: true }));
    expect(refusal.message).toContain('partial response');
  });

  it.each([
    ['http://169.254.169.254/latest', 'link-local and metadata addresses'],
    ['http://metadata.google.internal', 'it is a metadata service'],
    ['http://prometheus.example.com', 'http is allowed to this machine only'],
    ['http://[::ffff:a9fe:a9fe]', 'link-local and metadata addresses'],
  ])('is the address %s', async (url, message) => {
    await serve({ series: [] });
    const refusal = await refusalOf(fetch([{ query: 'gauge' }], {}, { access: { url } }));
    expect([refusal.code, refusal.message]).toEqual([
      'objects.endpointRefused',
      expect.stringContaining(message),
    ]);
  });

  it('is a name of this machine that is not called so, unless private networks are allowed', async () => {
    await serve({ series: [gauge({ app: 'db' }, { '2026-10-05T01:00:00Z': 3 })] });
    const url = server.url.replace('127.0.0.1', 'localhost');
    expect((await fetch([{ query: 'gauge' }], {}, { access: { url } })).months[0]?.rows).toBe(1);
  });
});
