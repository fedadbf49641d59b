import { fastifySwagger } from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { filterSchema } from '../../platform/warehouse/index.ts';

/** Collects every route registered from now on, and answers /api/openapi.json with OpenAPI 3.1. */
export async function addOpenApi(app: FastifyInstance, version: string): Promise<void> {
  // A schema that holds itself needs a name to refer to.
  if (!z.globalRegistry.has(filterSchema)) z.globalRegistry.add(filterSchema, { id: 'Filter' });
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Centrail',
        version,
        description:
          'Every cent, from cloud bill to invoice. Money is decimal text; months are billing months. Every POST, PUT, PATCH and DELETE of a known caller takes an `Idempotency-Key`: the same request again gets the first answer, with `Idempotency-Hit: true`, for 24 hours. Every answer has its `X-Request-Id`.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      security: [{ token: [] }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  app.get(
    '/api/openapi.json',
    {
      config: { open: 'signedIn' },
      schema: {
        tags: ['operation'],
        summary: 'This description',
        response: { 200: z.record(z.string(), z.unknown()) },
      },
    },
    async () => app.swagger(),
  );
}
