import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { everything } from '../../platform/kernel/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import * as contract from './contract.ts';
import { costDataset } from './dataset.ts';
import { errors } from './errors.ts';
import { exportFocus } from './export.ts';

interface FocusRouteOptions {
  readonly workspace: Workspace;
}

/** Exports: made into the workspace's own folder `exports/`, listed, fetched and removed by name. */
export const focusRoutes: FastifyPluginAsyncZod<FocusRouteOptions> = async (app, { workspace }) => {
  const folder = join(workspace.root, 'exports');
  app.post(
    '/exports',
    {
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
      await mkdir(folder, { recursive: true });
      const selection = await workspace.lake.select(everything, costDataset, { from, to, sources });
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
      schema: {
        tags: ['exports'],
        summary: 'Exports that the workspace keeps',
        response: { 200: contract.exportListSchema },
      },
    },
    async () => ({ items: await listFiles(folder) }),
  );

  app.get(
    '/exports/:name',
    {
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
      const file = join(folder, name);
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
      schema: {
        tags: ['exports'],
        summary: 'Remove an export',
        params: contract.exportParamsSchema,
        response: { 200: contract.exportListSchema },
      },
    },
    async (request) => {
      const { name } = request.params;
      const found = (await listFiles(folder)).some((file) => file.name === name);
      if (!found) throw errors.unknownFile({ name });
      await rm(join(folder, name));
      return { items: await listFiles(folder) };
    },
  );
};

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
