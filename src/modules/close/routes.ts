import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { callerFor } from '../../platform/access/index.ts';
import { answerRun, type Jobs } from '../../platform/jobs/index.ts';
import { mutable } from '../../platform/kernel/index.ts';
import { mayPublish } from '../allocation/index.ts';
import { checkMonth } from './check-month.ts';
import { closeRunKind } from './close-handler.ts';
import { closePage, pagePolicy } from './close-page.ts';
import * as contract from './contract.ts';
import { errors } from './errors.ts';
import { parseInvoices } from './invoice-totals.ts';
import type { CloseWorld } from './month-state.ts';

/** What the routes of a close work with. */
export interface CloseRouteOptions extends CloseWorld {
  readonly jobs: () => Promise<Jobs>;
  /** An error as the server tells it, for the last line of a streamed close. */
  readonly problemOf: (error: unknown, request: FastifyRequest) => Readonly<Record<string, unknown>>;
}

type App = Parameters<FastifyPluginAsyncZod>[0];

const tags = ['close'];
const params = contract.closeParamsSchema;
// Whoever has it sees allocations and showback to the same extent: the roles give the three together.
const reads = { permission: 'cost.read' } as const;

/** The month: its books, and its close. */
export const closeRoutes: FastifyPluginAsyncZod<CloseRouteOptions> = async (
  app,
  { workspace, records, jobs, problemOf },
) => {
  addCheck(app, { workspace, records });
  addPage(app, { workspace, records });
  addClose(app, { jobs, problemOf });
};

function addCheck(app: App, world: CloseWorld): void {
  app.get(
    '/close/:period/check',
    {
      config: reads,
      schema: {
        tags,
        summary: 'The books of a month, a line per step with its difference',
        description:
          'Both sides of a line are read from other rows by other statements. `balances` is false where a line is broken; what is missing breaks nothing.',
        params,
        querystring: contract.checkQuerySchema,
        response: { 200: contract.checkAnswerSchema },
      },
    },
    async ({ caller, params: { period }, query: { entity, graph, invoice } }) =>
      mutable(
        await checkMonth(world, caller, {
          ...{ period, graph, invoices: parseInvoices([invoice].flat()) },
          entities: entity === undefined ? undefined : [entity],
        }),
      ),
  );
}

function addPage(app: App, world: CloseWorld): void {
  app.get(
    '/close/:period/page',
    {
      config: reads,
      schema: {
        tags,
        summary: 'The books of a month as a page for people',
        params,
        querystring: contract.pageQuerySchema,
        response: {
          200: { description: 'HTML', content: { 'text/html': { schema: contract.closePageSchema } } },
        },
      },
    },
    async ({ caller, params: { period }, query: { entity, graph } }, reply) => {
      const entities = entity === undefined ? undefined : [entity];
      const answer = await checkMonth(world, caller, { period, graph, entities, invoices: [] });
      return reply
        .header('content-security-policy', pagePolicy)
        .type('text/html; charset=utf-8')
        .send(closePage(answer));
    },
  );
}

function addClose(app: App, { jobs, problemOf }: Pick<CloseRouteOptions, 'jobs' | 'problemOf'>): void {
  app.post(
    '/close/:period',
    {
      config: { permission: 'period.close' },
      schema: {
        tags,
        summary: 'Close a month: allocate and publish, price, check the books, freeze',
        description:
          'The work is a run of the queue: its id is in the header `Finops-Run`. With `Prefer: respond-async` the answer is 202 at once. With `Accept: application/x-ndjson` progress is streamed, one JSON object a line. A close that was refused on the way says so in `refused`, beside how far it came; nothing is closed then. With `allocate` it needs the permission allocation.publish too.',
        params,
        body: contract.closeRequestSchema.meta({ example: { entities: ['retail'], dryRun: true } }),
        response: {
          200: {
            description: 'What was closed, and with which books',
            content: {
              'application/json': { schema: contract.closeOutcomeSchema },
              'application/x-ndjson': { schema: contract.closeLineSchema },
            },
          },
          202: contract.closeAcceptedSchema,
        },
      },
    },
    async (request, reply) => {
      if (request.body.allocate && !request.body.dryRun) demandPublisher(request);
      return answerRun<contract.CloseOutcome>(request, reply, {
        ...{ jobs, problemOf, kind: closeRunKind },
        input: { ...request.body, ...request.params },
        waiting: { step: 'queue', done: 0, total: 0 },
        progressOf: ({ label, done, total }) => ({ step: label, done, total: total ?? 0 }),
      });
    },
  );
}

/** Closing publishes: that takes both permissions, to the same extent. In-process nobody is asked who they are. */
function demandPublisher({ principal, caller }: FastifyRequest): void {
  const publisher = principal === null ? caller : callerFor(principal, 'allocation.publish');
  if (!mayPublish(caller.scope, publisher?.scope)) throw errors.publishForbidden({});
}
