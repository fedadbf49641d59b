import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { afterCursor, pageOf } from '../../platform/records/index.ts';
import * as contract from './contract.ts';
import { historyOf } from './history.ts';
import { idShape } from './model.ts';
import type { OrganizationOptions } from './objects.ts';
import { etagOf } from './precondition.ts';
import { listSources } from './source-sql.ts';
import { assignSource, requireSource, unassignSource } from './sources.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

const tags = ['organization'];
const reads = { permission: 'organization.read' } as const;
const writes = { permission: 'organization.write' } as const;
const params = contract.sourceParamsSchema;

/** Which entity the bills of a source belong to. */
export function addSourceRoutes(app: App, options: OrganizationOptions): void {
  addReads(app, options);
  addChanges(app, options);
}

function addReads(app: App, { records }: OrganizationOptions): void {
  app.get(
    '/source-assignments',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Sources of bills and the entities that they belong to, by name',
        querystring: contract.sourceQuerySchema,
        response: { 200: contract.sourceAssignmentListSchema },
      },
    },
    async ({ caller, query: { cursor, limit, entity } }) => {
      const asked = { entity, after: afterCursor(cursor, idShape), limit: limit + 1 };
      const found = await (await records()).read(caller, (tx) => listSources(tx, asked));
      return { context: {}, ...pageOf(found, limit, ({ source }) => source) };
    },
  );

  app.get(
    '/source-assignments/:source',
    {
      config: reads,
      schema: {
        tags,
        summary: 'The entity of one source; the ETag is the version that a change names',
        params,
        response: { 200: contract.sourceAssignmentSchema },
      },
    },
    async ({ caller, params: { source } }, reply) => {
      const found = await (await records()).read(caller, (tx) => requireSource(tx, source));
      reply.header('etag', etagOf(found.version));
      return found;
    },
  );

  app.get(
    '/source-assignments/:source/history',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Who gave the source to which entity; the newest change first',
        params,
        querystring: contract.pageQuerySchema,
        response: { 200: contract.historySchema },
      },
    },
    async ({ caller, params: { source }, query }) =>
      (await records()).read(caller, async (tx) => {
        const { entity } = await requireSource(tx, source);
        return historyOf(tx, caller, { type: 'source', title: 'source', id: source, entity }, query);
      }),
  );
}

function addChanges(app: App, { records }: OrganizationOptions): void {
  app.put(
    '/source-assignments/:source',
    {
      config: writes,
      schema: {
        tags,
        summary:
          'Give the bills of a source to an entity; If-Match names the version when it has one already',
        params,
        body: contract.sourceEntitySchema.meta({ example: { entity: 'retail' } }),
        response: { 200: contract.sourceAssignmentSchema },
      },
    },
    async ({ caller, params: { source }, body: { entity }, headers }, reply) => {
      const asked = { source, entity, ifMatch: headers['if-match'] };
      const after = await (await records()).write(caller, (tx) => assignSource(tx, caller, asked));
      reply.header('etag', etagOf(after.version));
      return after;
    },
  );

  app.delete(
    '/source-assignments/:source',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Take a source from its entity; If-Match names the version',
        params,
        response: { 200: contract.sourceAssignmentSchema },
      },
    },
    async ({ caller, params: { source }, headers }) => {
      const asked = { source, ifMatch: headers['if-match'] };
      return (await records()).write(caller, (tx) => unassignSource(tx, caller, asked));
    },
  );
}
