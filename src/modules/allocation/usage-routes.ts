import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
// Routes say in `config` what they demand, and find the caller on the request.
import type {} from '../../platform/access/index.ts';
import { answerRun, type Jobs } from '../../platform/jobs/index.ts';
import { type Caller, everything, Refusal } from '../../platform/kernel/index.ts';
import { audit, type Records } from '../../platform/records/index.ts';
import { announcing, type Lake, rollBack, type Workspace } from '../../platform/warehouse/index.ts';
import { refreshAfterChange } from '../ingestion/index.ts';
import { usageDataset, usagePartitionOf } from './datasets.ts';
import { type Graph, requireGraph } from './graphs.ts';
import * as contract from './usage-contract.ts';
import { usageErrors } from './usage-errors.ts';
import { usageFetchKind, usageImportKind } from './usage-handlers.ts';
import { listUsage, usageMetrics, usageSeries } from './usage-reads.ts';

/** What the routes of usage work with. */
export interface UsageRouteOptions {
  readonly workspace: Workspace;
  readonly records: () => Promise<Records>;
  /** Imports and fetches are runs. */
  readonly jobs: () => Promise<Jobs>;
  /** An error as the server tells it, for the last line of a streamed import. */
  readonly problemOf: (error: unknown, request: FastifyRequest) => Readonly<Record<string, unknown>>;
}

type App = Parameters<FastifyPluginAsyncZod>[0];

const tags = ['usage'];
const reads = { permission: 'allocation.read' } as const;
const writes = { permission: 'allocation.write' } as const;

/** Bytes of an imported text with its request. Larger files are imported by their path. */
const importLimit = 10_485_760;

/** Usage of the nodes of graphs: what there is, and how it comes in. */
export const usageRoutes: FastifyPluginAsyncZod<UsageRouteOptions> = async (app, options) => {
  addReads(app, options);
  addRuns(app, options);
  addRollback(app, options);
};

/** The graph, if the caller sees it; refuses with `allocation.unknownGraph`. */
async function graphOf({ records }: UsageRouteOptions, caller: Caller, graph: string): Promise<Graph> {
  return (await records()).read(caller, (tx) => requireGraph(tx, graph));
}

function addReads(app: App, options: UsageRouteOptions): void {
  const { workspace } = options;
  app.get(
    '/usage',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Months of usage by source, each with its metrics',
        querystring: contract.usageListQuerySchema,
        response: { 200: contract.usageListSchema },
      },
    },
    async ({ caller, query: { graph, ...asked } }) => {
      await graphOf(options, caller, graph);
      return listUsage(workspace, caller.scope, graph, asked);
    },
  );

  app.get(
    '/usage/metrics',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Metrics of a month: unit, nodes, days with and without values, total',
        querystring: contract.usageMetricsQuerySchema,
        response: { 200: contract.usageMetricsSchema },
      },
    },
    async ({ caller, query: { graph, ...asked } }) => {
      await graphOf(options, caller, graph);
      return usageMetrics(workspace, caller.scope, graph, asked);
    },
  );

  app.get(
    '/usage/timeseries',
    {
      config: reads,
      schema: {
        tags,
        summary: 'What a node used day by day; a day without a value is null',
        querystring: contract.usageSeriesQuerySchema,
        response: { 200: contract.usageSeriesSchema },
      },
    },
    async ({ caller, query: { graph, ...asked } }) => {
      await graphOf(options, caller, graph);
      return usageSeries(workspace, caller.scope, graph, asked);
    },
  );
}

const asRun =
  'The work is a run: its id is in the header `Finops-Run`. With `Prefer: respond-async` the answer is 202 at once. With `Accept: application/x-ndjson` progress is streamed, one JSON object a line.';

const runResponse = {
  200: {
    description: 'What became of each month',
    content: {
      'application/json': { schema: contract.usageResultSchema },
      'application/x-ndjson': { schema: contract.usageLineSchema },
    },
  },
  202: contract.usageAcceptedSchema,
};

