import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type {} from '../../platform/access/index.ts';
import { type Caller, mutable } from '../../platform/kernel/index.ts';
import type { Records } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import * as contract from './parity-contract.ts';
import { listInfrastructure } from './parity-infrastructure.ts';
import { publishedResults } from './parity-months.ts';
import { listNodes, showNode, showTimeline, sumDimension, sumTypes } from './parity-nodes.ts';
import { showProducts } from './parity-products.ts';
import { billReader, reconcile } from './parity-reconciliation.ts';
import { summarize } from './parity-summary.ts';
import { requireShown } from './shown.ts';

export interface ResultRouteOptions {
  readonly workspace: Workspace;
  readonly records: () => Promise<Records>;
}

type App = Parameters<FastifyPluginAsyncZod>[0];

const tags = ['allocation results'];
const reads = { permission: 'allocation.read' } as const;

/** Views of published results: nodes, products, infrastructure, sums, the summary and the reconciliation. */
export const allocationResultRoutes: FastifyPluginAsyncZod<ResultRouteOptions> = async (app, options) => {
  const published = async (caller: Caller, query: contract.RangeQuery) => {
    const { graph, month, from = month, to = month } = query;
    await requireShown(options, caller, { graph, from, to });
    return publishedResults(options.workspace, caller.scope, query);
  };
  addNodes(app, published);
  addSums(app, published);
  addTrees(app, published);
  addReconciliation(app, options, published);
};

type Published = (caller: Caller, query: contract.RangeQuery) => ReturnType<typeof publishedResults>;

function addNodes(app: App, published: Published): void {
  app.get(
    '/allocation/results/nodes',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Nodes with their figures, the largest first',
        querystring: contract.nodesQuerySchema,
        response: { 200: contract.nodeListSchema },
      },
    },
    async ({ caller, query }) => mutable(await listNodes(await published(caller, query), query)),
  );

  app.get(
    '/allocation/results/nodes/:node',
    {
      config: reads,
      schema: {
        tags,
        summary: 'One node: figures per dimension, who gives to it, who gets from it, what stays and why',
        params: contract.nodePathSchema,
        querystring: contract.rangeQuerySchema,
        response: { 200: contract.nodeDetailSchema },
      },
    },
    async ({ caller, query, params }) =>
      mutable(await showNode(await published(caller, query), params.node)) as never,
  );

  app.get(
    '/allocation/results/nodes/:node/timeline',
    {
      config: reads,
      schema: {
        tags,
        summary: 'A node day by day and dimension by dimension; its use is in /usage/timeseries',
        params: contract.nodePathSchema,
        querystring: contract.timelineQuerySchema,
        response: { 200: contract.timelineSchema },
      },
    },
    async ({ caller, query, params }) =>
      mutable(await showTimeline(await published(caller, query), params.node, query)),
  );
}

function addSums(app: App, published: Published): void {
  app.get(
    '/allocation/results/by-type',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Figures per type of node',
        querystring: contract.rangeQuerySchema,
        response: { 200: contract.byTypeSchema },
      },
    },
    async ({ caller, query }) => mutable(await sumTypes(await published(caller, query))),
  );

  app.get(
    '/allocation/results/by-dimension',
    {
      config: reads,
      schema: {
        tags,
        summary: 'What came in and what stayed, by dimension, type, owner or label',
        querystring: contract.byDimensionQuerySchema,
        response: { 200: contract.byDimensionSchema },
      },
    },
    async ({ caller, query }) => mutable(await sumDimension(await published(caller, query), query)),
  );

  app.get(
    '/allocation/results/summary',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Totals, coverage, causes of what is unallocated, largest products',
        querystring: contract.rangeQuerySchema,
        response: { 200: contract.summarySchema },
      },
    },
    async ({ caller, query }) => mutable(await summarize(await published(caller, query))),
  );
}

function addTrees(app: App, published: Published): void {
  app.get(
    '/allocation/results/products',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Products as trees, with direct, shared and retained cost per dimension',
        querystring: contract.productsQuerySchema,
        response: { 200: contract.productsSchema },
      },
    },
    async ({ caller, query }) => {
      const { trend, ...asked } = query;
      const results = await published(caller, query);
      return mutable(await showProducts(results, { ...asked, trend: trend === 'true' })) as never;
    },
  );

  app.get(
    '/allocation/results/infrastructure',
    {
      config: reads,
      schema: {
        tags,
        summary:
          'Nodes that are no products: what they passed on, to whom, and what stayed; `type=platform,shared` narrows',
        querystring: contract.infrastructureQuerySchema,
        response: { 200: contract.infrastructureSchema },
      },
    },
    async ({ caller, query }) =>
      mutable(await listInfrastructure(await published(caller, query), query)) as never,
  );
}

function addReconciliation(app: App, { workspace, records }: ResultRouteOptions, published: Published): void {
  app.get(
    '/allocation/results/reconciliation',
    {
      config: reads,
      schema: {
        tags,
        summary:
          'The books of each month: bill, attributed, direct, allocated, unallocated, and every difference',
        querystring: contract.rangeQuerySchema,
        response: { 200: contract.reconciliationSchema },
      },
    },
    async ({ caller, query }) => {
      const bills = billReader(workspace, records, caller, query.graph);
      return mutable(await reconcile(await published(caller, query), bills));
    },
  );
}
