import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
// Routes say in `config` what they demand, and find the caller on the request.
import type {} from '../../platform/access/index.ts';
import { afterCursor, pageOf, type Records } from '../../platform/records/index.ts';
import * as contract from './graph-contract.ts';
import { addDraftRoutes } from './graph-draft-routes.ts';
import { addGraphListRoutes } from './graph-list-routes.ts';
import { graphEtag, refuseStaleGraph } from './graph-precondition.ts';
import { addVersionRoutes } from './graph-version-routes.ts';
import { changeGraph, createGraph, type Graph, listGraphs, lockGraph, requireGraph } from './graphs.ts';

/** What the routes of graphs work with. */
export interface GraphRouteOptions {
  readonly records: () => Promise<Records>;
}

type App = Parameters<FastifyPluginAsyncZod>[0];

const tags = ['allocation graphs'];
const reads = { permission: 'allocation.read' } as const;
const writes = { permission: 'allocation.write' } as const;
const params = contract.graphParamsSchema;

/** Allocation graphs: the graphs themselves, what their versions hold, and the draft that is edited. */
export const graphRoutes: FastifyPluginAsyncZod<GraphRouteOptions> = async (app, options) => {
  addReads(app, options);
  addChanges(app, options);
  addVersionRoutes(app, options);
  addGraphListRoutes(app, options);
  addDraftRoutes(app, options);
};

function addReads(app: App, { records }: GraphRouteOptions): void {
  app.get(
    '/graphs',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Graphs by id, each with its newest published version and its draft',
        querystring: contract.graphQuerySchema,
        response: { 200: contract.graphListSchema },
      },
    },
    async ({ caller, query: { cursor, limit, entity, active } }) => {
      const asked = { entity, active, after: afterCursor(cursor), limit: limit + 1 };
      const found = await (await records()).read(caller, (tx) => listGraphs(tx, asked));
      return { context: {}, ...pageOf(found.map(shown), limit, ({ id }) => id) };
    },
  );

  app.get(
    '/graphs/:graph',
    {
      config: reads,
      schema: {
        tags,
        summary: 'One graph; the ETag is the version that a change of it or of its draft names',
        params,
        response: { 200: contract.graphSchema },
      },
    },
    async ({ caller, params: { graph } }, reply) => {
      const found = await (await records()).read(caller, (tx) => requireGraph(tx, graph));
      reply.header('etag', graphEtag(found.version));
      return shown(found);
    },
  );
}

function addChanges(app: App, { records }: GraphRouteOptions): void {
  app.post(
    '/graphs',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Make a graph without any version; its id and its entity are for ever',
        body: contract.newGraphSchema,
        response: { 201: contract.graphSchema },
      },
    },
    async ({ caller, body }, reply) => {
      const made = await (await records()).write(caller, (tx) => createGraph(tx, caller, body));
      reply.code(201).header('etag', graphEtag(made.version));
      return shown(made);
    },
  );

  app.patch(
    '/graphs/:graph',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Rename, retire (active: false) or restore a graph; If-Match names the version',
        params,
        body: contract.graphPatchSchema,
        response: { 200: contract.graphSchema },
      },
    },
    async ({ caller, params: { graph }, headers, body }, reply) => {
      const after = await (await records()).write(caller, async (tx) => {
        refuseStaleGraph(await lockGraph(tx, graph), headers['if-match']);
        return changeGraph(tx, caller, graph, body);
      });
      reply.header('etag', graphEtag(after.version));
      return shown(after);
    },
  );
}

function shown({
  id,
  label,
  entity,
  active,
  retiredAt,
  version,
  published,
  draft,
}: Graph): contract.GraphAnswer {
  return { id, label, entity, active, retiredAt, version, published, draft };
}
