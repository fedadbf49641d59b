import type { FastifyInstance, RouteOptions } from 'fastify';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { type Bench, csv, focus, openBench, put } from '../../modules/ingestion/testing/bills.ts';
import { loadConfig } from '../../platform/config/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { buildApp } from './app.ts';
import { type Books, openBooks } from './books.ts';
import { problemSchema } from './contract.ts';
import { lakeReads } from './etag.ts';
import {
  hugeText,
  type JsonSchema,
  jsonSchemaOf,
  metacharacters,
  type Place,
  placesIn,
  sampleOf,
  withValueAt,
  wrongValues,
} from './testing/bad-values.ts';

/** One method of one address, with what it says that it takes. */
interface Target {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly name: string;
  readonly bodyLimit: number;
  readonly params: z.ZodType | undefined;
  readonly query: z.ZodType | undefined;
  readonly body: z.ZodType | undefined;
}

interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly text: string;
}

let bench: Bench;
let prepared: PreparedRecords;
let books: Books;
let app: FastifyInstance;
const targets: Target[] = [];
const defects: unknown[] = [];

beforeAll(async () => {
  bench = await openBench();
  const { workspace, folder } = bench;
  prepared = await prepareTestRecords(workspace.root);
  const config = loadConfig({ env: prepared.env, cwd: folder });
  books = openBooks({ workspace, config });
  app = await buildApp({
    workspace,
    config,
    books,
    onRoute: addTargets,
    onDefect: (error) => defects.push(error),
  });
  const bill = await put(bench, 'saas-2026-10.csv', csv(focus({ BilledCost: '10', EffectiveCost: '9' })));
  await good('POST', '/imports', { path: bill, source: 'saas' });
  await good('POST', '/entities', { id: 'retail', label: 'Retail', country: 'FR', currency: 'EUR' });
  await good('POST', '/entities', { id: 'labs', label: 'Labs', country: 'DE', currency: 'EUR' });
  await good('POST', '/domains', { id: 'data', label: 'Data' });
  await good('POST', '/families', { id: 'sql', label: 'SQL', domain: 'data' });
  await good('POST', '/products', { id: 'pg', label: 'PostgreSQL', domain: 'data', unit: 'GB' });
  await good('POST', '/teams', { id: 'core', label: 'Core' });
  await good('POST', '/cost-centres', { id: 'cc', label: 'Centre', entity: 'retail' });
  await good('POST', '/applications', { id: 'shop', label: 'Shop', entity: 'retail' });
  await good('PUT', '/source-assignments/saas', { entity: 'retail' });
});
afterAll(async () => {
  await app.close();
  await books.close();
  await prepared.remove();
  await bench.close();
});

function addTargets({ method: methods, url, schema, bodyLimit = 1_048_576 }: RouteOptions): void {
  for (const method of [methods].flat()) {
    if (method === 'HEAD') continue;
    const { params, querystring: query, body } = (schema ?? {}) as Readonly<Record<string, z.ZodType>>;
    targets.push({ method, url, name: `${method} ${url}`, bodyLimit, params, query, body } as Target);
  }
}

/** A request that must succeed: what the bad ones must not change. */
async function good(method: Target['method'], path: string, body: unknown): Promise<void> {
  const { status, text } = await send(method, `/api/v1${path}`, JSON.stringify(body));
  expect([`${method} ${path}`, status < 300, text]).toEqual([`${method} ${path}`, true, expect.any(String)]);
}

async function send(
  method: Target['method'],
  url: string,
  payload?: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const answer = await app.inject({
    method,
    url,
    headers: { 'content-type': 'application/json', 'if-match': '"1"', ...headers },
    ...(payload === undefined ? {} : { payload }),
  });
  const isProblem = String(answer.headers['content-type']).startsWith('application/problem+json');
  const code = isProblem ? problemSchema.parse(answer.json()).code : undefined;
  return { status: answer.statusCode, code, text: answer.body };
}

