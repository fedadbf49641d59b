import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { must, mutable } from '../kernel/index.ts';
import { afterCursor, pageOf } from '../records/index.ts';
import * as contract from './contract.ts';
import { accessErrors } from './errors.ts';
import { invite } from './links.ts';
import {
  createPerson,
  etagOf,
  type PersonAt,
  readPeople,
  readPerson,
  setGrants,
  setPassword,
  updatePerson,
} from './people.ts';
import type { Person } from './people-sql.ts';
import { permissions } from './permissions.ts';
import type { AccessRouteOptions } from './routes.ts';
import { managesPeople } from './tokens.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

const config = { permission: 'person.manage' } as const;
const tags = ['people'];

/** People, their roles and passwords. */
export function addPeopleRoutes(app: App, options: AccessRouteOptions): void {
  addReads(app, options);
  addChanges(app, options);
  addPasswords(app, options);
}

function addReads(app: App, options: AccessRouteOptions): void {
  app.get(
    '/people',
    {
      config,
      schema: {
        tags,
        summary: 'People, by e-mail',
        querystring: contract.peopleQuerySchema,
        response: { 200: contract.peopleListSchema },
      },
    },
    async ({ caller, query }) => {
      const { limit, cursor, email } = query;
      const asked = {
        limit: limit + 1,
        after: afterCursor(cursor),
        ...(email === undefined ? {} : { email }),
      };
      const people = await readPeople(options, caller, asked);
      return mutable({ context: {}, ...pageOf(people, limit, (person) => person.email.toLowerCase()) });
    },
  );

  app.get(
    '/people/:id',
    {
      config,
      schema: {
        tags,
        summary: 'One person; the ETag is the version that a change names',
        params: contract.personParamsSchema,
        response: { 200: contract.personSchema },
      },
    },
    async ({ caller, params }, reply) => tagged(reply, await readPerson(options, caller, params.id)),
  );
}

function addChanges(app: App, options: AccessRouteOptions): void {
  app.post(
    '/people',
    {
      config,
      schema: {
        tags,
        summary: 'Add a person, who signs in with the link of an invitation or through the provider',
        body: contract.newPersonSchema.meta({
          example: {
            email: 'ann@example.com',
            name: 'Ann Example',
            grants: [{ role: 'entity.viewer', scopeKind: 'entities', scopeIds: ['retail'] }],
          },
        }),
        response: { 201: contract.personSchema },
      },
    },
    async ({ caller, body }, reply) => {
      const person = await createPerson(options, caller, body);
      return tagged(reply.code(201), person);
    },
  );

  app.patch(
    '/people/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Change e-mail, name, or whether a person is active; If-Match names the version',
        params: contract.personParamsSchema,
        body: contract.personChangeSchema.meta({ example: { active: false } }),
        response: { 200: contract.personSchema },
      },
    },
    async (request, reply) => {
      const { caller, body } = request;
      return tagged(reply, await updatePerson(options, caller, personAt(request), body));
    },
  );

  app.put(
    '/people/:id/grants',
    {
      config,
      schema: {
        tags,
        summary: 'Give a person these roles and no others; If-Match names the version',
        params: contract.personParamsSchema,
        body: contract.grantsChangeSchema.meta({
          example: { grants: [{ role: 'accountant', scopeKind: 'all' }] },
        }),
        response: { 200: contract.personSchema },
      },
    },
    async (request, reply) => {
      const { caller, body } = request;
      return tagged(reply, await setGrants(options, caller, personAt(request), body.grants));
    },
  );
}

function addPasswords(app: App, options: AccessRouteOptions): void {
  app.post(
    '/people/:id/password',
    {
      config: { open: 'signedIn' },
      schema: {
        tags,
        summary: 'Set a password: one’s own with the current one, others’ with person.manage',
        description: 'Every other session of the person ends.',
        params: contract.personParamsSchema,
        body: contract.newPasswordSchema,
        response: { 204: z.null().describe('Set') },
      },
    },
    async (request, reply) => {
      const { personId, session } = must(request.principal, 'the principal');
      const isOwn = session !== null && personId === request.params.id;
      if (!isOwn && !managesPeople(request.principal))
        throw accessErrors.forbidden({
          permission: config.permission,
          meaning: permissions['person.manage'],
        });
      const { password, current } = request.body;
      const changed = { personId: request.params.id, password, sessionId: isOwn ? session.id : null };
      // One's own is never set without the one before, whatever one's role: the session may be stolen.
      await setPassword(options, request.caller, isOwn ? { ...changed, current: current ?? '' } : changed);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/people/:id/invitations',
    {
      config,
      schema: {
        tags,
        summary: 'A link, good once and for three days, with which a person sets a password',
        params: contract.personParamsSchema,
        response: { 201: contract.linkSchema },
      },
    },
    async ({ caller, params }, reply) => {
      const { token, expiresAt } = await invite(options, caller, params.id);
      const url = `${options.publicUrl ?? options.localUrl()}/set-password#${token}`;
      return reply.code(201).send({ url, expiresAt });
    },
  );
}

function tagged(reply: FastifyReply, person: Person): contract.PersonAnswer {
  reply.header('etag', etagOf(person));
  return mutable(person);
}

/** The person of the address at the version of If-Match; `*`: any. Refusals: `access.noVersion`, `staleVersion`. */
function personAt(request: FastifyRequest<{ Params: { id: string } }>): PersonAt {
  const given = request.headers['if-match'];
  if (given === undefined) throw accessErrors.noVersion({});
  const { id } = request.params;
  if (given.trim() === '*') return { id, version: null };
  const version = /^\s*(?:W\/)?"(\d{1,9})"\s*$/.exec(given)?.[1];
  // No version is 0: what is not one of our tags fits nothing.
  return { id, version: version === undefined ? 0 : Number(version) };
}
