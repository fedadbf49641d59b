import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type FastifyInstance, fastify } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { sql } from 'kysely';
import { type Jobs, openJobs } from '../../../platform/jobs/index.ts';
import { Refusal, type SomeScope, systemClock } from '../../../platform/kernel/index.ts';
import { openRunBench, personOf, type RunBench } from '../../allocation/testing/run-bench.ts';
import type { ConsumptionImportResult, ConsumptionVerification } from '../consumption-contract.ts';
import { deriveFromBill } from '../consumption-focus.ts';
import { consumptionHandlers } from '../consumption-handlers.ts';
import { deriveFromRetained } from '../consumption-retained.ts';
import { consumptionRoutes } from '../consumption-routes.ts';

/** An answer of the API; a refusal has its `code` and `message` in the body. */
export interface ConsumptionAnswer {
  readonly status: number;
  /** Whatever the answer's JSON holds; the text where it is none. */
  readonly body: ReturnType<typeof JSON.parse>;
}

/**
 * Consumption over fresh records and a lake, asked by HTTP as whoever a test wants to be. Entity retail has the applications
 * `shop` and `site` (prod) and `blog` (prod and non_prod), labs has `lab` (prod). Products: `disk` and `backup` in GB-month,
 * `vcpu` in vCPU-hour, `lan` in weight, `old` in hosts, which is retired.
 */
export interface ConsumptionBench extends RunBench {
  readonly app: FastifyInstance;
  readonly jobs: Jobs;
  /** Files may be imported from here; those of retail from `retail/`. */
  readonly folder: string;
  readonly send: (
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    scope?: Partial<SomeScope>,
  ) => Promise<ConsumptionAnswer>;
  /** Imports a text of source `cmdb`; throws what is refused. */
  readonly bring: (csv: string, how?: Readonly<Record<string, unknown>>) => Promise<ConsumptionImportResult>;
  /** What an import is refused with. */
  readonly refusal: (
    csv: string,
    how?: Readonly<Record<string, unknown>>,
    scope?: Partial<SomeScope>,
  ) => Promise<{
    readonly status: number;
    readonly code: string;
    readonly message: string;
    readonly params: ReturnType<typeof JSON.parse>;
  }>;
  /** Takes away all facts, origins, imports and states of months. */
  readonly clear: () => Promise<void>;
  /** What the verifier says. */
  readonly verification: () => Promise<ConsumptionVerification>;
  /** Rows of a statement over the records, past all limits. */
  readonly stored: (statement: string) => Promise<Record<string, unknown>[]>;
}

const catalogue = `
insert into domain (id, label) values ('infra', 'Infrastructure');
insert into product (id, label, domain_id, unit, retired_at) values
  ('disk', 'Disk', 'infra', 'GB-month', null), ('backup', 'Backup', 'infra', 'GB-month', null),
  ('vcpu', 'Virtual CPU', 'infra', 'vCPU-hour', null), ('lan', 'Network', 'infra', 'weight', null),
  ('old', 'Old hosts', 'infra', 'hosts', '2026-01-01T00:00:00Z');
insert into application (id, entity_id, environments, label) values
  ('site', 'retail', '{prod}', 'Site'), ('blog', 'retail', '{prod,non_prod}', 'Blog')`;

/** What `clear` empties, what points at others first. */
const emptied = [
  ...[
    'consumption',
    'consumption_summary',
    'consumption_product',
    'consumption_part',
    'consumption_watermark',
  ],
  ...['consumption_origin', 'consumption_reject', 'consumption_import', 'period_state'],
];

/** Opens it. Sources of bills as `openRunBench` takes them. */
export async function openConsumptionBench(
  sources: Parameters<typeof openRunBench>[0] = {},
): Promise<ConsumptionBench> {
  const bench = await openRunBench(sources);
  const { records: opened, workspace, root } = bench;
  await opened.asOwner(async (tx) => {
    for (const statement of catalogue.split(';')) await sql.raw(statement).execute(tx);
  });
  const folder = join(root, 'deliveries');
  await mkdir(join(folder, 'retail'), { recursive: true });
  const records = async () => opened;
  const derivers = { focus: deriveFromBill, allocation: deriveFromRetained };
  const jobs = await openJobs({
    ...{ records: opened, clock: systemClock, randomness: workspace.randomness, concurrency: 1 },
    handlers: consumptionHandlers({
      ...{ workspace, records, derivers },
      rootsOf: (_, scope) =>
        scope.kind === 'all' ? [folder] : scope.entities.map((entity) => join(folder, entity)),
    }),
    log: {
      info: () => {},
      error: (...said: unknown[]) => process.stderr.write(`${said.map(String).join(' ')}\n`),
    },
  });
  const app = await openApp();
  const problemOf = (error: unknown) => ({ detail: String(error) });
  await app.register(consumptionRoutes, {
    records,
    jobs: async () => jobs,
    clock: workspace.clock,
    problemOf,
  });
  const send: ConsumptionBench['send'] = async (method, url, body, scope) => {
    const response = await app.inject({
      method,
      url,
      headers: scope === undefined ? {} : { 'x-scope': JSON.stringify(scope) },
      ...(body === undefined ? {} : { payload: body as object }),
    });
    const isJson = String(response.headers['content-type']).includes('json');
    return { status: response.statusCode, body: isJson ? response.json() : response.body };
  };
  const stored: ConsumptionBench['stored'] = (statement) =>
    opened.asOwner(async (tx) => (await sql.raw<Record<string, unknown>>(statement).execute(tx)).rows);
  return {
    ...bench,
    ...{ app, jobs, folder, send },
    bring: async (csv, how = {}) => {
      const { status, body } = await send('POST', '/consumption/imports', { source: 'cmdb', csv, ...how });
      if (status !== 200) throw new Error(`${body.code}: ${body.message}`);
      return body;
    },
    refusal: async (csv, how = {}, scope) => {
      const { status, body } = await send(
        'POST',
        '/consumption/imports',
        { source: 'cmdb', csv, ...how },
        scope,
      );
      return { status, code: body.code, message: body.message, params: body.params };
    },
    clear: async () => {
      for (const table of emptied) await stored(`delete from ${table}`);
    },
    verification: async () => (await send('GET', '/consumption/verification')).body,
    stored,
    close: async () => {
      await jobs.close();
      await app.close();
      await bench.close();
    },
  };
}

async function openApp(): Promise<FastifyInstance> {
  const app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  // Answers are held against their contract.
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, _, reply) => {
    const { statusCode = 500, message } = error as Error & { readonly statusCode?: number };
    if (error instanceof Refusal)
      return reply.code(error.status).send({ code: error.code, message, params: error.params });
    if (statusCode >= 500) process.stderr.write(`${(error as Error).stack}\n`);
    return reply
      .code(statusCode)
      .send({ code: statusCode === 400 ? 'server.invalid' : 'server.defect', message });
  });
  app.decorateRequest('caller');
  app.addHook('onRequest', async (request) => {
    const scope = request.headers['x-scope'] as string | undefined;
    request.caller = personOf(scope === undefined ? undefined : JSON.parse(scope));
  });
  return app;
}
