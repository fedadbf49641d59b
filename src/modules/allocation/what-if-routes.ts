import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
// Routes say in `config` what they demand, and find the caller on the request.
import type {} from '../../platform/access/index.ts';
import type { AdviceOptions } from './economics-month.ts';
import { growDriver } from './growth-report.ts';
import { whatIf } from './what-if.ts';
import * as contract from './what-if-contract.ts';

const tags = ['allocation what-if'];
const reads = { permission: 'allocation.read' } as const;

/** Bytes of a whole graph with its request: some 50,000 edges. */
const documentLimit = 33_554_432;

/** What would be, if: questions only, nothing is kept. */
export const whatIfRoutes: FastifyPluginAsyncZod<AdviceOptions> = async (app, { workspace, records }) => {
  app.post(
    '/allocation/what-if',
    {
      bodyLimit: documentLimit,
      config: reads,
      schema: {
        tags,
        summary: 'What products of a month would cost with another graph or other usage; nothing is kept',
        body: contract.whatIfRequestSchema,
        response: { 200: contract.whatIfSchema },
      },
    },
    async ({ caller, body }) => whatIf({ workspace, records: await records() }, caller, body),
  );

  app.post(
    '/allocation/growth',
    {
      config: reads,
      schema: {
        tags,
        summary:
          'What a driver that grows does to pools and products, with pools that stay and with pools that grow',
        body: contract.growthRequestSchema,
        response: { 200: contract.growthSchema },
      },
    },
    async ({ caller, body }) => growDriver({ workspace, records: await records() }, caller, body),
  );
};