/** Everything that is kept: each table of the records by number and content of its rows, the lake, the exports. */
async function everythingKept(): Promise<Readonly<Record<string, string>>> {
  const records = await books.records();
  const tables = await records.asOwner(async (tx) => {
    const { rows } = await sql<{ name: string }>`
      select table_name as name from information_schema.tables
      where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`.execute(tx);
    const found: [string, string][] = [];
    for (const { name } of rows) {
      const { rows: sums } = await sql<{ rows: number; content: string }>`
        select count(*)::integer as rows, coalesce(sum(hashtextextended(t::text, 0)), 0)::text as content
        from ${sql.table(name)} t`.execute(tx);
      found.push([name, `${sums[0]?.rows} rows, ${sums[0]?.content}`]);
    }
    return found;
  });
  const { generation } = await bench.workspace.lake.current();
  const exports = await send('GET', '/api/v1/exports');
  return { ...Object.fromEntries(tables), lake: `${generation}`, exports: exports.text };
}

/**
 * Does it, and fails with what was found, with bugs of ours, and when anything that is kept is not what it was. The work shows
 * each answer: one that is no refusal with a code is a finding.
 */
async function changingNothing(work: (refused: Look) => Promise<void>): Promise<void> {
  const before = await everythingKept();
  const findings: string[] = [];
  defects.length = 0;
  await work((what, { status, code, text }) => {
    if (status < 400 || status >= 500 || code === undefined)
      findings.push(`${what}: ${status} ${code ?? ''} ${text.slice(0, 200)}`);
  });
  expect(findings).toEqual([]);
  expect(defects).toEqual([]);
  expect(await everythingKept()).toEqual(before);
}

type Look = (what: string, answer: Answer) => void;

const isApi = ({ url }: Target) => url.startsWith('/api/v1/');
const takesBody = ({ method }: Target) => method !== 'GET';

/** The address with every parameter that is missing in `given` filled in: of nothing that there is. */
function addressOf({ url, params }: Target, given: Readonly<Record<string, string>> = {}): string {
  const schema: JsonSchema = params ? jsonSchemaOf(params) : {};
  return url.replace(/:(\w+)/g, (_, name: string) =>
    encoded(given[name] ?? String(sampleOf(schema.properties?.[name] ?? {}))),
  );
}

/** Half of a character cannot be written in an address; as UTF-8 it is none. */
const encoded = (text: string) =>
  encodeURIComponent(text === '\ud800' ? '' : text).concat(text === '\ud800' ? '%ed%a0%80' : '');
const bodyOf = ({ body }: Target) => (body ? sampleOf(jsonSchemaOf(body)) : {});
const fits = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success;

/** A body with a wrong value in each of its places; those that the schema takes all the same are left out. */
function* wrongBodies(target: Target): Generator<readonly [place: Place, value: unknown, body: unknown]> {
  if (!target.body) return;
  const [base, places] = [bodyOf(target), placesIn(jsonSchemaOf(target.body))];
  for (const place of [[], ...places])
    for (const value of wrongValues) {
      const body = withValueAt(base, place, value);
      if (!fits(target.body, JSON.parse(JSON.stringify(body)))) yield [place, value, body];
    }
}

const short = (value: unknown) => JSON.stringify(value).slice(0, 60);

