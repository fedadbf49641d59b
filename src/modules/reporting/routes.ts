import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type {} from '../../platform/access/index.ts';
import { isNestedDeeperThan, type Scope } from '../../platform/kernel/index.ts';
import {
  type CostQuery,
  costQuerySchema,
  runCostQuery,
  type SelectionRange,
  type Workspace,
} from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import * as contract from './contract.ts';
import { errors } from './errors.ts';
import { listReports, runReport } from './run-report.ts';

interface ReportingRouteOptions {
  readonly workspace: Workspace;
}

/** Levels of a query in an address. */
const deepest = 50;

const example = {
  measures: [{ sum: 'BilledCost' }],
  dimensions: [{ column: 'ServiceName' }],
  from: '2026-10',
};

/** Questions to the costs: queries of one's own, and the library of reports. */
export const reportingRoutes: FastifyPluginAsyncZod<ReportingRouteOptions> = async (app, { workspace }) => {
  app.post(
    '/cost-queries',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['costs'],
        summary: 'Ask for costs, quantities and row counts by any columns, tags and periods',
        body: costQuerySchema.meta({ id: 'CostQuery', example }),
        response: { 200: contract.costQueryResultSchema },
      },
    },
    (request) => answerQuery(workspace, request.caller.scope, request.body),
  );

  app.get(
    '/cost-queries',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['costs'],
        summary: 'The same, with the query as JSON in the address: a link',
        querystring: contract.linkedQuerySchema,
        response: { 200: contract.costQueryResultSchema },
      },
    },
    (request) => answerQuery(workspace, request.caller.scope, parseLinked(request.query.q)),
  );

  app.get(
    '/reports',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['reports'],
        summary: 'The library of reports, each with its question and parameters',
        response: { 200: contract.reportListSchema },
      },
    },
    async () => ({ items: listReports() }),
  );

  app.post(
    '/reports/:name/runs',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['reports'],
        summary: 'Run a report of the library',
        params: contract.reportParamsSchema,
        body: contract.reportRequestSchema.meta({ example: { from: '2026-10', to: '2026-10' } }),
        response: { 200: contract.reportResultSchema },
      },
    },
    async (request) => {
      const { parameters, limit, ...range } = request.body;
      const { scope } = request.caller;
      const selection = await selectCosts(workspace, scope, range);
      return runReport(await workspace.engine(), {
        dataset: costDataset,
        scope,
        selection,
        name: request.params.name,
        parameters,
        limit,
      });
    },
  );
};

async function answerQuery(
  workspace: Workspace,
  scope: Scope,
  query: CostQuery,
): Promise<contract.CostQueryAnswer> {
  const selection = await selectCosts(workspace, scope, query);
  const engine = await workspace.engine();
  const answer = await runCostQuery(engine, { dataset: costDataset, selection, scope, query });
  return answer as contract.CostQueryAnswer;
}

function selectCosts({ lake }: Workspace, scope: Scope, { from, to, sources }: SelectionRange) {
  return lake.select(scope, costDataset, { from, to, sources });
}

function parseLinked(text: string): CostQuery {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw errors.unfitQuery({ problem: 'it is not JSON' });
  }
  // The server does the same with bodies: a deep one would exhaust the stack.
  if (isNestedDeeperThan(value, deepest))
    throw errors.unfitQuery({ problem: `it is nested deeper than ${deepest} levels` });
  const parsed = costQuerySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw errors.unfitQuery({ problem: z.prettifyError(parsed.error).replace(/\s*\n\s*/g, ' ') });
}
