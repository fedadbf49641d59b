import type { FastifyInstance } from 'fastify';
import type { ImportResult } from '../../modules/ingestion/index.ts';
import type { Records } from '../../platform/records/index.ts';
import type { Lake } from '../../platform/warehouse/index.ts';
import {
  add,
  counter,
  type Durations,
  gauge,
  histogram,
  labels,
  observe,
  type Series,
} from './prometheus-text.ts';

/** What the server counts of itself, for Prometheus. */
export interface Metrics {
  readonly countImport: (result: ImportResult) => void;
  /** The text format of Prometheus, version 0.0.4. */
  readonly render: () => Promise<string>;
}

export interface MetricsOptions {
  readonly lake: Pick<Lake, 'current'>;
  /** Where the records are open already; undefined: they are not asked for. */
  readonly records?: (() => Promise<Records>) | undefined;
}

/** Refusals of people who wanted to sign in. */
const signInFailures: ReadonlySet<string> = new Set(
  [
    'deadLink',
    'foreignBrowser',
    'notInvited',
    'providerRefused',
    'providerUnavailable',
    'throttled',
    'unfitAnswer',
    'unknownState',
    'wrongCredentials',
  ].map((name) => labels({ code: `access.${name}` })),
);

/** Counts every answer of the app from now on. */
export function addMetrics(app: FastifyInstance, { lake, records }: MetricsOptions): Metrics {
  const requests: Series = new Map();
  const problems: Series = new Map();
  const durations = new Map<string, Durations>();
  const imports: Series = new Map();
  const rows: Series = new Map();

  app.addHook('onResponse', async (request, reply) => {
    // The pattern, not the address: a label per month would grow without end.
    const route = labels({ method: request.method, route: request.routeOptions.url ?? 'none' });
    add(requests, `${route},${labels({ status: reply.statusCode })}`, 1);
    if (reply.problemCode !== '') add(problems, labels({ code: reply.problemCode }), 1);
    observe(durations, route, reply.elapsedTime / 1000);
  });

  return {
    countImport: (result) => countImport({ imports, rows }, result),
    render: async () =>
      [
        ...counter('finops_http_requests_total', 'Answers by route and status.', requests),
        ...histogram('finops_http_request_duration_seconds', 'Time to the end of an answer.', durations),
        ...counter('finops_problems_total', 'Refusals and defects by code.', problems),
        ...counter('finops_sign_in_failures_total', 'Refused sign-ins by code.', failuresIn(problems)),
        ...counter('finops_imports_total', 'Months imported, by what became of them.', imports),
        ...counter('finops_import_rows_total', 'Cost rows written by imports.', rows),
        ...gauge('finops_lake_generation', 'Manifest generation of the lake.', await generationOf(lake)),
        ...(await recordsLines(records)),
        ...processLines(),
        '',
      ].join('\n'),
  };
}

function countImport(
  { imports, rows }: { readonly imports: Series; readonly rows: Series },
  result: ImportResult,
): void {
  for (const entry of result.imports) {
    add(imports, labels({ status: entry.status }), 1);
    const isNew = entry.status === 'imported' || entry.status === 'replaced';
    if (isNew) add(rows, labels({ source: entry.source }), entry.rowsWritten);
  }
  if (result.errors.length > 0) add(imports, labels({ status: 'failed' }), result.errors.length);
}

function failuresIn(problems: Series): Series {
  return new Map([...problems].filter(([label]) => signInFailures.has(label)));
}

async function generationOf(lake: MetricsOptions['lake']): Promise<number> {
  return await lake.current().then(
    ({ generation }) => generation,
    () => Number.NaN,
  );
}

/** A database that does not answer is told of, and hides nothing else. */
async function recordsLines(records: MetricsOptions['records']): Promise<readonly string[]> {
  if (!records) return [];
  const up = (value: number) => gauge('finops_records_up', 'Whether the records answer.', value);
  try {
    const { renderRecords } = await import('./records-metrics.ts');
    return [...up(1), ...(await renderRecords(await records()))];
  } catch {
    return up(0);
  }
}

function processLines(): readonly string[] {
  const { rss, heapUsed } = process.memoryUsage();
  return [
    ...gauge('process_resident_memory_bytes', 'Memory of the process.', rss),
    ...gauge('nodejs_heap_used_bytes', 'Memory of the JavaScript heap.', heapUsed),
    ...gauge('process_uptime_seconds', 'Age of the process.', process.uptime()),
  ];
}
