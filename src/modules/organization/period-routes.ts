import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Caller } from '../../platform/kernel/index.ts';
import { afterCursor, pageOf } from '../../platform/records/index.ts';
import * as contract from './contract.ts';
import { historyOf } from './history.ts';
import type { OrganizationOptions } from './objects.ts';
import { findPeriod, listPeriods } from './period-sql.ts';
import { changePeriod, type PeriodVerb, periodId, refuseUnknownEntity } from './periods.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

const tags = ['entity periods'];
const reads = { permission: 'organization.read' } as const;
const params = contract.entityPeriodParamsSchema;

/** The months of entities: open, closed, locked. */
export function addPeriodRoutes(app: App, options: OrganizationOptions): void {
  addReads(app, options);
  addSteps(app, options);
}

function addReads(app: App, { records }: OrganizationOptions): void {
  app.get(
    '/entity-periods',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Months of entities that were closed at least once; all others are open',
        querystring: contract.entityPeriodQuerySchema,
        response: { 200: contract.entityPeriodListSchema },
      },
    },
    async ({ caller, query: { cursor, limit, ...asked } }) => {
      const [entity, period] = afterCursor(cursor, cursorShape)?.split('/') ?? [];
      const after = entity && period ? { entity, period } : undefined;
      const found = await (await records()).read(caller, (tx) =>
        listPeriods(tx, { ...asked, after, limit: limit + 1 }),
      );
      return { context: {}, ...pageOf(found, limit, periodId) };
    },
  );

  app.get(
    '/entity-periods/:entity/:period',
    {
      config: reads,
      schema: {
        tags,
        summary: 'The state of one month of an entity',
        params,
        response: { 200: contract.entityPeriodSchema },
      },
    },
    async ({ caller, params: { entity, period } }) =>
      (await records()).read(caller, async (tx) => {
        await refuseUnknownEntity(tx, entity);
        return findPeriod(tx, entity, period);
      }),
  );

  app.get(
    '/entity-periods/:entity/:period/history',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Who closed, locked and reopened the month; the newest change first',
        params,
        querystring: contract.pageQuerySchema,
        response: { 200: contract.historySchema },
      },
    },
    async ({ caller, params: month, query }) =>
      (await records()).read(caller, async (tx) => {
        await refuseUnknownEntity(tx, month.entity);
        const id = periodId(month);
        return historyOf(tx, caller, { type: 'period', title: 'month', id, entity: month.entity }, query);
      }),
  );
}

const cursorShape = /^[A-Za-z0-9._:-]{1,100}\/\d{4}-\d{2}$/;

function addSteps(app: App, { records, clock, preparePeriodStep }: OrganizationOptions): void {
  const step = async (
    caller: Caller,
    month: { readonly entity: string; readonly period: string },
    verb: PeriodVerb,
    reason: string | null,
  ) => {
    const change = { ...month, verb, reason, now: clock.now() };
    const also = await preparePeriodStep?.(caller, change);
    return (await records()).write(caller, async (tx) => {
      const changed = await changePeriod(tx, caller, change);
      await also?.(tx);
      return changed;
    });
  };
  const schema = { tags, params, response: { 200: contract.entityPeriodSchema } };

  app.post(
    '/entity-periods/:entity/:period/close',
    {
      config: { permission: 'period.close' },
      schema: { ...schema, summary: 'Close an open month', body: contract.periodChangeSchema },
    },
    async ({ caller, params: month, body }) => step(caller, month, 'close', body.reason ?? null),
  );

  app.post(
    '/entity-periods/:entity/:period/lock',
    {
      config: { permission: 'period.close' },
      schema: { ...schema, summary: 'Lock a closed month, for good', body: contract.periodChangeSchema },
    },
    async ({ caller, params: month, body }) => step(caller, month, 'lock', body.reason ?? null),
  );

  app.post(
    '/entity-periods/:entity/:period/reopen',
    {
      config: { permission: 'period.reopen' },
      schema: {
        ...schema,
        summary: 'Open a closed month again; the reason is kept',
        body: contract.reopeningSchema.meta({ example: { reason: 'the bill of 3 November was missing' } }),
      },
    },
    async ({ caller, params: month, body }) => step(caller, month, 'reopen', body.reason),
  );
}
