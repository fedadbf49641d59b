import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
// Routes say in `config` what they demand, and find the caller on the request.
import type {} from '../../platform/access/index.ts';
import { formatDecimal, parseDecimal } from '../../platform/kernel/index.ts';
import { afterCursor, pageOf } from '../../platform/records/index.ts';
import * as coverage from './coverage-contract.ts';
import { readCoverage } from './coverage-report.ts';
import * as economics from './economics-contract.ts';
import type { AdviceOptions } from './economics-month.ts';
import { listUnitCosts } from './economics-report.ts';
import { requireGraph } from './graphs.ts';
import { importRevenue } from './revenue.ts';
import * as revenue from './revenue-contract.ts';
import { readRevenue, readRevenueTotals } from './revenue-sql.ts';
import { requireShown } from './shown.ts';
import * as statement from './statement-contract.ts';
import { readStatement, statementCsv } from './statement-report.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

const tags = ['allocation economics'];
const reads = { permission: 'allocation.read' } as const;

/** Bytes of a revenue file with its request. */
const importLimit = 6_291_456;

/** What an allocation is good for: coverage, cost per unit, revenue, profit and loss. */
export const economicsRoutes: FastifyPluginAsyncZod<AdviceOptions> = async (app, options) => {
  addReports(app, options);
  addStatements(app, options);
  addRevenue(app, options);
};

function addReports(app: App, options: AdviceOptions): void {
  app.get(
    '/allocation/coverage',
    {
      config: reads,
      schema: {
        tags,
        summary: 'How much of the charges reached products, why the rest did not, and the trend',
        querystring: coverage.coverageQuerySchema,
        response: { 200: coverage.coverageSchema },
      },
    },
    async ({ caller, query }) => {
      await requireShown(options, caller, query);
      return readCoverage(options, caller, query);
    },
  );

  app.get(
    '/allocation/unit-costs',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Cost per unit of a metric, by node, with the month before and the cost of the last units',
        querystring: economics.unitCostQuerySchema,
        response: { 200: economics.unitCostListSchema },
      },
    },
    async ({ caller, query }) => {
      await requireShown(options, caller, query);
      return listUnitCosts(options, caller, query);
    },
  );
}

function addStatements(app: App, options: AdviceOptions): void {
  app.get(
    '/allocation/statements',
    {
      config: reads,
      schema: {
        tags,
        summary:
          'Profit and loss by product, application or cost centre; the cost of all lines is the run’s total',
        querystring: statement.statementQuerySchema,
        response: {
          200: {
            description: 'The statement',
            content: {
              'application/json': { schema: statement.statementSchema },
              'text/csv': { schema: statement.statementCsvSchema },
            },
          },
        },
      },
    },
    async ({ caller, query }, reply) => {
      await requireShown(options, caller, query);
      const answer = await readStatement(options, caller, query);
      if (query.format === 'json') return reply.send(answer);
      const name = `statement-${query.month}-${query.by}.csv`;
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(statementCsv(answer) as never);
    },
  );
}

function addRevenue(app: App, options: AdviceOptions): void {
  app.post(
    '/allocation/revenue',
    {
      bodyLimit: importLimit,
      config: { permission: 'allocation.write' },
      schema: {
        tags,
        summary:
          'Replace what a source says of a month’s revenue, all or nothing; a dry run names what does not fit',
        body: revenue.revenueRequestSchema,
        response: { 200: revenue.revenueAnswerSchema },
      },
    },
    ({ caller, body }) => importRevenue(options, caller, body),
  );

  app.get(
    '/allocation/revenue',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Revenue of a month as it was given, source by source',
        querystring: revenue.revenueListQuerySchema,
        response: { 200: revenue.revenueListSchema },
      },
    },
    async ({ caller, query: { graph, month, source, limit, cursor } }) => {
      await requireShown(options, caller, { graph });
      const at = { graph, period: month, source };
      const after = afterCursor(cursor, /^\d{1,18}$/);
      return (await options.records()).read(caller, async (tx) => {
        if (caller.scope.kind === 'all') await requireGraph(tx, graph);
        const found = await readRevenue(tx, at, { after, limit: limit + 1 });
        const { items, ...page } = pageOf(found, limit, ({ id }) => id);
        const totals = await readRevenueTotals(tx, at);
        return {
          context: { graph, month },
          items: items.map(({ id: _, ...one }) => ({ ...one, amount: plain(one.amount) })),
          totals,
          ...page,
        };
      });
    },
  );
}

function plain(amount: string): string {
  return formatDecimal(parseDecimal(amount));
}
