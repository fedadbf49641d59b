import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { answerRun } from '../../platform/jobs/index.ts';
import { awsImportRequestSchema } from './aws-contract.ts';
import { awsImportKind } from './aws-import-handler.ts';
import * as contract from './contract.ts';
import { importKind } from './import-handler.ts';
import type { ImportProgress } from './import-run.ts';
import type { IngestionRouteOptions } from './routes.ts';

type Options = Pick<IngestionRouteOptions, 'jobs' | 'problemOf'>;

const asRun =
  'The work is a run: its id is in the header `Finops-Run`. With `Prefer: respond-async` the answer is 202 at once, and the run goes on alone; without it, a caller who hangs up cancels the run. With `Accept: application/x-ndjson` progress is streamed, one JSON object a line; the last line is the result or a problem.';

const response = {
  200: {
    description: 'The result: one entry per source, month and currency',
    content: {
      'application/json': { schema: contract.importResultSchema },
      'application/x-ndjson': { schema: contract.importLineSchema },
    },
  },
  202: contract.importAcceptedSchema,
};

/** `POST /imports` and `POST /aws-imports`: runs that the caller waits for, watches, or leaves to the server. */
export function addRunRoutes(app: Parameters<FastifyPluginAsyncZod>[0], options: Options): void {
  app.post(
    '/imports',
    {
      config: { permission: 'bill.import' },
      schema: {
        tags: ['imports'],
        summary: 'Import everything under a path',
        description: `Paths lie under import.roots of the server or in the bucket of a configured export. ${asRun}`,
        body: contract.importRequestSchema.meta({
          example: { path: '/bills/2026-10.csv.gz', source: 'aws-main' },
        }),
        response,
      },
    },
    (request, reply) =>
      answer(options, request, reply, { kind: importKind, input: request.body, file: request.body.path }),
  );

  app.post(
    '/aws-imports',
    {
      config: { permission: 'bill.import' },
      schema: {
        tags: ['imports'],
        summary: 'Import every month of AWS exports that is new or changed',
        description: `Exports of aws.exports by name, or all of them in scope; the owner of the workspace may give another one, and other access. ${asRun}`,
        body: awsImportRequestSchema.meta({ example: { exports: ['main'], from: '2026-09' } }),
        response,
      },
    },
    (request, reply) => {
      const { exports, adHoc } = request.body;
      const file = adHoc?.exportName ?? exports?.join(', ') ?? '';
      return answer(options, request, reply, { kind: awsImportKind, input: request.body, file });
    },
  );
}

interface AskedImport {
  readonly kind: string;
  readonly input: unknown;
  /** What a caller whose run waits is told that it waits for. */
  readonly file: string;
}

/** Asks for the run, and answers as the caller prefers. Deliveries that were refused are told in the result, beside those that came in. */
function answer(
  { jobs, problemOf }: Options,
  request: FastifyRequest,
  reply: FastifyReply,
  { kind, input, file }: AskedImport,
) {
  return answerRun<contract.ImportResult>(request, reply, {
    ...{ jobs, problemOf, kind, input },
    waiting: { source: '', step: 'queue', file, rows: 0, bytes: 0, totalBytes: 0 },
    progressOf: ({ detail }) => detail as ImportProgress,
  });
}
