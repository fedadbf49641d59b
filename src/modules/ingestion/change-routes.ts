import type { FastifyBaseLogger } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Caller } from '../../platform/access/index.ts';
import {
  collectGarbage,
  demandWholeLake,
  pin,
  rollBack,
  unpin,
  verifyLake,
  type Workspace,
} from '../../platform/warehouse/index.ts';
import { refreshAfterChange } from './after-change.ts';
import * as contract from './contract.ts';
import { listMonths } from './months.ts';
import { mutable } from './mutable.ts';

interface ChangeRouteOptions {
  readonly workspace: Workspace;
  /** What gc keeps unless the request says otherwise. */
  readonly gc: { readonly keepDays: number; readonly keepVersions: number };
}

type App = Parameters<FastifyPluginAsyncZod>[0];

/** What changes months without a bill: rollback and pins; and the care of the lake. */
export function addChangeRoutes(app: App, options: ChangeRouteOptions): void {
  addMonthChanges(app, options);
  addHousekeeping(app, options);
}

function addMonthChanges(app: App, { workspace }: ChangeRouteOptions): void {
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
      await rollBack(lake, request.caller.scope, { ...request.params, to: request.body.to });
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
      await pin(lake, request.caller.scope, {
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
      await unpin(lake, request.caller.scope, {
        ...request.params,
        ...(reason === undefined ? {} : { reason }),
      });
      return changed(request.caller, request.params, request.log);
    },
  );
}

function addHousekeeping(app: App, { workspace, gc }: ChangeRouteOptions): void {
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
      const { lake, root, clock } = workspace;
      const kept = { keepDays, keepVersions, graceHours };
      const collected = await collectGarbage(lake, root, clock.now(), kept);
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
