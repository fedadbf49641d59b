import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { afterCursor, pageOf } from '../../platform/records/index.ts';
import * as contract from './graph-contract.ts';
import { graphEtag } from './graph-precondition.ts';
import type { GraphRouteOptions } from './graph-routes.ts';
import { diffVersions, findingsOf, graphDocument, type VersionRef, versionsOf } from './graphs.ts';
import type { GraphFinding } from './model.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

const tags = ['allocation graphs'];
const reads = { permission: 'allocation.read' } as const;

/** The version that a text of the address means. */
export function versionRefOf(text: string): VersionRef {
  return text === 'published' || text === 'draft' ? text : Number(text);
}

/** History, whole documents, findings and differences of versions. */
export function addVersionRoutes(app: App, options: GraphRouteOptions): void {
  addHistory(app, options);
  addContent(app, options);
}

function addHistory(app: App, { records }: GraphRouteOptions): void {
  app.get(
    '/graphs/:graph/versions',
    {
      config: reads,
      schema: {
        tags,
        summary: 'The versions of a graph, the newest first: who published what, when and why',
        params: contract.graphParamsSchema,
        querystring: contract.pageQuerySchema,
        response: { 200: contract.versionListSchema },
      },
    },
    async ({ caller, params: { graph }, query: { cursor, limit } }) => {
      const after = afterCursor(cursor, /^\d{1,9}$/);
      const before = after === undefined ? undefined : Number(after);
      const found = await (await records()).read(caller, (tx) =>
        versionsOf(tx, graph, { before, limit: limit + 1 }),
      );
      return { context: { graph }, ...pageOf(found, limit, ({ number }) => String(number)) };
    },
  );

  app.get(
    '/graphs/:graph/diff',
    {
      config: reads,
      schema: {
        tags,
        summary: 'What changed from one version to another; from the published one to the draft unless said',
        params: contract.graphParamsSchema,
        querystring: contract.diffQuerySchema,
        response: { 200: contract.diffSchema },
      },
    },
    async ({ caller, params: { graph }, query: { from, to } }) => {
      const found = await (await records()).read(caller, (tx) =>
        diffVersions(tx, graph, versionRefOf(from), versionRefOf(to)),
      );
      return { context: { graph, from: found.from, to: found.to }, diff: found.diff };
    },
  );
}

function addContent(app: App, { records }: GraphRouteOptions): void {
  app.get(
    '/graphs/:graph/versions/:version',
    {
      config: reads,
      schema: {
        tags,
        summary: 'One version whole: its document. The ETag is the version of the graph that a change names',
        params: contract.versionParamsSchema,
        response: { 200: contract.documentSchema },
      },
    },
    async ({ caller, params: { graph, version } }, reply) => {
      const found = await (await records()).read(caller, (tx) =>
        graphDocument(tx, graph, versionRefOf(version)),
      );
      reply.header('etag', graphEtag(found.version));
      return found;
    },
  );

  app.get(
    '/graphs/:graph/versions/:version/findings',
    {
      config: reads,
      schema: {
        tags,
        summary: 'All that is to be said of a version: errors keep a draft from being published',
        params: contract.versionParamsSchema,
        response: { 200: contract.findingListSchema },
      },
    },
    async ({ caller, params: { graph, version } }) =>
      (await records()).read(caller, async (tx) => {
        const { document, entity, number, state, hash } = await graphDocument(
          tx,
          graph,
          versionRefOf(version),
        );
        const items = [...(await findingsOf(tx, { entity }, document))];
        return { context: { graph, number, state, hash }, items, totals: totalsOf(items) };
      }),
  );
}

function totalsOf(findings: readonly GraphFinding[]): contract.FindingList['totals'] {
  const count = (wanted: string) => findings.filter(({ severity }) => severity === wanted).length;
  return { errors: count('error'), warnings: count('warning'), infos: count('info') };
}
