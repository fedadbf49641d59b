import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
// Routes say in `config` what they demand, and find the caller on the request.
import type {} from '../../platform/access/index.ts';
import { answerRun, type Jobs } from '../../platform/jobs/index.ts';
import type { Clock } from '../../platform/kernel/index.ts';
import { mutable } from '../../platform/kernel/index.ts';
import { pageOf, type Records } from '../../platform/records/index.ts';
import * as contract from './consumption-contract.ts';
import { consumptionDeriveKind, consumptionImportKind } from './consumption-handlers.ts';
import { readWatermarks } from './consumption-read-sql.ts';
import {
  explainFacts,
  keyIn,
  listFacts,
  listImports,
  listRejects,
  rejectsCsv,
  showImport,
} from './consumption-reads.ts';
import { verifyConsumption } from './consumption-verify.ts';
import { originRoutes } from './origin-routes.ts';

/** What the routes of consumption work with. */
export interface ConsumptionRouteOptions {
  readonly records: () => Promise<Records>;
  /** Imports and derivations are runs. */
  readonly jobs: () => Promise<Jobs>;
  readonly clock: Clock;
  /** An error as the server tells it, for the last line of a streamed import. */
  readonly problemOf: (error: unknown, request: FastifyRequest) => Readonly<Record<string, unknown>>;
}

type App = Parameters<FastifyPluginAsyncZod>[0];

const tags = ['consumption'];
const reads = { permission: 'showback.read' } as const;
const writes = { permission: 'showback.write' } as const;

/** Bytes of an imported text or list with its request. Larger files are imported by their path. */
const importLimit = 10_485_760;

/** What applications consumed: facts and where they come from, imports and their rejects, origins. */
export const consumptionRoutes: FastifyPluginAsyncZod<ConsumptionRouteOptions> = async (app, options) => {
  addRuns(app, options);
  addFacts(app, options);
  addImports(app, options);
  addChecks(app, options);
  await app.register(originRoutes, { records: options.records, clock: options.clock });
};

const asRun =
  'The work is a run: its id is in the header `Finops-Run`. With `Prefer: respond-async` the answer is 202 at once.';

function addRuns(app: App, options: ConsumptionRouteOptions): void {
  app.post(
    '/consumption/imports',
    {
      bodyLimit: importLimit,
      config: writes,
      schema: {
        tags,
        summary: 'Replace what a source says of months, all or nothing; a dry run tells the difference',
        description: `A CSV file (columns month, application, product, quantity, and perhaps unit, environment, region, resource, kind, explanation) or a list. ${asRun} With \`Accept: application/x-ndjson\` progress is streamed, one JSON object a line.`,
        body: contract.consumptionImportRequestSchema.meta({
          example: {
            source: 'cmdb',
            csv: 'month,application,product,quantity,unit\n2026-10,checkout,storage,120,GB-month\n',
            dryRun: true,
          },
        }),
        response: {
          200: {
            description: 'What changed',
            content: {
              'application/json': { schema: contract.consumptionImportResultSchema },
              'application/x-ndjson': { schema: contract.consumptionLineSchema },
            },
          },
          202: contract.consumptionAcceptedSchema,
        },
      },
    },
    (request, reply) =>
      answer<contract.ConsumptionImportResult>(options, consumptionImportKind, request, reply),
  );

  app.post(
    '/consumption/derivations',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Make the facts of a month anew whose origin is the bill, the allocation or other costs',
        description: asRun,
        body: contract.deriveRequestSchema.meta({ example: { month: '2026-10', product: 'storage' } }),
        response: { 200: contract.deriveResultSchema, 202: contract.consumptionAcceptedSchema },
      },
    },
    (request, reply) => answer<contract.DeriveResult>(options, consumptionDeriveKind, request, reply),
  );
}

/** Asks for the run, and answers as the caller prefers. */
function answer<Result>(
  { jobs, problemOf }: ConsumptionRouteOptions,
  kind: string,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  return answerRun<Result>(request, reply, {
    ...{ jobs, problemOf, kind, input: request.body },
    waiting: { step: 'queue' },
    progressOf: ({ label }) => ({ step: label }),
  });
}

function addFacts(app: App, { records }: ConsumptionRouteOptions): void {
  app.get(
    '/consumption/facts',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Facts by month, entity, product and application, each with its source',
        querystring: contract.factQuerySchema,
        response: { 200: contract.factListSchema },
      },
    },
    async ({ caller, query }) => ({ context: {}, ...(await listFacts(await records(), caller, query)) }),
  );

  app.get(
    '/consumption/facts/explanation',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Where an application’s consumption of a product in a month comes from, as sentences',
        querystring: contract.factKeySchema,
        response: { 200: contract.factExplanationSchema },
      },
    },
    async ({ caller, query }) => explainFacts(await records(), caller, query),
  );
}

function addImports(app: App, { records }: ConsumptionRouteOptions): void {
  app.get(
    '/consumption/imports',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Imports and derivations, newest first',
        querystring: contract.importQuerySchema,
        response: { 200: contract.importListSchema },
      },
    },
    async ({ caller, query }) => ({ context: {}, ...(await listImports(await records(), caller, query)) }),
  );

  app.get(
    '/consumption/imports/:id',
    {
      config: reads,
      schema: {
        tags,
        summary: 'One import',
        params: contract.importParamsSchema,
        response: { 200: contract.importSchema },
      },
    },
    async ({ caller, params: { id } }) => showImport(await records(), caller, id),
  );

  app.get(
    '/consumption/imports/:id/rejects',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Rows that an import did not take, whole and with the reason; as a list or CSV',
        params: contract.importParamsSchema,
        querystring: contract.rejectQuerySchema,
        response: {
          200: {
            description: 'The rows',
            content: {
              'application/json': { schema: contract.rejectListSchema },
              'text/csv': { schema: contract.rejectCsvSchema },
            },
          },
        },
      },
    },
    async ({ caller, params: { id }, query: { format, ...page } }, reply) => {
      if (format === 'json')
        return { context: { import: id }, ...(await listRejects(await records(), caller, { id, ...page })) };
      const text = await rejectsCsv(await records(), caller, id);
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="rejects-${id}.csv"`)
        .send(text as never);
    },
  );
}

function addChecks(app: App, { records }: ConsumptionRouteOptions): void {
  app.get(
    '/consumption/watermarks',
    {
      config: reads,
      schema: {
        tags,
        summary:
          'What entities’ months consist of: a hash that changes with their facts, and the origin of each product',
        querystring: contract.watermarkQuerySchema,
        response: { 200: contract.watermarkListSchema },
      },
    },
    async ({ caller, query: { cursor, limit, ...asked } }) => {
      const after = keyIn(cursor, 2);
      const found = await (await records()).read(caller, (tx) =>
        readWatermarks(tx, { ...asked, after, limit: limit + 1 }),
      );
      const page = pageOf(mutable(found), limit, ({ month, entity }) => JSON.stringify([month, entity]));
      return { context: {}, ...page };
    },
  );

  app.get(
    '/consumption/verification',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Sums, parts and watermarks held against the facts; where they differ, how much',
        querystring: contract.verificationQuerySchema,
        response: { 200: contract.verificationSchema },
      },
    },
    async ({ caller, query }) => verifyConsumption(await records(), caller, query),
  );
}
