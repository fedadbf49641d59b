import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
// Routes say in `config` what they demand, and find the caller on the request.
import type {} from '../../platform/access/index.ts';
import type { Clock } from '../../platform/kernel/index.ts';
import { afterCursor, pageOf, type Records } from '../../platform/records/index.ts';
import { addRateRoutes } from './fx-routes.ts';
import { addPriceCalendarRoutes } from './price-calendar-routes.ts';
import { cloneView } from './price-clone.ts';
import * as contract from './price-contract.ts';
import { addPriceDraftRoutes } from './price-draft-routes.ts';
import { addPriceVersionRoutes, versionRefOf } from './price-version-routes.ts';
import {
  changeView,
  createView,
  listViews,
  lockView,
  type PriceView,
  refuseStaleView,
  requireView,
  viewEtag,
} from './price-views.ts';

/** What the routes of price views work with. */
export interface PriceRouteOptions {
  readonly records: () => Promise<Records>;
  readonly clock: Clock;
}

/** An app that takes and answers what contracts say. */
export type PriceApp = Parameters<FastifyPluginAsyncZod>[0];

const tags = ['price views'];
const reads = { permission: 'showback.read' } as const;
const writes = { permission: 'showback.write' } as const;
const params = contract.viewParamsSchema;

/** Price views with their versions and lines, the price calendar, and rates between currencies. */
export const priceRoutes: FastifyPluginAsyncZod<PriceRouteOptions> = async (app, options) => {
  addReads(app, options);
  addChanges(app, options);
  addClone(app, options);
  addPriceVersionRoutes(app, options);
  addPriceDraftRoutes(app, options);
  addPriceCalendarRoutes(app, options);
  addRateRoutes(app, options);
};

function addReads(app: PriceApp, { records }: PriceRouteOptions): void {
  app.get(
    '/price-views',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Price views by id, each with its newest published version and its draft',
        querystring: contract.viewQuerySchema,
        response: { 200: contract.viewListSchema },
      },
    },
    async ({ caller, query: { cursor, limit, ...asked } }) => {
      const wanted = { ...asked, after: afterCursor(cursor), limit: limit + 1 };
      const found = await (await records()).read(caller, (tx) => listViews(tx, wanted));
      return { context: {}, ...pageOf(found.map(shownView), limit, ({ id }) => id) };
    },
  );

  app.get(
    '/price-views/:view',
    {
      config: reads,
      schema: {
        tags,
        summary: 'One price view; the ETag is the version that a change of it or of its draft names',
        params,
        response: { 200: contract.viewSchema },
      },
    },
    async ({ caller, params: { view } }, reply) => {
      const found = await (await records()).read(caller, (tx) => requireView(tx, view));
      reply.header('etag', viewEtag(found.version));
      return shownView(found);
    },
  );
}

function addChanges(app: PriceApp, { records, clock }: PriceRouteOptions): void {
  app.post(
    '/price-views',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Make a price view without any version; its id, kind, currency and entity are for ever',
        body: contract.newViewSchema,
        response: { 201: contract.viewSchema },
      },
    },
    async ({ caller, body }, reply) => {
      const made = await (await records()).write(caller, (tx) => createView(tx, caller, body));
      reply.code(201).header('etag', viewEtag(made.version));
      return shownView(made);
    },
  );

  app.patch(
    '/price-views/:view',
    {
      config: writes,
      schema: {
        tags,
        summary:
          'Rename a price view, change its type of rates, retire (active: false) or restore it; If-Match names the version',
        params,
        body: contract.viewPatchSchema,
        response: { 200: contract.viewSchema },
      },
    },
    async ({ caller, params: { view }, headers, body }, reply) => {
      const after = await (await records()).write(caller, async (tx) => {
        refuseStaleView(await lockView(tx, view), headers['if-match']);
        return changeView(tx, caller, view, { ...body, now: clock.now() });
      });
      reply.header('etag', viewEtag(after.version));
      return shownView(after);
    },
  );
}

function addClone(app: PriceApp, { records, clock }: PriceRouteOptions): void {
  app.post(
    '/price-views/:view/clone',
    {
      config: writes,
      schema: {
        tags,
        summary:
          'Make a price view whose draft has the lines of a version of this one, every price times a factor (half-up at 12 decimals)',
        params,
        body: contract.cloneSchema,
        response: { 201: contract.cloneAnswerSchema },
      },
    },
    async ({ caller, params: { view }, body: { version, ...request } }, reply) => {
      const asked = { ...request, version: versionRefOf(version), now: clock.now() };
      const made = await (await records()).write(caller, (tx) => cloneView(tx, caller, view, asked));
      reply.code(201).header('etag', viewEtag(made.view.version));
      return { ...made, view: shownView(made.view) };
    },
  );
}

/** A price view as its contract has it. */
export function shownView(view: PriceView): contract.PriceViewAnswer {
  const { id, label, kind, currency, rateType, entity, graph, active, retiredAt, version } = view;
  const { published, draft } = view;
  return {
    ...{ id, label, kind, currency, rateType, entity, graph, active, retiredAt, version },
    ...{ published, draft },
  };
}
