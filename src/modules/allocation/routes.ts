import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { economicsRoutes } from './economics-routes.ts';
import { allocationExportRoutes } from './export-routes.ts';
import { graphRoutes } from './graph-routes.ts';
import { allocationResultRoutes } from './parity-routes.ts';
import { proposalRoutes } from './propose-routes.ts';
import { allocationQuestionRoutes } from './question-routes.ts';
import { recommendationRoutes } from './recommendation-routes.ts';
import { type AllocationRunRouteOptions, allocationRunRoutes } from './run-routes.ts';
import { usageRoutes } from './usage-routes.ts';
import { whatIfRoutes } from './what-if-routes.ts';

/** Graphs, usage, runs, what they say, and what if they were others. */
export const allocationRoutes: FastifyPluginAsyncZod<AllocationRunRouteOptions> = async (
  app,
  { workspace, records, jobs, problemOf },
) => {
  // Without the prefix that they came with: the plugins below have it already.
  const options = { workspace, records, jobs, problemOf };
  await app.register(graphRoutes, options);
  await app.register(proposalRoutes, options);
  await app.register(usageRoutes, options);
  await app.register(allocationRunRoutes, options);
  await app.register(allocationQuestionRoutes, options);
  await app.register(allocationResultRoutes, options);
  await app.register(allocationExportRoutes, options);
  await app.register(whatIfRoutes, options);
  await app.register(economicsRoutes, options);
  await app.register(recommendationRoutes, options);
};
