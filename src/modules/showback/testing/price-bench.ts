import { type FastifyInstance, fastify } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import {
  type Caller,
  everything,
  fixedClock,
  nothing,
  Refusal,
  type SomeScope,
} from '../../../platform/kernel/index.ts';
import type { Tx } from '../../../platform/records/index.ts';
import { openTestRecords, type TestRecords } from '../../../platform/records/testing/test-records.ts';
import { type LineInput, lineInputSchema, type NewLine, newLine } from '../price-line.ts';
import { priceRoutes } from '../price-routes.ts';

/** The moment of every test: 2026-11-21. */
export const now = new Date('2026-11-21T10:00:00Z');

/** An answer of the API; a refusal has its `code` and `message` in the body. */
export interface PriceAnswer {
  readonly status: number;
  /** Whatever the answer's JSON holds; the text where it is none. */
  readonly body: ReturnType<typeof JSON.parse>;
  readonly bytes: Buffer;
  readonly etag: string | undefined;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface How {
  readonly ifMatch?: string;
  /** The caller sees this only. */
  readonly scope?: Partial<SomeScope>;
}

/** Price views over fresh records, by functions and by HTTP, as whoever a test wants to be. */
export interface PriceBench extends TestRecords {
  readonly app: FastifyInstance;
  /** `send('PUT', '/price-views/v/draft/lines', { lines }, { ifMatch: '"v1"' })`; by a caller without limits unless named. */
  readonly send: (method: Method, path: string, body?: unknown, how?: How) => Promise<PriceAnswer>;
  readonly write: <T>(work: (tx: Tx) => Promise<T>, caller?: Caller) => Promise<T>;
  readonly read: <T>(work: (tx: Tx) => Promise<T>, caller?: Caller) => Promise<T>;
  /** Cells of consumption: `consume(['2026-10', 'retail', 'vcpu', 'prod', 'n_a', 'DIRECT', '100'])`; each of one application. */
  readonly consume: (...cells: readonly (readonly string[])[]) => Promise<void>;
}

/** Somebody who sees everything, or what is named. */
export function personOf(scope?: Partial<SomeScope>): Caller {
  const actor = {
    kind: 'person',
    id: 'p1',
    name: 'ann@example.com',
    address: null,
    requestId: 'r1',
  } as const;
  return { actor, scope: scope === undefined ? everything : { ...nothing, ...scope } };
}

/** A line in EUR as it is kept, of what a test says of it: the price of a vCPU-hour from January 2026 on, unless it says otherwise. */
export function lineOf(given: Partial<LineInput> = {}): NewLine {
  return newLine(lineInputSchema.parse(inputOf(given)), 'EUR');
}

/** The same as people give it. */
export function inputOf(given: Partial<LineInput> = {}): LineInput {
  const isPool = given.kind === 'pool';
  return {
    level: 'product',
    target: 'vcpu',
    validFrom: '2026-01',
    ...(isPool ? {} : { unit: 'vCPU-hour' }),
    ...(given.tiers ? {} : { amount: '0.04' }),
    ...given,
  };
}

/**
 * Opens it with the entities retail (application shop) and labs (lab), and with products: vcpu in vCPU-hour and gpu in GPU-hour of the
 * domain compute, disk and tape in GB-month of the family blocks in storage, seat in seat of licences, and the weights net.
 */
export async function openPriceBench(): Promise<PriceBench> {
  const test = await openTestRecords();
  await test.records.asOwner(fillCatalogue);
  const app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  // Answers are held against their contract.
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(tellRefusal);
  app.decorateRequest('caller');
  app.addHook('onRequest', async (request) => {
    const scope = request.headers['x-scope'] as string | undefined;
    request.caller = personOf(scope === undefined ? undefined : JSON.parse(scope));
  });
  await app.register(priceRoutes, {
    records: async () => test.records,
    clock: fixedClock(now.toISOString()),
  });
  return {
    ...test,
    app,
    send: (method, path, body, how) => send(app, { method, path, body, how }),
    write: (work, caller = personOf()) => test.records.write(caller, work),
    read: (work, caller = personOf()) => test.records.read(caller, work),
    consume: (...cells) => test.records.asOwner((tx) => insertCells(tx, cells)),
    close: async () => {
      await app.close();
      await test.close();
    },
  };
}

async function fillCatalogue(tx: Tx): Promise<void> {
  const entity = { country: 'FR', currency: 'EUR', time_zone: 'UTC' };
  const named = (id: string) => ({ id, label: id });
  await tx
    .insertInto('entity')
    .values([
      { ...named('retail'), ...entity },
      { ...named('labs'), ...entity },
    ])
    .execute();
  await tx
    .insertInto('application')
    .values([
      { ...named('shop'), entity_id: 'retail', environments: ['prod'] },
      { ...named('lab'), entity_id: 'labs', environments: ['prod'] },
    ])
    .execute();
  await tx.insertInto('domain').values(['compute', 'storage', 'licences', 'network'].map(named)).execute();
  await tx
    .insertInto('family')
    .values([{ ...named('blocks'), domain_id: 'storage' }])
    .execute();
  const product = (id: string, domain_id: string, unit: string, family_id: string | null = null) => ({
    ...{ ...named(id), domain_id, family_id, unit },
  });
  await tx
    .insertInto('product')
    .values([
      product('vcpu', 'compute', 'vCPU-hour'),
      product('gpu', 'compute', 'GPU-hour'),
      product('disk', 'storage', 'GB-month', 'blocks'),
      product('tape', 'storage', 'GB-month', 'blocks'),
      product('seat', 'licences', 'seat'),
      product('net', 'network', 'weight'),
    ])
    .execute();
}

async function insertCells(tx: Tx, cells: readonly (readonly string[])[]): Promise<void> {
  const rows = cells.map(
    ([
      period = '',
      entity_id = '',
      product_id = '',
      environment = '',
      region = '',
      kind = '',
      quantity = '',
    ]) => ({
      ...{ period, entity_id, product_id, environment, region, quantity, applications: 1, facts: 1 },
      kind: kind as 'DIRECT' | 'INDIRECT',
    }),
  );
  await tx.insertInto('consumption_product').values(rows).execute();
}

const tellRefusal: Parameters<FastifyInstance['setErrorHandler']>[0] = (error, _, reply) => {
  const { statusCode = 500, message } = error as Error & { readonly statusCode?: number };
  if (error instanceof Refusal)
    return reply.code(error.status).send({ code: error.code, message, params: error.params });
  return reply
    .code(statusCode)
    .send({ code: statusCode === 400 ? 'server.invalid' : 'server.defect', message });
};

interface Asked {
  readonly method: Method;
  readonly path: string;
  readonly body: unknown;
  readonly how: How | undefined;
}

async function send(
  app: FastifyInstance,
  { method, path: url, body, how = {} }: Asked,
): Promise<PriceAnswer> {
  const headers = {
    ...(how.ifMatch === undefined ? {} : { 'if-match': how.ifMatch }),
    ...(how.scope === undefined ? {} : { 'x-scope': JSON.stringify(how.scope) }),
  };
  const response = await app.inject({
    ...{ method, url, headers },
    ...(body === undefined ? {} : { payload: body as object }),
  });
  const isJson = String(response.headers['content-type']).includes('json');
  return {
    status: response.statusCode,
    body: isJson ? response.json() : response.body,
    bytes: response.rawPayload,
    etag: response.headers['etag'] as string | undefined,
  };
}
