import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { callerFor } from '../../platform/access/index.ts';
import { answerRun, type Jobs } from '../../platform/jobs/index.ts';
import { afterCursor, pageOf, type Records } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { errors } from './errors.ts';
import { requireGraph } from './graphs.ts';
import { publishRun, requireRun } from './publish-run.ts';
import { renewCaches } from './renew-caches.ts';
import { runAnswer, runHead } from './run-answer.ts';
import * as contract from './run-contract.ts';
import { diffRuns } from './run-diff.ts';
import { allocationRunKind } from './run-handler.ts';
import type { AllocationRun } from './run-model.ts';
import type { RunWorld } from './run-plan.ts';
import { mayPublish } from './run-publisher.ts';
import { listRuns } from './run-records-sql.ts';

/** What the routes of runs work with. */
export interface AllocationRunRouteOptions {
  readonly workspace: Workspace;
  readonly records: () => Promise<Records>;
  readonly jobs: () => Promise<Jobs>;
  /** An error as the server tells it, for the last line of a streamed computation. */
  readonly problemOf: (error: unknown, request: FastifyRequest) => Readonly<Record<string, unknown>>;
}

type App = Parameters<FastifyPluginAsyncZod>[0];

const tags = ['allocation runs'];
const reads = { permission: 'allocation.read' } as const;

/** Runs of an allocation: compute, list, look at, publish, compare. */
export const allocationRunRoutes: FastifyPluginAsyncZod<AllocationRunRouteOptions> = async (app, options) => {
  addComputing(app, options);
  addReading(app, options);
  addPublishing(app, options);
};

function addComputing(app: App, { jobs, problemOf }: AllocationRunRouteOptions): void {
  app.post(
    '/allocation/runs',
    {
      config: { permission: 'allocation.write' },
      schema: {
        tags,
        summary: 'Compute a month, and publish it when asked to',
        description:
          'The work is a run of the queue: its id is in the header `Finops-Run`. With `Prefer: respond-async` the answer is 202 at once. With `Accept: application/x-ndjson` progress is streamed, one JSON object a line. What was computed before with the same inputs is not computed again.',
        body: contract.runRequestSchema.meta({ example: { graph: 'main', month: '2026-10', publish: true } }),
        response: {
          200: {
            description: 'What was computed, and what came of publishing it',
            content: {
              'application/json': { schema: contract.runOutcomeSchema },
              'application/x-ndjson': { schema: contract.runLineSchema },
            },
          },
          202: contract.runAcceptedSchema,
        },
      },
    },
    async (request, reply) => {
      if (request.body.publish) demandPublisher(request);
      // A run that is failed, or was not published, is told as a result that says so.
      return answerRun<contract.RunOutcome>(request, reply, {
        ...{ jobs, problemOf, kind: allocationRunKind, input: request.body },
        waiting: { step: 'queue', done: 0, total: 0 },
        progressOf: ({ label, done, total }) => ({ step: label, done, total: total ?? 0 }),
      });
    },
  );
}

/** Who publishes along with computing needs both permissions, to the same extent. In-process nobody is asked who they are. */
function demandPublisher({ principal, caller }: FastifyRequest): void {
  const publisher = principal === null ? caller : callerFor(principal, 'allocation.publish');
  if (!mayPublish(caller.scope, publisher?.scope)) throw errors.publishForbidden({});
}

function addReading(app: App, options: AllocationRunRouteOptions): void {
  const { workspace, records } = options;
  app.get(
    '/allocation/runs',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Runs, the newest first',
        querystring: contract.runListQuerySchema,
        response: { 200: contract.runListSchema },
      },
    },
    async ({ caller, query: { graph, month: period, state, limit, cursor } }) => {
      const after = afterCursor(cursor, /^\S+ [0-9a-f]{32}$/)?.split(' ') as [string, string] | undefined;
      const asked = { graph, period, state, after, limit: limit + 1 };
      const found = await (await records()).read(caller, async (tx) => {
        if (graph !== undefined) await requireGraph(tx, graph);
        return listRuns(tx, asked);
      });
      const { generation } = await workspace.lake.current();
      const page = pageOf(found, limit, (run) => `${run.computedAt} ${run.id}`);
      return { context: { generation }, ...page, items: page.items.map(runHead) };
    },
  );

  app.get(
    '/allocation/runs/:run',
    {
      config: reads,
      schema: {
        tags,
        summary: 'One run: what it was computed from, what came out, and whether its books balance',
        params: contract.runParamsSchema,
        response: { 200: contract.runAnswerSchema },
      },
    },
    async ({ caller, params: { run } }) => runAnswer(await requireRun(await worldOf(options), caller, run)),
  );

  app.get(
    '/allocation/runs/:run/diff',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Why a run has other figures than another: effects that add up, node by node',
        description: '`run` is the newer, `against` the one that it is compared with.',
        params: contract.runParamsSchema,
        querystring: contract.runDiffQuerySchema,
        response: { 200: contract.runDiffSchema },
      },
    },
    async ({ caller, params: { run }, query: { against } }) =>
      diffRuns(await worldOf(options), caller, { from: against, to: run }),
  );
}

async function worldOf({ workspace, records }: AllocationRunRouteOptions): Promise<RunWorld> {
  return { workspace, records: await records() };
}

function addPublishing(app: App, options: AllocationRunRouteOptions): void {
  app.post(
    '/allocation/runs/:run/publish',
    {
      config: { permission: 'allocation.publish' },
      schema: {
        tags,
        summary: 'Make a run the one that everybody reads',
        description:
          'Its books must balance, and its month be open. The bills and the usage that it was computed from are pinned.',
        params: contract.runParamsSchema,
        body: contract.runPublishSchema,
        response: { 200: contract.runAnswerSchema },
      },
    },
    async ({ caller, params: { run }, log }): Promise<contract.AllocationRunAnswer> => {
      const published: AllocationRun = await publishRun(await worldOf(options), caller, run);
      for (const message of await renewCaches(options.workspace, published)) log.warn(message);
      return runAnswer(published);
    },
  );
}
