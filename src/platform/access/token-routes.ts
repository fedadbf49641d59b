import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { must, mutable } from '../kernel/index.ts';
import { afterCursor, pageOf } from '../records/index.ts';
import * as contract from './contract.ts';
import { accessErrors } from './errors.ts';
import type { Principal } from './model.ts';
import { permissions } from './permissions.ts';
import type { AccessRouteOptions } from './routes.ts';
import { createToken, endToken, managesPeople, readTokens } from './tokens.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

const config = { open: 'signedIn' } as const;
const tags = ['tokens'];

/** API tokens: one's own, and with person.manage everybody's. */
export function addTokenRoutes(app: App, options: AccessRouteOptions): void {
  app.get(
    '/tokens',
    {
      config,
      schema: {
        tags,
        summary: 'One’s own API tokens; with person.manage everybody’s',
        querystring: contract.tokensQuerySchema,
        response: { 200: contract.tokenListSchema },
      },
    },
    async ({ caller, principal, query }) => {
      const { limit, cursor, person } = query;
      const ownerId = managesPeople(principal) ? person : ownOnly(principal, person);
      const asked = {
        limit: limit + 1,
        after: afterCursor(cursor),
        ...(ownerId === undefined ? {} : { ownerId }),
      };
      const tokens = await readTokens(options, caller, asked);
      return mutable({ context: {}, ...pageOf(tokens, limit, (token) => token.id) });
    },
  );

  app.post(
    '/tokens',
    {
      config,
      schema: {
        tags,
        summary: 'Make an API token; it is shown this once',
        description:
          'It never does more than its owner may: losing a role, its owner loses it in the token, too.',
        body: contract.newTokenSchema.meta({
          example: {
            name: 'nightly report',
            grant: { role: 'accountant' },
            expiresAt: '2027-01-31T00:00:00Z',
          },
        }),
        response: { 201: contract.madeTokenSchema },
      },
    },
    async ({ caller, principal, body }, reply) => {
      const { name, grant, expiresAt, person } = body;
      if (principal?.token) throw accessErrors.notByToken({});
      const personId = managesPeople(principal) && person ? person : ownOnly(principal, person);
      const made = await createToken(options, caller, { personId, name, grant, expiresAt });
      return reply.code(201).send(mutable(made));
    },
  );

  app.delete(
    '/tokens/:id',
    {
      config,
      schema: {
        tags,
        summary: 'End an API token for ever',
        params: contract.tokenParamsSchema,
        response: { 200: contract.tokenSchema },
      },
    },
    async ({ caller, principal, params }) => {
      const ownerId = managesPeople(principal) ? undefined : ownOnly(principal, undefined);
      return mutable(await endToken(options, caller, { id: params.id, ownerId }));
    },
  );
}

/** The caller's own id. Refusals: `access.forbidden` for somebody else's, `noOwner` for callers who are no person. */
function ownOnly(principal: Principal | null, asked: string | undefined): string {
  const { personId } = must(principal, 'the principal');
  if (personId === null) throw accessErrors.noOwner({});
  if (asked === undefined || asked === personId) return personId;
  throw accessErrors.forbidden({ permission: 'person.manage', meaning: permissions['person.manage'] });
}
