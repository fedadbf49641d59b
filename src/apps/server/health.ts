import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { healthSchema, readinessSchema } from './contract.ts';
import type { Metrics } from './metrics.ts';

interface HealthOptions {
  readonly workspace: Workspace;
  readonly metrics: Metrics;
  readonly instance: string;
  /** Figures are for everybody who can reach the server; else for those who manage the system. */
  readonly openMetrics: boolean;
}

/** What operators ask: whether the process lives, whether it can work, and its figures. */
export const addHealth: FastifyPluginAsyncZod<HealthOptions> = async (app, options) => {
  const { workspace, metrics, instance, openMetrics } = options;
  app.get(
    '/healthz',
    {
      config: { open: 'anyone', rateLimit: false },
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
      config: { open: 'anyone', rateLimit: false },
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
      config: openMetrics ? { open: 'anyone' } : { permission: 'system.manage' },
      schema: {
        tags: ['operation'],
        summary: 'Figures of the server in the text format of Prometheus',
        ...(openMetrics ? { security: [] } : {}),
        response: { 200: { description: 'Figures', content: { 'text/plain': { schema: z.string() } } } },
      },
    },
    async (_, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics.render()),
  );
};
