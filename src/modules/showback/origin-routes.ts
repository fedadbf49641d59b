import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
// Routes say in `config` what they demand, and find the caller on the request.
import type {} from '../../platform/access/index.ts';
import { afterCursor, pageOf } from '../../platform/records/index.ts';
import * as contract from './consumption-contract.ts';
import { type Origin, readOrigins } from './origin-sql.ts';
import { declareOrigin, endOrigin, type OriginWorld } from './origins.ts';

const tags = ['consumption'];
const writes = { permission: 'showback.write' } as const;

/** Where the consumption of products comes from. */
export const originRoutes: FastifyPluginAsyncZod<OriginWorld> = async (app, world) => {
  app.get(
    '/consumption/origins',
    {
      config: { permission: 'showback.read' },
      schema: {
        tags,
        summary: 'Origins of the consumption of products, as they were declared',
        querystring: contract.originQuerySchema,
        response: { 200: contract.originListSchema },
      },
    },
    async ({ caller, query: { entity, product, kind, source, month, limit, cursor } }) => {
      const asked = {
        ...{ source, month, after: afterCursor(cursor, /^\d{1,18}$/), limit: limit + 1 },
        entities: entity === undefined ? undefined : [entity],
        products: product === undefined ? undefined : [product],
        kinds: kind === undefined ? undefined : [kind],
      };
      const found = await (await world.records()).read(caller, (tx) => readOrigins(tx, asked));
      return { context: {}, ...pageOf(found.map(shown), limit, ({ id }) => id) };
    },
  );

  app.post(
    '/consumption/origins',
    {
      config: writes,
      schema: {
        tags,
        summary:
          'Declare where the consumption of a product comes from; what lies over another origin is refused',
        body: contract.newOriginSchema,
        response: { 201: contract.originSchema },
      },
    },
    async ({ caller, body }, reply) => {
      const origin = await declareOrigin(world, caller, body);
      return reply.code(201).send(shown(origin));
    },
  );

  app.post(
    '/consumption/origins/:id/end',
    {
      config: writes,
      schema: {
        tags,
        summary:
          'End an origin before a month; facts from then on stand in the way unless they are to be deleted',
        params: contract.originParamsSchema,
        body: contract.originEndSchema,
        response: { 200: contract.originEndedSchema },
      },
    },
    async ({ caller, params: { id }, body }) => {
      const { origin, deletedFacts } = await endOrigin(world, caller, { id, ...body });
      return { origin: origin && shown(origin), deletedFacts };
    },
  );
};

function shown(origin: Origin): contract.OriginAnswer {
  return { ...origin, definition: origin.definition as Record<string, unknown> };
}
