import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { afterCursor, pageOf } from '../../platform/records/index.ts';
import * as contract from './contract.ts';
import { historyOf } from './history.ts';
import type { Kind } from './kinds.ts';
import type { Values } from './model.ts';
import { idShape } from './model.ts';
import {
  createObject,
  findObject,
  listObjects,
  type OrganizationOptions,
  setActive,
  showObject,
  updateObject,
} from './objects.ts';
import { etagOf } from './precondition.ts';
import { entityOf } from './records.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

const reads = { permission: 'organization.read' } as const;
const writes = { permission: 'organization.write' } as const;
const tags = ['organization'];
const params = contract.objectParamsSchema;

/** List, show, create, change, retire, restore and history of one kind of object. */
export function addObjectRoutes(app: App, options: OrganizationOptions, kind: Kind): void {
  addReads(app, options, kind);
  addChanges(app, options, kind);
  addRetirement(app, options, kind);
}

function addReads(app: App, options: OrganizationOptions, kind: Kind): void {
  app.get(
    `/${kind.path}`,
    {
      config: reads,
      schema: {
        tags,
        summary: `${kind.path} by id, as they are, or as they were (asOf)`,
        querystring: contract.listQuerySchema(kind),
        response: { 200: contract.objectListSchema(kind) },
      },
    },
    async ({ caller, query }) => {
      const { page, active, asOf, filters } = listQuery(query);
      const found = await listObjects(options, { caller, kind }, dayFor(options, asOf), {
        filters,
        active,
        after: afterCursor(page.cursor, idShape),
        limit: page.limit + 1,
        asWas: asOf !== undefined,
      });
      return answer({ context: { asOf: asOf ?? null }, ...pageOf(found, page.limit, ({ id }) => id) });
    },
  );

  app.get(
    `/${kind.path}/:id`,
    {
      config: reads,
      schema: {
        tags,
        summary: `One ${kind.title}; the ETag is the version that a change names`,
        params,
        querystring: contract.asOfQuerySchema,
        response: { 200: contract.objectDetailSchema(kind) },
      },
    },
    async ({ caller, params: { id }, query: { asOf } }, reply) => {
      const object = await showObject(options, { caller, kind, id }, dayFor(options, asOf));
      return tagged(reply, object);
    },
  );

  app.get(
    `/${kind.path}/:id/history`,
    {
      config: reads,
      schema: {
        tags,
        summary: `Who changed the ${kind.title}, when and how; the newest change first`,
        params,
        querystring: contract.pageQuerySchema,
        response: { 200: contract.historySchema },
      },
    },
    async ({ caller, params: { id }, query }) => {
      const entity = entityOf(kind, await findObject(options, { caller, kind, id }));
      const object = { type: kind.name, title: kind.title, id, entity };
      return (await options.records()).read(caller, (tx) => historyOf(tx, caller, object, query));
    },
  );
}

function addChanges(app: App, options: OrganizationOptions, kind: Kind): void {
  app.post(
    `/${kind.path}`,
    {
      config: writes,
      schema: {
        tags,
        summary: `Create a ${kind.title} under an id of its own, for ever`,
        body: contract.newObjectSchema(kind),
        response: { 201: contract.objectSchema(kind) },
      },
    },
    async ({ caller, body }, reply) => {
      const { id, values, validFrom } = bodyOf(body);
      const object = await createObject(options, { caller, kind }, { id, values }, validFrom);
      return tagged(reply.code(201), object);
    },
  );

  app.patch(
    `/${kind.path}/:id`,
    {
      config: writes,
      schema: {
        tags,
        summary: `Change fields of a ${kind.title}; If-Match names the version`,
        params,
        body: contract.objectChangeSchema(kind),
        response: { 200: contract.objectSchema(kind) },
      },
    },
    async ({ caller, params: { id }, headers, body }, reply) => {
      const { values, validFrom } = bodyOf(body);
      const at = { caller, kind, id, ifMatch: headers['if-match'] };
      return tagged(reply, await updateObject(options, at, values, validFrom));
    },
  );
}

function addRetirement(app: App, options: OrganizationOptions, kind: Kind): void {
  app.delete(
    `/${kind.path}/:id`,
    {
      config: writes,
      schema: {
        tags,
        summary: `Retire a ${kind.title}: facts of the past keep it; If-Match names the version`,
        params,
        response: { 200: contract.objectSchema(kind) },
      },
    },
    async ({ caller, params: { id }, headers }, reply) => {
      const at = { caller, kind, id, ifMatch: headers['if-match'] };
      return tagged(reply, await setActive(options, at, false));
    },
  );

  app.post(
    `/${kind.path}/:id/restore`,
    {
      config: writes,
      schema: {
        tags,
        summary: `Restore a retired ${kind.title}; If-Match names the version`,
        params,
        body: contract.nothingSchema,
        response: { 200: contract.objectSchema(kind) },
      },
    },
    async ({ caller, params: { id }, headers }, reply) => {
      const at = { caller, kind, id, ifMatch: headers['if-match'] };
      return tagged(reply, await setActive(options, at, true));
    },
  );
}

/** What the schemas of a kind leave of a request. */
interface ListQuery {
  readonly page: { readonly limit: number; readonly cursor?: string };
  readonly active?: boolean;
  readonly asOf?: string;
  readonly filters: Readonly<Record<string, string>>;
}

function listQuery(query: Readonly<Record<string, unknown>>): ListQuery {
  const { limit, cursor, active, asOf, ...filters } = query;
  return { page: { limit, cursor }, active, asOf, filters } as ListQuery;
}

interface Body {
  readonly id: string;
  readonly validFrom: string | undefined;
  readonly values: Values;
}

function bodyOf(body: Readonly<Record<string, unknown>>): Body {
  const { id, validFrom, ...values } = body;
  return { id, validFrom, values: given(values) } as Body;
}

/** What was given; a field with `undefined` was not. */
function given(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function dayFor({ clock }: OrganizationOptions, asOf: string | undefined): string {
  return asOf === undefined ? clock.now().toISOString().slice(0, 10) : contract.dayOf(asOf);
}

function tagged<T extends { readonly version: number }>(reply: FastifyReply, object: T): never {
  reply.header('etag', etagOf(object.version));
  return answer(object);
}

/** Answers whose schema follows from the kind have no type that the compiler could check. */
function answer(value: unknown): never {
  return value as never;
}
