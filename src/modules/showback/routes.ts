import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { type ConsumptionRouteOptions, consumptionRoutes } from './consumption-routes.ts';
import { costRoutes } from './cost-routes.ts';
import { type PriceRouteOptions, priceRoutes } from './price-routes.ts';
import { statementRoutes } from './statement-routes.ts';

/** What the routes of this module work with. */
export interface ShowbackRouteOptions extends PriceRouteOptions, ConsumptionRouteOptions {
  readonly workspace: Workspace;
}

/** Price views, consumption and costs of applications. */
export const showbackRoutes: FastifyPluginAsyncZod<ShowbackRouteOptions> = async (
  app,
  { records, jobs, clock, workspace, problemOf },
) => {
  // Without the prefix that they came with: the plugins below have it already.
  await app.register(priceRoutes, { records, clock });
  await app.register(consumptionRoutes, { records, jobs, clock, problemOf });
  await app.register(costRoutes, { workspace, records });
  await app.register(statementRoutes, { workspace, records });
};
