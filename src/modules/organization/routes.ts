import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
// Routes say in `config` what they demand, and find the caller on the request.
import type {} from '../../platform/access/index.ts';
import { kinds } from './kinds.ts';
import { addObjectRoutes } from './object-routes.ts';
import type { OrganizationOptions } from './objects.ts';
import { addPeriodRoutes } from './period-routes.ts';
import { addSheetRoutes } from './sheet-routes.ts';
import { addSourceRoutes } from './source-routes.ts';

/** The organization under one prefix: a set of routes for each kind, files, sources, and the months of entities. */
export const organizationRoutes: FastifyPluginAsyncZod<OrganizationOptions> = async (app, options) => {
  for (const kind of kinds) addObjectRoutes(app, options, kind);
  addSheetRoutes(app, options);
  addSourceRoutes(app, options);
  addPeriodRoutes(app, options);
};
