import type { FastifyBaseLogger } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Caller } from '../../platform/access/index.ts';
import { mutable } from '../../platform/kernel/index.ts';
import type { Records } from '../../platform/records/index.ts';
import {
  announcing,
  collectGarbage,
  demandWholeLake,
  type Lake,
  pin,
  rollBack,
  unpin,
  verifyLake,
  type Workspace,
} from '../../platform/warehouse/index.ts';
import { refreshAfterChange } from './after-change.ts';
import * as contract from './contract.ts';
import { listMonths } from './months.ts';

interface ChangeRouteOptions {
  readonly workspace: Workspace;
  /** Opened when something is changed: every change has its line in the audit log. */
  readonly records: () => Promise<Records>;
  /** What gc keeps unless the request says otherwise. */
  readonly gc: { readonly keepDays: number; readonly keepVersions: number };
}

type App = Parameters<FastifyPluginAsyncZod>[0];

/** What changes months without a bill: rollback and pins; and the care of the lake. */
export function addChangeRoutes(app: App, options: ChangeRouteOptions): void {
  addMonthChanges(app, options);
  addHousekeeping(app, options);
}

function addMonthChanges(app: App, options: ChangeRouteOptions): void {
  const { workspace } = options;
  const { lake } = workspace;
  async function changed(
    { scope }: Caller,
    { source, period }: { readonly source: string; readonly period: string },
    log: FastifyBaseLogger,
  ) {
    await renewViews(workspace, log);
    const { generation } = await lake.current();
    const months = mutable(await listMonths(lake, scope, { source, from: period, to: period }));
    return { context: { generation }, months };
  }

  app.post(
    '/periods/:source/:period/rollback',
    {
      config: { permission: 'snapshot.change' },
      schema: {
        tags: ['months'],
        summary: 'Make an earlier snapshot of a month current again',
        params: contract.periodParamsSchema,
        body: contract.rollbackRequestSchema.meta({ example: { to: '01k9z3w2m7h4q8xta' } }),
        response: { 200: contract.changedMonthSchema },
      },
    },
    async (request) => {
      const logged = loggedLake(options, request.caller, 'month.rollback', request.params, request.body);
      await rollBack(logged, request.caller.scope, { ...request.params, to: request.body.to });
      return changed(request.caller, request.params, request.log);
    },
  );

  app.post(
    '/periods/:source/:period/pins',
    {
      config: { permission: 'snapshot.change' },
      schema: {
        tags: ['months'],
        summary: 'Pin a snapshot: gc keeps it, and the month cannot be rolled back',
        params: contract.periodParamsSchema,
        body: contract.pinRequestSchema.meta({ example: { reason: 'published to the group' } }),
        response: { 200: contract.changedMonthSchema },
      },
    },
    async (request) => {
      const { reason, snapshot } = request.body;
      const logged = loggedLake(options, request.caller, 'month.pin', request.params, request.body);
      await pin(logged, request.caller.scope, {
        ...request.params,
        reason,
        ...(snapshot === undefined ? {} : { snapshot }),
      });
      return changed(request.caller, request.params, request.log);
    },
  );

  app.delete(
    '/periods/:source/:period/pins',
    {
      config: { permission: 'snapshot.change' },
      schema: {
        tags: ['months'],
        summary: 'Remove the pins of a month, or those with one reason',
        params: contract.periodParamsSchema,
        querystring: contract.unpinQuerySchema,
        response: { 200: contract.changedMonthSchema },
      },
    },
    async (request) => {
      const { reason } = request.query;
      const logged = loggedLake(options, request.caller, 'month.unpin', request.params, request.query);
      await unpin(logged, request.caller.scope, {
        ...request.params,
        ...(reason === undefined ? {} : { reason }),
      });
      return changed(request.caller, request.params, request.log);
    },
  );
}

type Month = { readonly source: string; readonly period: string };

/** The lake as this caller changes it: with a line in the audit log before each commit. */
function loggedLake(
  { workspace, records }: ChangeRouteOptions,
  caller: Caller,
  action: string,
  month: Month | undefined,
  asked: unknown,
): Lake {
  const object = month
    ? { type: 'month', id: `${month.source}/${month.period}` }
    : { type: 'lake', id: 'lake' };
  return announcing(workspace.lake, async (message) => {
    const opened = await records();
    // Loaded only now: who only asks opens no records.
    const [{ audit }, { entitiesOfSources }] = await Promise.all([
      import('../../platform/records/index.ts'),
      import('../organization/index.ts'),
    ]);
    await opened.write(caller, async (tx) => {
      const [entity = null] = month ? await entitiesOfSources(tx, [month.source]) : [];
      await audit(tx, caller, { action, object, entity, before: null, after: { message, asked } });
    });
  });
}

function addHousekeeping(app: App, options: ChangeRouteOptions): void {
  const { workspace, gc } = options;
  app.post(
    '/snapshots/gc',
    {
      config: { permission: 'snapshot.change' },
      schema: {
        tags: ['snapshots'],
        summary: 'Remove old snapshots and the leftovers of crashes',
        body: contract.collectRequestSchema.meta({ example: { keepDays: 30, keepVersions: 3 } }),
        response: { 200: contract.collectedSchema },
      },
    },
    async (request) => {
      demandWholeLake(request.caller.scope, 'Collecting garbage');
      const { keepDays = gc.keepDays, keepVersions = gc.keepVersions, graceHours } = request.body;
      const { root, clock } = workspace;
      const kept = { keepDays, keepVersions, graceHours };
      const logged = loggedLake(options, request.caller, 'lake.gc', undefined, kept);
      const collected = await collectGarbage(logged, root, clock.now(), kept);
      await renewViews(workspace, request.log);
      return mutable(collected);
    },
  );

  app.post(
    '/snapshots/verify',
    {
      config: { permission: 'snapshot.change' },
      schema: {
        tags: ['snapshots'],
        summary: 'Recompute checksums, row counts and sums of every snapshot',
        body: contract.verifyRequestSchema,
        response: { 200: contract.verifiedSchema },
      },
    },
    async (request) => {
      demandWholeLake(request.caller.scope, 'Verification');
      return mutable(await verifyLake(workspace.lake, await workspace.engine()));
    },
  );
}

async function renewViews(workspace: Workspace, log: FastifyBaseLogger): Promise<void> {
  const issue = await refreshAfterChange(workspace);
  if (issue) log.warn({ code: issue.code }, issue.message);
}
