import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type {} from '../../platform/access/index.ts';
import type { Jobs } from '../../platform/jobs/index.ts';
import { addDecimal, formatDecimal, mutable, parseDecimal } from '../../platform/kernel/index.ts';
import type { Records } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { addChangeRoutes } from './change-routes.ts';
import * as contract from './contract.ts';
import { addRunRoutes } from './import-routes.ts';
import { findImport, listImports, listSnapshots } from './list-imports.ts';
import { listMonths, listSources, type MonthSummary, type MonthTotals, monthHistory } from './months.ts';
import { pageOf } from './page.ts';
import { addQuestionRoutes } from './question-routes.ts';

export interface IngestionRouteOptions {
  readonly workspace: Workspace;
  /** Opened when something is changed. */
  readonly records: () => Promise<Records>;
  /** Imports are runs; opened when the first is asked for. */
  readonly jobs: () => Promise<Jobs>;
  /** What gc keeps unless the request says otherwise. */
  readonly gc: { readonly keepDays: number; readonly keepVersions: number };
  /** An error as the server tells it, for the last line of a streamed import. */
  readonly problemOf: (error: unknown, request: FastifyRequest) => Readonly<Record<string, unknown>>;
}

/** Bills and what became of them: imports, sources, months and their snapshots. */
export const ingestionRoutes: FastifyPluginAsyncZod<IngestionRouteOptions> = async (app, options) => {
  addRunRoutes(app, options);
  addImportRoutes(app, options);
  addMonthRoutes(app, options);
  addQuestionRoutes(app, options);
  addChangeRoutes(app, options);
};

type App = Parameters<FastifyPluginAsyncZod>[0];

function addImportRoutes(app: App, { workspace }: IngestionRouteOptions): void {
  app.get(
    '/imports',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['imports'],
        summary: 'Imports whose snapshots the lake holds, oldest first',
        querystring: contract.importListQuerySchema,
        response: { 200: contract.importListSchema },
      },
    },
    (request) => listImports(workspace.lake, request.caller.scope, request.query),
  );

  app.get(
    '/imports/:id',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['imports'],
        summary: 'One import: figures, issues and the files that it read',
        params: contract.importParamsSchema,
        response: { 200: contract.importDetailSchema },
      },
    },
    (request) => findImport(workspace.lake, request.caller.scope, request.params.id),
  );
}

function addMonthRoutes(app: App, { workspace }: IngestionRouteOptions): void {
  const { lake } = workspace;
  app.get(
    '/sources',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['months'],
        summary: 'What has delivered bills so far',
        querystring: contract.pageQuerySchema,
        response: { 200: contract.sourceListSchema },
      },
    },
    async (request) => ({
      context: await contextOf(workspace),
      ...pageOf(
        mutable(await listSources(lake, request.caller.scope)),
        ({ source }) => source,
        request.query,
      ),
    }),
  );

  app.get(
    '/periods',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['months'],
        summary: 'Months as they stand',
        querystring: contract.periodListQuerySchema,
        response: { 200: contract.periodListSchema },
      },
    },
    async (request) => {
      const months = mutable(await listMonths(lake, request.caller.scope, request.query));
      const page = pageOf(months, keyOfMonth, request.query);
      return { context: await contextOf(workspace), totals: totalsOf(months), ...page };
    },
  );

  app.get(
    '/periods/:source/:period',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['months'],
        summary: 'Every content that a month has or had, the current one first',
        params: contract.periodParamsSchema,
        response: { 200: contract.monthHistorySchema },
      },
    },
    async (request) => ({
      context: await contextOf(workspace),
      ...request.params,
      items: mutable(await monthHistory(lake, request.caller.scope, request.params)),
    }),
  );

  app.get(
    '/snapshots',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['snapshots'],
        summary: 'Every snapshot that the lake holds',
        querystring: contract.snapshotListQuerySchema,
        response: { 200: contract.snapshotListSchema },
      },
    },
    (request) => listSnapshots(lake, request.caller.scope, request.query),
  );
}

async function contextOf({ lake }: Workspace): Promise<{ generation: number }> {
  return { generation: (await lake.current()).generation };
}

function keyOfMonth({
  source,
  period,
  dataset,
}: Pick<MonthSummary, 'source' | 'period' | 'dataset'>): string {
  return [source, period, dataset === costDataset.name ? '' : dataset].join('\n');
}

/** Costs of all months per currency; supplemental datasets tell of the same money and are left out. */
function totalsOf(months: readonly MonthSummary[]): MonthTotals[] {
  const byCurrency = new Map<string, MonthTotals>();
  const costs = months.filter(({ dataset }) => dataset === costDataset.name);
  for (const total of costs.flatMap(({ totals }) => totals)) {
    const sum = byCurrency.get(total.currency);
    byCurrency.set(total.currency, sum ? added(sum, total) : total);
  }
  return [...byCurrency.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1));
}

function added(a: MonthTotals, b: MonthTotals): MonthTotals {
  const cost = (x: string | null, y: string | null) =>
    x === null || y === null ? (x ?? y) : formatDecimal(addDecimal(parseDecimal(x), parseDecimal(y)));
  return {
    currency: a.currency,
    rows: a.rows + b.rows,
    BilledCost: cost(a.BilledCost, b.BilledCost),
    EffectiveCost: cost(a.EffectiveCost, b.EffectiveCost),
  };
}