describe('the routes', () => {
  it('are all looked at, and say what they take', () => {
    expect(targets.length).toBeGreaterThan(70);
    const listed = app.printRoutes({ commonPrefix: false }).match(/\(([A-Z, ]+)\)/g) ?? [];
    const methods = listed.flatMap((text) => text.slice(1, -1).split(', ')).filter((name) => name !== 'HEAD');
    expect(targets.length).toBe(methods.length);
    const silent = targets.filter(({ url, params }) => url.includes(':') && !params);
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  it('have bodies that this test can make: each sample fits its schema', () => {
    const unfit = targets.filter(({ body }) => body && !fits(body, sampleOf(jsonSchemaOf(body))));
    expect(unfit.map(({ name }) => name)).toEqual([]);
  });

  it('of the lake are those with its ETag', () => {
    for (const url of lakeReads) expect([url, app.hasRoute({ method: 'GET', url })]).toEqual([url, true]);
  });

  it('bound every text that they take', () => {
    const unbounded = targets.flatMap((target) => {
      const { name, body } = target;
      if (!body) return [];
      const takes = (place: Place) => fits(body, withValueAt(bodyOf(target), place, hugeText));
      return placesIn(jsonSchemaOf(body))
        .filter(takes)
        .map((place) => `${name} ${place.join('.')}`);
    });
    expect(unbounded).toEqual([
      'POST /api/v1/organization/import csv',
      'POST /api/v1/usage/imports csv',
      'POST /api/v1/price-views/:view/draft/import csv',
      'POST /api/v1/fx-rates/import csv',
      'POST /api/v1/consumption/imports csv',
    ]);
  });
});

describe('a body', () => {
  it.each([
    ['with a field that nobody knows', (base: object) => JSON.stringify({ ...base, surprise: 1 })],
    [
      'with a field that would change every object',
      (base: object) => `{"__proto__":{"admin":true},${JSON.stringify(base).slice(1)}`,
    ],
    ['cut off in the middle', (base: object) => JSON.stringify({ ...base, surprise: 'x' }).slice(0, -3)],
    ['that is a list', (base: object) => JSON.stringify([base])],
    ['that is a text', () => '"; drop table person; --"'],
    ['that is not JSON', () => "'; drop table person; --"],
    ['nested 10,000 times', () => '['.repeat(10_000) + ']'.repeat(10_000)],
    ['with a filter nested 5,000 times', () => `${'{"where":'.repeat(5000)}1${'}'.repeat(5000)}`],
  ])('%s is refused by every route, and changes nothing', async (_, make) => {
    await changingNothing(async (refused) => {
      for (const target of targets.filter(isApi).filter(takesBody)) {
        const answer = await send(target.method, addressOf(target), make(bodyOf(target) as object));
        refused(target.name, answer);
      }
    });
  });

  it('of another type than JSON is refused by every route', async () => {
    await changingNothing(async (_refused) => {
      for (const target of targets.filter(isApi).filter(takesBody))
        for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
          const payload = JSON.stringify(bodyOf(target));
          const answer = await send(target.method, addressOf(target), payload, { 'content-type': type });
          expect([target.name, type, answer.status]).toEqual([target.name, type, 415]);
        }
    });
  });

  it('over the limit of its route is refused with that limit', async () => {
    await changingNothing(async (_refused) => {
      for (const target of targets.filter(isApi).filter(takesBody)) {
        const payload = `{"x":"${'x'.repeat(target.bodyLimit)}"}`;
        const { status, text } = await send(target.method, addressOf(target), payload);
        const { code, params } = JSON.parse(text);
        const expected = [target.name, 413, 'server.tooLarge', target.bodyLimit];
        expect([target.name, status, code, params.limitBytes]).toEqual(expected);
      }
    });
  });

  it('with a wrong value in any of its fields is refused by every route, and changes nothing', async () => {
    let tried = 0;
    await changingNothing(async (refused) => {
      for (const target of targets.filter(isApi))
        for (const [place, value, body] of wrongBodies(target)) {
          tried++;
          const answer = await send(target.method, addressOf(target), JSON.stringify(body));
          refused(`${target.name} ${place.join('.')} = ${short(value)}`, answer);
        }
    });
    expect(tried).toBeGreaterThan(2000);
  });

  it('with a NUL in any of its texts is refused by every route', async () => {
    await changingNothing(async (refused) => {
      for (const target of targets.filter(isApi).filter(({ body }) => body)) {
        for (const place of placesIn(jsonSchemaOf(target.body as z.ZodType))) {
          const payload = JSON.stringify(withValueAt(bodyOf(target), place, 'a\u0000b'));
          const answer = await send(target.method, addressOf(target), payload);
          refused(`${target.name} ${place.join('.')}`, answer);
        }
      }
    });
  });
});

describe('an address', () => {
  const ids = [...metacharacters, 'x'.repeat(301), 'x'.repeat(5000), '.', '..', '%zz'];

  it('with SQL, paths or control characters for an id is refused by every route, and changes nothing', async () => {
    await changingNothing(async (refused) => {
      for (const target of targets.filter(({ url }) => url.includes(':'))) {
        const payload = takesBody(target) ? JSON.stringify(bodyOf(target)) : undefined;
        for (const [, name = ''] of target.url.matchAll(/:(\w+)/g))
          for (const id of ids) {
            const answer = await send(target.method, addressOf(target, { [name]: id }), payload);
            refused(`${target.name} ${name} = ${short(id)}`, answer);
          }
      }
    });
  });

  it('that climbs out of the API finds nothing', async () => {
    const paths = [
      '/api/v1/../../etc/passwd',
      '/api/v1/%2e%2e/%2e%2e/etc/passwd',
      '/api/v1/exports/..%2f..%2flake%2fmanifest%2f000001.json',
      '/api/v1/exports/..%5c..%5clake',
      '/api/v1//sources',
      '/API/V1/sources',
      '/api/v1/sources/',
      '/api/v1/sources%00',
      '/api/v1/sources;x=1',
    ];
    await changingNothing(async (refused) => {
      for (const path of paths) refused(path, await send('GET', path));
    });
  });

  it('with a query nested 600 times is refused', async () => {
    const filter = `${'{"and":['.repeat(600)}${']}'.repeat(600)}`;
    const q = `{"measures":[{"sum":"BilledCost"}],"where":${filter}}`;
    await changingNothing(async (refused) =>
      refused('q', await send('GET', `/api/v1/cost-queries?q=${encodeURIComponent(q)}`)),
    );
  });

  it('with a question that nobody knows is refused by every route of the API', async () => {
    await changingNothing(async (refused) => {
      for (const target of targets.filter(isApi)) {
        const payload = takesBody(target) ? JSON.stringify(bodyOf(target)) : undefined;
        for (const query of ['surprise=1', 'dryrun=true', '__proto__=1', 'constructor[prototype]=1'])
          refused(
            `${target.name}?${query}`,
            await send(target.method, `${addressOf(target)}?${query}`, payload),
          );
      }
    });
  });

  it('with a wrong or repeated value in any question is refused, or answered as nothing but text', async () => {
    let tried = 0;
    await changingNothing(async (refused) => {
      for (const target of targets.filter(isApi).filter(({ query }) => query)) {
        const payload = takesBody(target) ? JSON.stringify(bodyOf(target)) : undefined;
        for (const name of Object.keys(jsonSchemaOf(target.query as z.ZodType).properties ?? {})) {
          const texts = [...metacharacters, 'x'.repeat(5000), '', '-1', '1e9'];
          const asText = texts.map((text) => `${name}=${encoded(text)}`);
          for (const query of [...asText, `${name}=a&${name}=b`, `${name}[]=a`]) {
            const answer = await send(target.method, `${addressOf(target)}?${query}`, payload);
            const isText = target.method === 'GET' && answer.status === 200 && asText.includes(query);
            if (!isText) refused(`${target.name}?${query.slice(0, 80)}`, answer);
            if (!isText) tried++;
          }
        }
      }
    });
    expect(tried).toBeGreaterThan(100);
  });
});

describe('a change', () => {
  const objects = [
    '/entities/retail',
    '/domains/data',
    '/families/sql',
    '/products/pg',
    '/teams/core',
    '/cost-centres/cc',
    '/applications/shop',
    '/source-assignments/saas',
  ];

  it('of a version that is no more, or of none, is refused for every kind of object', async () => {
    await changingNothing(async (refused) => {
      for (const path of objects)
        for (const method of ['PATCH', 'PUT', 'DELETE'] as const) {
          const target = targets.find(
            ({ url, method: m }) => m === method && sameForm(url, `/api/v1${path}`),
          );
          if (!target) continue;
          // What is so already is no change, whatever version it was made of.
          const change = method === 'PUT' ? { entity: 'labs' } : bodyOf(target);
          const payload = JSON.stringify(change);
          for (const version of ['"999"', '"0"', 'W/"1"', '1', '"1"; drop', ''])
            refused(
              `${method} ${path} If-Match ${version}`,
              await send(method, `/api/v1${path}`, payload, { 'if-match': version }),
            );
        }
    });
  });
});

/** `/api/v1/teams/:id` has the form of `/api/v1/teams/core`. */
function sameForm(pattern: string, path: string): boolean {
  return new RegExp(`^${pattern.replace(/:\w+/g, '[^/]+')}$`).test(path);
}
