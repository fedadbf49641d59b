import { refuseUnknownEntity } from '../organization/index.ts';
import { listCalendar, removeFromCalendar, setCalendar, viewOfMonth } from './price-calendar.ts';
import * as contract from './price-contract.ts';
import type { PriceApp, PriceRouteOptions } from './price-routes.ts';

const tags = ['price views'];
const reads = { permission: 'showback.read' } as const;
const publishes = { permission: 'showback.publish' } as const;

/** Which view holds in which month. */
export function addPriceCalendarRoutes(app: PriceApp, options: PriceRouteOptions): void {
  addReads(app, options);
  addChanges(app, options);
}

function addReads(app: PriceApp, { records }: PriceRouteOptions): void {
  app.get(
    '/price-calendar',
    {
      config: reads,
      schema: {
        tags,
        summary:
          "Which price view holds in which months; an entity's own entries go before the installation's",
        querystring: contract.calendarQuerySchema,
        response: { 200: contract.calendarListSchema },
      },
    },
    async ({ caller, query }) => ({
      context: {},
      items: await (await records()).read(caller, (tx) => listCalendar(tx, query)),
    }),
  );

  app.get(
    '/price-calendar/month',
    {
      config: reads,
      schema: {
        tags,
        summary: 'The price view of one month of an entity, with its newest published version',
        querystring: contract.calendarMonthQuerySchema,
        response: { 200: contract.calendarMonthSchema },
      },
    },
    async ({ caller, query: { entity, month } }) => {
      const found = await (await records()).read(caller, async (tx) => {
        await refuseUnknownEntity(tx, entity);
        return viewOfMonth(tx, entity, month);
      });
      if (!found) return { entity, month, view: null };
      const { view: id, label, kind, version, currency } = found;
      return { entity, month, view: { id, label, kind, version, currency } };
    },
  );
}

function addChanges(app: PriceApp, { records }: PriceRouteOptions): void {
  app.put(
    '/price-calendar',
    {
      config: publishes,
      schema: {
        tags,
        summary:
          'Have a price view hold in these months, for an entity or for all without an entry of their own; entries that held in them are cut',
        body: contract.calendarSetSchema,
        response: { 200: contract.calendarListSchema },
      },
    },
    async ({ caller, body }) => ({
      context: {},
      items: await (await records()).write(caller, (tx) => setCalendar(tx, caller, body)),
    }),
  );

  app.delete(
    '/price-calendar/:entry',
    {
      config: publishes,
      schema: {
        tags,
        summary: "Take an entry out: its months have no view, or the installation's",
        params: contract.calendarEntryParamsSchema,
        response: { 200: contract.calendarListSchema },
      },
    },
    async ({ caller, params: { entry } }) => {
      const items = await (await records()).write(caller, async (tx) => {
        const { entity } = await removeFromCalendar(tx, caller, entry);
        return listCalendar(tx, { entity });
      });
      return { context: {}, items };
    },
  );
}
