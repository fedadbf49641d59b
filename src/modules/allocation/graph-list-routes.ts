import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { type Caller, nearestNames } from '../../platform/kernel/index.ts';
import { afterCursor, pageOf, type Tx } from '../../platform/records/index.ts';
import { errors } from './errors.ts';
import * as contract from './graph-contract.ts';
import { type ListedPart, listParts, type PartsAsked, similarNodes } from './graph-lists-sql.ts';
import type { PartKind } from './graph-parts.ts';
import type { GraphRouteOptions } from './graph-routes.ts';
import type { VersionRow } from './graph-sql.ts';
import { versionRefOf } from './graph-version-routes.ts';
import { requireGraph, requireVersion } from './graphs.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

const tags = ['allocation graphs'];
const config = { permission: 'allocation.read' } as const;
const params = contract.versionParamsSchema;

/** The parts of a version as lists, and one node with its dependencies. */
export function addGraphListRoutes(app: App, options: GraphRouteOptions): void {
  addNodeLists(app, options);
  addOtherLists(app, options);
  addNode(app, options);
}

interface Asked extends PartsAsked {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

interface At {
  readonly graph: string;
  readonly version: string;
}

/** A page of the parts of one kind, of how many, of which version. */
async function pageOfParts(
  { records }: GraphRouteOptions,
  caller: Caller,
  { at, kind, asked }: { readonly at: At; readonly kind: PartKind; readonly asked: Asked },
) {
  const { cursor, limit, ...filters } = asked;
  const after = afterCursor(cursor, kind === 'rule' ? /^\d{1,9}$/ : /^/);
  return (await records()).read(caller, async (tx) => {
    const version = await versionAt(tx, at);
    const place = { graph: at.graph, number: version.number, kind };
    const { items, count } = await listParts(tx, place, filters, { after, limit: limit + 1 });
    const page = pageOf(items, limit, ({ key, position }) => String(position ?? key));
    return {
      context: contextOf(at.graph, version),
      totals: { count },
      ...page,
      items: page.items.map(shown) as never[],
    };
  });
}

function shown({ body, position }: ListedPart): unknown {
  return position === null ? body : { ...(body as object), position };
}

async function versionAt(tx: Tx, { graph, version }: At): Promise<VersionRow> {
  return requireVersion(tx, await requireGraph(tx, graph), versionRefOf(version));
}

function contextOf(graph: string, { number, state, hash }: VersionRow): contract.NodeDetail['context'] {
  return { graph, number, state, hash };
}

function addNodeLists(app: App, options: GraphRouteOptions): void {
  app.get(
    '/graphs/:graph/versions/:version/nodes',
    {
      config,
      schema: {
        tags,
        summary: 'The nodes of a version by id',
        params,
        querystring: contract.nodeQuerySchema,
        response: { 200: contract.nodeListSchema },
      },
    },
    async ({ caller, params: at, query: asked }) => pageOfParts(options, caller, { at, kind: 'node', asked }),
  );

  app.get(
    '/graphs/:graph/versions/:version/edges',
    {
      config,
      schema: {
        tags,
        summary: 'The edges of a version by id, with their strategies',
        params,
        querystring: contract.edgeQuerySchema,
        response: { 200: contract.edgeListSchema },
      },
    },
    async ({ caller, params: at, query: asked }) => pageOfParts(options, caller, { at, kind: 'edge', asked }),
  );
}

function addOtherLists(app: App, options: GraphRouteOptions): void {
  app.get(
    '/graphs/:graph/versions/:version/groups',
    {
      config,
      schema: {
        tags,
        summary: 'The sibling groups of a version that are not as groups are by default',
        params,
        querystring: contract.groupQuerySchema,
        response: { 200: contract.groupListSchema },
      },
    },
    async ({ caller, params: at, query: asked }) =>
      pageOfParts(options, caller, { at, kind: 'group', asked }),
  );

  app.get(
    '/graphs/:graph/versions/:version/rules',
    {
      config,
      schema: {
        tags,
        summary: 'The attribution rules of a version in their order: the first that fits takes a row',
        params,
        querystring: contract.ruleQuerySchema,
        response: { 200: contract.ruleListSchema },
      },
    },
    async ({ caller, params: at, query: asked }) => pageOfParts(options, caller, { at, kind: 'rule', asked }),
  );

  app.get(
    '/graphs/:graph/versions/:version/metrics',
    {
      config,
      schema: {
        tags,
        summary: 'The metrics of a version by id: where weights come from',
        params,
        querystring: contract.metricQuerySchema,
        response: { 200: contract.metricListSchema },
      },
    },
    async ({ caller, params: at, query: asked }) =>
      pageOfParts(options, caller, { at, kind: 'metric', asked }),
  );
}

/** Edges of a node that its page shows; the list of edges has the others. */
const shownEdges = 1000;

function addNode(app: App, { records }: GraphRouteOptions): void {
  app.get(
    '/graphs/:graph/versions/:version/nodes/:node',
    {
      config,
      schema: {
        tags,
        summary:
          'One node with its dependencies: the edges that bring it cost and take it on, and its groups',
        params: contract.nodeParamsSchema,
        response: { 200: contract.nodeDetailSchema },
      },
    },
    async ({ caller, params: { node, ...at } }) =>
      (await records()).read(caller, async (tx) => {
        const version = await versionAt(tx, at);
        const { graph } = at;
        const list = (kind: PartKind, filters: PartsAsked) =>
          listParts(tx, { graph, number: version.number, kind }, filters, { limit: shownEdges });
        const edges = async (filters: PartsAsked) => {
          const { items, count } = await list('edge', filters);
          return { items: items.map(shown) as never[], totals: { count } };
        };
        return {
          context: contextOf(graph, version),
          node: (await requireNode(tx, { graph, number: version.number, node })) as never,
          edgesIn: await edges({ to: node }),
          edgesOut: await edges({ from: node }),
          groups: (await list('group', { node })).items.map(shown) as never[],
        };
      }),
  );
}

async function requireNode(
  tx: Tx,
  { graph, number, node }: { readonly graph: string; readonly number: number; readonly node: string },
): Promise<unknown> {
  const { items } = await listParts(tx, { graph, number, kind: 'node' }, { key: node }, { limit: 1 });
  const [found] = items;
  if (found) return found.body;
  const nearest = nearestNames(node, await similarNodes(tx, graph, number, node));
  throw errors.unknownNode({ node, graph, nearest });
}
