import type { FastifyInstance } from 'fastify';
import type { ImportResult } from '../../modules/ingestion/index.ts';
import type { Lake } from '../../platform/warehouse/index.ts';

/** What the server counts of itself, for Prometheus. */
export interface Metrics {
  readonly countImport: (result: ImportResult) => void;
  /** The text format of Prometheus, version 0.0.4. */
  readonly render: () => Promise<string>;
}

/** Upper bounds of the histogram of durations, in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60] as const;

/** Label text → number: `route="/api/v1/sources",status="200"`. */
type Series = Map<string, number>;

interface Durations {
  readonly counts: number[];
  sum: number;
  total: number;
}

/** Counts every answer of the app from now on. */
export function addMetrics(app: FastifyInstance, lake: Lake): Metrics {
  const requests: Series = new Map();
  const durations = new Map<string, Durations>();
  const imports: Series = new Map();
  const rows: Series = new Map();

  app.addHook('onResponse', async (request, reply) => {
    // The pattern, not the address: a label per month would grow without end.
    const route = labels({ method: request.method, route: request.routeOptions.url ?? 'none' });
    add(requests, `${route},${labels({ status: reply.statusCode })}`, 1);
    observe(durations, route, reply.elapsedTime / 1000);
  });

  return {
    countImport: (result) => {
      for (const entry of result.imports) {
        add(imports, labels({ status: entry.status }), 1);
        const isNew = entry.status === 'imported' || entry.status === 'replaced';
        if (isNew) add(rows, labels({ source: entry.source }), entry.rowsWritten);
      }
      if (result.errors.length > 0) add(imports, labels({ status: 'failed' }), result.errors.length);
    },
    render: async () => {
      const generation = await lake.current().then(
        (manifest) => manifest.generation,
        () => Number.NaN,
      );
      const { rss, heapUsed } = process.memoryUsage();
      return [
        ...counter('finops_http_requests_total', 'Answers by route and status.', requests),
        ...histogram('finops_http_request_duration_seconds', 'Time to the end of an answer.', durations),
        ...counter('finops_imports_total', 'Months imported, by what became of them.', imports),
        ...counter('finops_import_rows_total', 'Cost rows written by imports.', rows),
        ...gauge('finops_lake_generation', 'Manifest generation of the lake.', generation),
        ...gauge('process_resident_memory_bytes', 'Memory of the process.', rss),
        ...gauge('nodejs_heap_used_bytes', 'Memory of the JavaScript heap.', heapUsed),
        ...gauge('process_uptime_seconds', 'Age of the process.', process.uptime()),
        '',
      ].join('\n');
    },
  };
}

function labels(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${String(value).replace(/["\\\n]/g, '_')}"`)
    .join(',');
}

function add(series: Series, label: string, count: number): void {
  series.set(label, (series.get(label) ?? 0) + count);
}

function observe(durations: Map<string, Durations>, label: string, seconds: number): void {
  const found = durations.get(label) ?? { counts: bounds.map(() => 0), sum: 0, total: 0 };
  bounds.forEach((bound, index) => {
    if (seconds <= bound) found.counts[index] = (found.counts[index] ?? 0) + 1;
  });
  found.sum += seconds;
  found.total++;
  durations.set(label, found);
}

function counter(name: string, help: string, series: Series): string[] {
  return [
    ...head(name, help, 'counter'),
    ...[...series].map(([label, value]) => `${name}{${label}} ${value}`),
  ];
}

function gauge(name: string, help: string, value: number): string[] {
  return [...head(name, help, 'gauge'), `${name} ${value}`];
}

function histogram(name: string, help: string, series: ReadonlyMap<string, Durations>): string[] {
  const lines = [...series].flatMap(([label, { counts, sum, total }]) => [
    ...bounds.map((bound, index) => `${name}_bucket{${label},le="${bound}"} ${counts[index]}`),
    `${name}_bucket{${label},le="+Inf"} ${total}`,
    `${name}_sum{${label}} ${sum}`,
    `${name}_count{${label}} ${total}`,
  ]);
  return [...head(name, help, 'histogram'), ...lines];
}

function head(name: string, help: string, type: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}
