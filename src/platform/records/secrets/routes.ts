import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Clock } from '../../kernel/index.ts';
import * as contract from '../contract.ts';
import type { Records } from '../records.ts';
import { listKeys, pruneKeys, rotateKeys } from './rotate-keys.ts';
import type { Secrets } from './secrets.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

export interface KeyRouteOptions {
  readonly records: () => Promise<Records>;
  readonly secrets: () => Promise<Secrets>;
  readonly clock: Clock;
}

const config = { permission: 'system.manage' } as const;
const tags = ['keys'];

/** The keys of sealed fields: list, rotate, prune. No answer holds a key. */
export function addKeyRoutes(app: App, { records, secrets, clock }: KeyRouteOptions): void {
  async function list(): Promise<contract.KeyList> {
    const opened = await secrets();
    const items = await listKeys(opened, { records: await records() });
    return { context: { origin: opened.store.origin }, items: [...items] };
  }

  app.get(
    '/keys',
    {
      config,
      schema: { tags, summary: 'The keys and what they seal', response: { 200: contract.keyListSchema } },
    },
    list,
  );

  app.post(
    '/keys/rotate',
    {
      config,
      schema: {
        tags,
        summary: 'Make a new key current and seal every field again with it',
        body: contract.keyRotateRequestSchema,
        response: { 200: contract.keyRotatedSchema },
      },
    },
    async ({ caller }) => {
      const rotated = await rotateKeys(await secrets(), { records: await records() }, { caller, clock });
      return { ...rotated, ...(await list()) };
    },
  );

  app.post(
    '/keys/prune',
    {
      config,
      schema: {
        tags,
        summary: 'Remove retired keys that nothing is sealed with',
        body: contract.keyPruneRequestSchema,
        response: { 200: contract.keyPrunedSchema },
      },
    },
    async ({ caller, body }) => {
      const by = { caller, clock, evenNow: body.evenNow };
      const removed = await pruneKeys(await secrets(), { records: await records() }, by);
      return { removed: [...removed], ...(await list()) };
    },
  );
}
