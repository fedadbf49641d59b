import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerFor } from '../../platform/access/index.ts';
import type { Caller } from '../../platform/kernel/index.ts';
import { mutable } from '../../platform/kernel/index.ts';
import type { Records } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { errors } from './errors.ts';
import * as contract from './export-contract.ts';
import { exportFocusSplit, type WrittenExport } from './export-focus.ts';
import { exportProducts, exportRows, exportSums } from './export-results.ts';
import type { FileForm } from './export-sql.ts';
import { graphDocument } from './graphs.ts';
import { publishedResults } from './parity-months.ts';
import { askedRun } from './question-routes.ts';
import { findPublished } from './run-records-sql.ts';
import { requireShown } from './shown.ts';

export interface ExportRouteOptions {
  readonly workspace: Workspace;
  readonly records: () => Promise<Records>;
}

type Asked = Pick<z.output<typeof contract.exportRequestSchema>, 'graph' | 'month' | 'run' | 'dataset'>;

const tags = ['allocation results'];
const reads = { permission: 'allocation.read' } as const;
const types = { csv: 'text/csv; charset=utf-8', parquet: 'application/vnd.apache.parquet' } as const;

/** Allocation results as files: fetched at once, or kept in the workspace's folder `exports/`. */
export const allocationExportRoutes: FastifyPluginAsyncZod<ExportRouteOptions> = async (app, options) => {
  const { workspace } = options;
  app.get(
    '/allocation/exports',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Fetch the results of a run as CSV or Parquet; `focus`: the bill split by the allocation',
        querystring: contract.exportQuerySchema,
        response: {
          200: { description: 'The file', content: { 'application/octet-stream': { schema: z.string() } } },
        },
      },
    },
    async ({ caller, query, principal }, reply) => {
      const { format, verbatim, dataset, graph, month } = query;
      if (dataset === 'focus') demandBills(principal);
      const file = await temporaryFile(workspace, format);
      try {
        await write(options, caller, query, { format, verbatim: verbatim === 'true', file });
        const { size } = await stat(file);
        const stream = createReadStream(file);
        stream.once('close', () => void rm(file, { force: true }));
        return reply
          .header('content-length', size)
          .header('content-disposition', `attachment; filename="${graph}-${month}-${dataset}.${format}"`)
          .type(types[format])
          .send(stream as never);
      } catch (error) {
        await rm(file, { force: true });
        throw error;
      }
    },
  );

  app.post(
    '/allocation/exports',
    {
      config: reads,
      schema: {
        tags,
        summary: 'The same, kept under `exports/` of the workspace; for whoever sees everything',
        body: contract.exportRequestSchema.meta({
          example: { dataset: 'focus', month: '2026-10', format: 'csv', name: 'focus-2026-10.csv' },
        }),
        response: { 200: contract.exportAnswerSchema },
      },
    },
    async ({ caller, body, principal }) => {
      const { format, verbatim, name, overwrite, dataset, graph, month } = body;
      if (caller.scope.kind !== 'all') throw errors.partOfRun({ work: 'A file kept in the workspace' });
      if (dataset === 'focus') demandBills(principal);
      const file = await temporaryFile(workspace, format);
      try {
        const made = await write(options, caller, body, { format, verbatim, file });
        const { size: bytes } = await stat(file);
        await settle(file, join(workspace.root, 'exports', name), overwrite);
        return mutable({ name, dataset, graph, month, bytes, ...made });
      } finally {
        await rm(file, { force: true });
      }
    },
  );
};

/** The split of a bill holds its rows: who may not read these gets no split either. */
function demandBills(principal: FastifyRequest['principal'] | undefined): void {
  if (principal && !callerFor(principal, 'cost.read')) throw errors.billsForbidden({});
}

/** A name in the folder of exports that no list shows: it begins with a dot. */
async function temporaryFile({ root }: Workspace, format: string): Promise<string> {
  const folder = join(root, 'exports');
  await mkdir(folder, { recursive: true });
  return join(folder, `.allocation-${randomUUID()}.${format}.part`);
}

/** Gives a finished file its name; one that is there is replaced when asked to only. */
async function settle(temporary: string, file: string, overwrite: boolean): Promise<void> {
  if (overwrite) return rename(temporary, file);
  try {
    await link(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw errors.exportTaken({ name: basename(file) });
    await rename(temporary, file);
  }
}

async function write(
  { workspace, records }: ExportRouteOptions,
  caller: Caller,
  asked: Asked,
  form: FileForm,
): Promise<WrittenExport> {
  const { dataset, graph, month, run } = asked;
  if (run === undefined)
    await requireShown({ workspace, records }, caller, { graph, from: month, to: month });
  if (dataset === 'focus') return writeSplit({ workspace, records }, caller, asked, form);
  if (dataset === 'products' && run === undefined)
    return exportProducts(workspace, await publishedResults(workspace, caller.scope, { graph, month }), form);
  const of =
    run === undefined ? { graph, month } : (await askedRun(records, caller, { run, graph, month })).asked;
  if (dataset === 'products') throw errors.publishedOnly({ dataset });
  if (dataset === 'nodes' || dataset === 'types')
    return exportSums(workspace, caller.scope, { ...of, by: dataset }, form);
  return exportRows(workspace, caller.scope, { ...of, dataset }, form);
}

/** A bill is split for whoever sees the whole of its run: parts that are not seen would make the others too large. */
async function writeSplit(
  { workspace, records }: ExportRouteOptions,
  caller: Caller,
  { graph, month, run }: Asked,
  form: FileForm,
): Promise<WrittenExport> {
  const opened = await records();
  const record =
    run === undefined
      ? await opened.read(caller, (tx) => findPublished(tx, { graph, period: month }))
      : (await askedRun(records, caller, { run, graph, month })).record;
  if (!record) throw errors.noPublishedRun({ graph, period: month });
  const { scope } = caller;
  const { entity, version, inputs, id, snapshot } = record;
  if (scope.kind === 'some' && (entity === null || !scope.entities.includes(entity)))
    throw errors.partOfRun({ work: 'The split of a bill' });
  const { document } = await opened.read(caller, (tx) => graphDocument(tx, graph, version));
  const method = `${graph}/v${version}/${inputs.graphHash.slice(0, 12)}/${id}`;
  const bills = inputs.cost.filter(({ period }) => period === month);
  if (snapshot === null) throw errors.lostRun({ run: id, period: month });
  return exportFocusSplit(workspace, scope, { graph, month, snapshot, document, bills, method }, form);
}
