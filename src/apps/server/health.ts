import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { healthSchema, readinessSchema } from './contract.ts';
import type { Metrics } from './metrics.ts';

interface HealthOptions {
  readonly workspace: Workspace;
  readonly metrics: Metrics;
  readonly instance: string;
}

/** What operators ask: whether the process lives, whether it can work, and its figures. None of it needs a token. */
export const addHealth: FastifyPluginAsyncZod<HealthOptions> = async (app, options) => {
  const { workspace, metrics, instance } = options;
  app.get(
    '/healthz',
    {
      schema: {
        tags: ['operation'],
        summary: 'Whether the process lives',
        security: [],
        response: { 200: healthSchema },
      },
    },
    async () => ({ status: 'ok' as const, instance }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        tags: ['operation'],
        summary: 'Whether the lake can be read and the engine answers',
        security: [],
        response: { 200: readinessSchema, 503: readinessSchema },
      },
    },
    async (request, reply) => {
      const tell = (what: string) => (error: unknown) => {
        request.log.error({ err: error }, `${what} does not answer`);
        return false;
      };
      const lake = await workspace.lake.current().then(() => true, tell('the lake'));
      const engine = await workspace
        .engine()
        .then((opened) => opened.rows('select 1'))
        .then(() => true, tell('the engine'));
      const ready = lake && engine;
      return reply
        .code(ready ? 200 : 503)
        .send({ status: ready ? 'ready' : 'not ready', checks: { lake, engine } });
    },
  );

  app.get(
    '/metrics',
    {
      schema: {
        tags: ['operation'],
        summary: 'Figures of the server in the text format of Prometheus',
        security: [],
        response: { 200: { description: 'Figures', content: { 'text/plain': { schema: z.string() } } } },
      },
    },
    async (_, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics.render()),
  );
};
