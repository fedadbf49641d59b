import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type {} from '../../platform/access/index.ts';
import type { Scope } from '../../platform/kernel/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import * as contract from './contract.ts';
import { costDataset } from './dataset.ts';
import { errors } from './errors.ts';
import { exportFocus } from './export.ts';

interface FocusRouteOptions {
  readonly workspace: Workspace;
}

/** Exports: made into the workspace's own folder `exports/`, listed, fetched and removed by name, each scope its own. */
export const focusRoutes: FastifyPluginAsyncZod<FocusRouteOptions> = async (app, { workspace }) => {
  app.post(
    '/exports',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['exports'],
        summary: 'Write the costs as FOCUS of any version, CSV or Parquet',
        body: contract.exportRequestSchema.meta({
          example: { version: '1.2', format: 'csv', from: '2026-10' },
        }),
        response: { 200: contract.exportAnswerSchema },
      },
    },
    async (request) => {
      const { from, to, sources, name = defaultName(workspace, request.body), ...options } = request.body;
      const { scope } = request.caller;
      const selection = await workspace.lake.select(scope, costDataset, { from, to, sources });
      const folder = folderOf(workspace, scope);
      await mkdir(folder, { recursive: true });
      const file = join(folder, name);
      const made = await exportFocus(await workspace.engine(), selection, { ...options, file });
      const { rows, bytes, columns, report } = made;
      return {
        name,
        rows,
        bytes,
        columns: [...columns],
        report: report.map((issue) => ({ ...issue })) as never,
      };
    },
  );

  app.get(
    '/exports',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['exports'],
        summary: 'Exports that the workspace keeps',
        response: { 200: contract.exportListSchema },
      },
    },
    async (request) => ({ items: await listFiles(folderOf(workspace, request.caller.scope)) }),
  );

  app.get(
    '/exports/:name',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['exports'],
        summary: 'Fetch an export',
        params: contract.exportParamsSchema,
        response: {
          200: { description: 'The file', content: { 'application/octet-stream': { schema: z.string() } } },
        },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const file = join(folderOf(workspace, request.caller.scope), name);
      const info = await stat(file).catch(() => undefined);
      if (!info?.isFile()) throw errors.unknownFile({ name });
      return reply
        .header('content-length', info.size)
        .header('content-disposition', `attachment; filename="${name}"`)
        .type('application/octet-stream')
        .send(createReadStream(file) as never);
    },
  );

  app.delete(
    '/exports/:name',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['exports'],
        summary: 'Remove an export',
        params: contract.exportParamsSchema,
        response: { 200: contract.exportListSchema },
      },
    },
    async (request) => {
      const { name } = request.params;
      const folder = folderOf(workspace, request.caller.scope);
      const found = (await listFiles(folder)).some((file) => file.name === name);
      if (!found) throw errors.unknownFile({ name });
      await rm(join(folder, name));
      return { items: await listFiles(folder) };
    },
  );
};

/**
 * A file keeps the rows of the scope that it was made in, so that each scope has a folder of its own: what somebody else
 * exported is not listed, not fetched, and takes no name. An export's own name never begins with a dot.
 */
function folderOf({ root }: Workspace, scope: Scope): string {
  const folder = join(root, 'exports');
  if (scope.kind === 'all') return folder;
  const sources = JSON.stringify([...new Set(scope.sources)].sort());
  return join(folder, '.scopes', createHash('sha256').update(sources).digest('hex').slice(0, 32));
}

function defaultName({ clock }: Workspace, { version, format }: contract.FocusExportRequest): string {
  const time = clock
    .now()
    .toISOString()
    .replace(/[-:]|\.\d+/g, '');
  return `focus-${version}-${time}.${format}`;
}

async function listFiles(folder: string): Promise<contract.ExportList['items']> {
  const names = await readdir(folder).catch(() => []);
  const files = [];
  // A dot first: an export that is still being written.
  for (const name of names.filter((candidate) => !candidate.startsWith('.')).sort()) {
    const info = await stat(join(folder, name)).catch(() => undefined);
    if (info?.isFile()) files.push({ name, bytes: info.size, createdAt: info.mtime.toISOString() });
  }
  return files;
}
