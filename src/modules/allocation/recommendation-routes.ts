import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
// Routes say in `config` what they demand, and find the caller on the request.
import type {} from '../../platform/access/index.ts';
import { afterCursor, pageOf } from '../../platform/records/index.ts';
import type { AdviceOptions } from './economics-month.ts';
import * as contract from './recommend-contract.ts';
import { refreshRecommendations } from './recommend-refresh.ts';
import { decideRecommendation, listRecommendations, showRecommendation } from './recommend-status.ts';
import { requireShown } from './shown.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

const tags = ['allocation recommendations'];
const reads = { permission: 'allocation.read' } as const;
const writes = { permission: 'allocation.write' } as const;

/** What the figures of a month advise to do, and what people decided of it. */
export const recommendationRoutes: FastifyPluginAsyncZod<AdviceOptions> = async (app, options) => {
  addReads(app, options);
  addChanges(app, options);
};

function addReads(app: App, options: AdviceOptions): void {
  const { records } = options;
  app.get(
    '/allocation/recommendations',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Recommendations of a month, the largest saving first; each saving counts once',
        querystring: contract.recommendationQuerySchema,
        response: { 200: contract.recommendationListSchema },
      },
    },
    async ({ caller, query }) => {
      await requireShown(options, caller, { graph: query.graph });
      const { month, items, totals } = await (await records()).read(caller, (tx) =>
        listRecommendations(tx, query),
      );
      const after = afterCursor(query.cursor);
      const start = after === undefined ? 0 : items.findIndex(({ id }) => id === after) + 1;
      const page = pageOf(items.slice(start, start + query.limit + 1), query.limit, ({ id }) => id);
      return { context: { graph: query.graph, month }, totals, ...page };
    },
  );

  app.get(
    '/allocation/recommendations/:id',
    {
      config: reads,
      schema: {
        tags,
        summary: 'One recommendation with the rows that it rests on',
        params: contract.recommendationParamsSchema,
        response: { 200: contract.recommendationSchema },
      },
    },
    async ({ caller, params: { id } }) => (await records()).read(caller, (tx) => showRecommendation(tx, id)),
  );
}

function addChanges(app: App, { workspace, records }: AdviceOptions): void {
  app.post(
    '/allocation/recommendations/refresh',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Compute the recommendations of a month again; what was decided of them stays',
        body: contract.refreshRequestSchema,
        response: { 200: contract.refreshAnswerSchema },
      },
    },
    async ({ caller, body }) => refreshRecommendations({ workspace, records: await records() }, caller, body),
  );

  app.post(
    '/allocation/recommendations/:id/status',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Accept, dismiss with a reason, finish or open a recommendation again',
        params: contract.recommendationParamsSchema,
        body: contract.statusRequestSchema,
        response: { 200: contract.recommendationSchema },
      },
    },
    async ({ caller, params: { id }, body }) => {
      const deciding = { caller, clock: workspace.clock };
      return (await records()).write(caller, (tx) => decideRecommendation(tx, deciding, id, body));
    },
  );
}