function addRuns(app: App, options: UsageRouteOptions): void {
  app.post(
    '/usage/imports',
    {
      bodyLimit: importLimit,
      config: writes,
      schema: {
        tags,
        summary: 'Import usage from a CSV file, all or nothing',
        description: `Columns: node, day, metric, value, and perhaps unit, labels (JSON) and label.NAME. Every month in the file is replaced at once. ${asRun}`,
        body: contract.usageImportRequestSchema.meta({
          example: {
            graph: 'main',
            source: 'requests',
            csv: 'node,day,metric,value\ncheckout,2026-10-01,requests,1200\n',
            dryRun: true,
          },
        }),
        response: runResponse,
      },
    },
    (request, reply) => answer(options, usageImportKind, request, reply),
  );

  app.post(
    '/usage/fetches',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Fetch usage of a month from a monitoring system',
        description: `Systems of usage.prometheus, by name. Only days that have ended are asked for; a day without samples stays missing. ${asRun}`,
        body: contract.usageFetchRequestSchema.meta({
          example: {
            graph: 'main',
            endpoint: 'prom',
            month: '2026-10',
            queries: [
              {
                metric: 'requests',
                query: 'sum by (app) (increase(http_requests_total[1h]))',
                node: 'app:{app}',
              },
            ],
          },
        }),
        response: runResponse,
      },
    },
    (request, reply) => answer(options, usageFetchKind, request, reply),
  );
}

/** Asks for the run, and answers as the caller prefers. */
function answer(
  { jobs, problemOf }: UsageRouteOptions,
  kind: string,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  return answerRun<contract.UsageResult>(request, reply, {
    ...{ jobs, problemOf, kind, input: request.body },
    waiting: { step: 'queue', done: 0, total: 0 },
    progressOf: ({ label, done, total }) => ({ step: label, done, total: total ?? 0 }),
  });
}

function addRollback(app: App, options: UsageRouteOptions): void {
  const { lake } = options.workspace;
  app.post(
    '/usage/rollbacks',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Make an earlier usage of a month current again, or withdraw it',
        body: contract.usageRollbackRequestSchema.meta({
          example: { graph: 'main', source: 'requests', month: '2026-10' },
        }),
        response: { 200: contract.usageRollbackSchema },
      },
    },
    async ({ caller, body, log }) => {
      const { graph, source, month, to } = body;
      const { entity } = await graphOf(options, caller, graph);
      const object = { type: 'usage', id: `${graph}/${source}/${month}` };
      const logged = loggedLake(options, caller, { object, entity, asked: body });
      const partition = usagePartitionOf(graph, source);
      const key = { dataset: usageDataset.name, source: partition, period: month };
      const { generation, partitions } = await rollBack(logged, everything, { ...key, to }).catch(
        (error: unknown) => {
          throw ofUsage(error, body);
        },
      );
      const stale = await refreshAfterChange(options.workspace);
      if (stale) log.warn({ code: stale.code }, stale.message);
      const now = partitions.find(
        (p) => p.dataset === key.dataset && p.source === partition && p.period === month,
      );
      return { context: { graph, generation }, source, month, snapshot: now?.current?.id ?? null };
    },
  );

  /** The lake as this caller changes it: with a line in the audit log before each commit. */
  function loggedLake(
    { records }: UsageRouteOptions,
    caller: Caller,
    said: {
      readonly object: { readonly type: string; readonly id: string };
      readonly entity: string | null;
      readonly asked: object;
    },
  ): Lake {
    const { object, entity, asked } = said;
    return announcing(lake, async (message) => {
      const after = { message, asked };
      await (await records()).write(caller, (tx) =>
        audit(tx, caller, { action: 'usage.rollback', object, entity, before: null, after }),
      );
    });
  }
}

/** A refusal of the lake in the words of usage: its name for a source is nothing that anybody knows. */
function ofUsage(
  error: unknown,
  asked: { graph: string; source: string; month: string; to?: string | undefined },
): unknown {
  const { graph, source, month, to = '' } = asked;
  if (!(error instanceof Refusal)) return error;
  if (error.code === 'lake.unknownMonth') return usageErrors.unknownMonth({ graph, source, month });
  if (error.code === 'lake.nothingEarlier') return usageErrors.nothingEarlier({ source, month });
  if (error.code === 'lake.unknownSnapshot')
    return usageErrors.unknownSnapshot({ source, month, snapshot: to });
  return error;
}
