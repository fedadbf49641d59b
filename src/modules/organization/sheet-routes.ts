import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { must } from '../../platform/kernel/index.ts';
import * as contract from './contract.ts';
import { importObjects } from './import-objects.ts';
import { type Kind, kinds } from './kinds.ts';
import { listObjects, type OrganizationOptions } from './objects.ts';
import { writeSheet } from './sheet.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

/** Bytes of an imported file with its request: some 100,000 applications. */
const importLimit = 10_485_760;

/** Whole lists as CSV files, in and out. */
export function addSheetRoutes(app: App, options: OrganizationOptions): void {
  app.post(
    '/organization/import',
    {
      bodyLimit: importLimit,
      config: { permission: 'organization.write' },
      schema: {
        tags: ['organization'],
        summary: 'Bring a list to what a CSV file says, all or nothing; a dry run shows the difference',
        body: contract.importRequestSchema.meta({
          example: { kind: 'teams', csv: 'id,label,parent\nweb,Web,\n', dryRun: true },
        }),
        response: { 200: contract.importDiffSchema },
      },
    },
    async ({ caller, body: { kind: path, ...request } }) => {
      const diff = await importObjects(options, { caller, kind: kindAt(path) }, request);
      const { mode, dryRun } = request;
      return { context: { kind: path, mode, dryRun }, ...diff } as contract.ImportDiffAnswer;
    },
  );

  app.get(
    '/organization/export/:kind',
    {
      config: { permission: 'organization.read' },
      schema: {
        tags: ['organization'],
        summary: 'A list as a CSV file that an import takes back; sealed texts are masked',
        params: contract.exportParamsSchema,
        response: { 200: { description: 'CSV', content: { 'text/csv': { schema: contract.csvSchema } } } },
      },
    },
    async ({ caller, params }, reply) => {
      const kind = kindAt(params.kind);
      const today = options.clock.now().toISOString().slice(0, 10);
      const objects = await listObjects(options, { caller, kind }, today, {});
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="${kind.path}.csv"`)
        .send(writeSheet(kind, objects));
    },
  );
}

function kindAt(path: string): Kind {
  return must(
    kinds.find((kind) => kind.path === path),
    `the kind at ${path}`,
  );
}
