import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { readServerFile, serve } from '../src/apps/server/index.ts';
import { ensurePricings, readPublishedRuns } from '../src/modules/showback/ensure-pricings.ts';
import { planPricings } from '../src/modules/showback/plan-pricings.ts';
import { loadConfig } from '../src/platform/config/index.ts';
import { addMonths, type Period, periodsBetween, systemCaller } from '../src/platform/kernel/index.ts';
import { openRecords } from '../src/platform/records/index.ts';
import { openWorkspace } from '../src/platform/warehouse/index.ts';
import { fillShowback } from './showback-fill.ts';

const clients = 8;
const last = '2026-10' as Period;

interface Question {
  readonly name: string;
  readonly body: object;
  /** The same from the sums that are kept for it. */
  readonly bare: string;
  /** The same from the facts. */
  readonly raw: string;
}

/**
 * Questions about costs of 5 million facts, on the embedded records and on a PostgreSQL (FINOPS_BENCH_DATABASE_URL: a login that may
 * make databases): p95 with 8 clients over HTTP, beside the bare statement on the sums and the same question asked of the facts.
 * `SHOWBACK_APPLICATIONS` makes it smaller.
 */
export async function benchShowback(cache: string): Promise<void> {
  const applications = Number(process.env['SHOWBACK_APPLICATIONS'] ?? 4000);
  const months = periodsBetween(addMonths(last, -23), last);
  const server = process.env['FINOPS_BENCH_DATABASE_URL'];
  if (server === undefined)
    console.log('\nshowback on PostgreSQL: not measured, FINOPS_BENCH_DATABASE_URL names no server');
  else
    await onPostgres(server, (url) =>
      benchOn('PostgreSQL', join(cache, 'showback-pg'), url, { applications, months }),
    );
  await benchOn('PGlite', join(cache, 'showback'), undefined, { applications, months });
}

async function onPostgres(server: string, work: (url: string) => Promise<void>): Promise<void> {
  const name = `finops_bench_${randomBytes(4).toString('hex')}`;
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  await admin.query(`create database ${name}`);
  try {
    await work(server.replace(/\/[^/]*$/, `/${name}`));
  } finally {
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  }
}

interface Size {
  readonly applications: number;
  readonly months: readonly string[];
}

async function benchOn(
  engine: string,
  root: string,
  databaseUrl: string | undefined,
  size: Size,
): Promise<void> {
  const { applications, months } = size;
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true });
  console.log(
    `\nshowback on ${engine}: ${(applications * 52 * months.length).toLocaleString('en')} facts, ${months.length} months, ${applications} applications`,
  );
  const records = await openRecords({ root, databaseUrl });
  await timed('filled', () => fillShowback(records, { months, applications, entities: 10 }));
  const workspace = openWorkspace({ root, threads: 2 });
  const world = { workspace, records: async () => records };
  for (const view of ['standard', 'budget'])
    await timed(`priced under ${view}, 10 entities × ${months.length} months`, async () => {
      const ask = { periods: months, view, mode: 'priced' } as const;
      const runs = await readPublishedRuns(workspace);
      const { missing } = await records.read(systemCaller, (tx) => planPricings(tx, ask, runs));
      await ensurePricings(world, missing);
    });
  await records.ownerSql('vacuum analyze');
  const ids = Array.from({ length: 1000 }, (_, index) => `a${index * 4}`).filter(
    (id) => Number(id.slice(1)) < applications,
  );
  const asked = questions(months, ids);
  const bare = new Map<string, Percentiles>();
  const raw = new Map<string, number>();
  for (const { name, bare: statement, raw: slow } of asked) {
    bare.set(name, await percentiles(() => records.ownerSql(statement)));
    const started = performance.now();
    await records.ownerSql(slow);
    raw.set(name, performance.now() - started);
  }
  await records.close();
  await measureApi(root, databaseUrl, asked, { bare, raw });
  await workspace.close();
  await rm(root, { recursive: true, force: true });
}

async function measureApi(
  root: string,
  databaseUrl: string | undefined,
  asked: readonly Question[],
  known: { readonly bare: ReadonlyMap<string, Percentiles>; readonly raw: ReadonlyMap<string, number> },
): Promise<void> {
  const flags = {
    'server.port': '0',
    data: root,
    'rateLimit.perMinute': '1000000',
    ...(databaseUrl ? { databaseUrl } : {}),
  };
  const workspace = openWorkspace({ root, threads: 2 });
  const server = await serve({ workspace, config: loadConfig({ flags, env: {}, cwd: root }) });
  const { secret } = (await readServerFile(root)) as { secret: string };
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` };
  const health: number[] = [];
  let working = true;
  const watching = (async () => {
    while (working) {
      const started = performance.now();
      await (await fetch(`${server.url}/healthz`)).text();
      health.push(performance.now() - started);
      await sleep(20);
    }
  })();
  for (const { name, body } of asked) {
    const api = await percentiles(async () => {
      const answer = await fetch(`${server.url}/api/v1/application-costs/query`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${answer.status} ${text.slice(0, 300)}`);
    });
    const { p95 = 0, p50 = 0 } = known.bare.get(name) ?? {};
    const goal = 2 * p95 + 15;
    console.log(
      `  ${name.padEnd(26)} api p95 ${ms(api.p95)} (median ${ms(api.p50)})  bare p95 ${ms(p95)} (${ms(p50)})  goal ≤ ${ms(goal)}  facts ${ms(known.raw.get(name) ?? 0)}, ${((known.raw.get(name) ?? 0) / api.p50).toFixed(0)}×`,
    );
  }
  working = false;
  await watching;
  health.sort((a, b) => a - b);
  console.log(
    `  /healthz beside 8 clients (${health.length} times): slowest ${ms(health.at(-1) ?? 0)}  goal < 200 ms`,
  );
  await server.close();
  await workspace.close();
}

interface Percentiles {
  readonly p50: number;
  readonly p95: number;
}

/** 8 clients, one after another each, 25 times. */
async function percentiles(work: () => Promise<unknown>): Promise<Percentiles> {
  const times: number[] = [];
  await work();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let round = 0; round < 25; round++) {
        const started = performance.now();
        await work();
        times.push(performance.now() - started);
      }
    }),
  );
  times.sort((a, b) => a - b);
  return { p50: times[times.length >> 1] ?? 0, p95: times[Math.floor(times.length * 0.95)] ?? 0 };
}

function questions(months: readonly string[], ids: readonly string[]): readonly Question[] {
  const live = (view: string, some: readonly string[]) =>
    `(select id from pricing where view_id = '${view}' and period = any('{${some.join(',')}}') and freeze_number is null and price_period = period)`;
  const price = (view: string) =>
    `join price_line as l on l.view_id = '${view}' and l.version = 1 and l.target = c.product_id`;
  const [from, to] = [months[0], months.at(-1)];
  const idList = `'{${ids.join(',')}}'`;
  return [
    {
      name: 'top 20, one month',
      body: { months: [last], view: 'standard', groupBy: ['application'], top: 20 },
      bare: `select application_id, sum(cost) as cost from application_month_cost where pricing_id in ${live('standard', [last])}
        group by 1 order by 2 desc limit 20`,
      raw: `select application_id, sum(c.quantity * l.amount) as cost from consumption as c ${price('standard')}
        where c.period = '${last}' group by 1 order by 2 desc limit 20`,
    },
    {
      name: 'trend, 24 months',
      body: { months: { from, to }, view: 'standard', groupBy: ['month'] },
      bare: `select p.period, sum(c.cost) from product_month_cost as c join pricing as p on p.id = c.pricing_id
        where c.pricing_id in ${live('standard', months)} group by 1 order by 1`,
      raw: `select c.period, sum(c.quantity * l.amount) from consumption as c ${price('standard')} group by 1 order by 1`,
    },
    {
      name: 'two views by domain',
      body: { months: [last], compare: { views: ['standard', 'budget'] }, groupBy: ['domain'] },
      bare: `select d.domain_id, sum(c.cost) filter (where p.view_id = 'standard'), sum(c.cost) filter (where p.view_id = 'budget')
        from product_month_cost as c join pricing as p on p.id = c.pricing_id join product as d on d.id = c.product_id
        where c.pricing_id in (select id from pricing where period = '${last}' and freeze_number is null and price_period = period)
        group by 1`,
      raw: `select d.domain_id, sum(c.quantity * (m.amount - l.amount)) from consumption as c ${price('standard')}
        join price_line as m on m.view_id = 'budget' and m.version = 1 and m.target = c.product_id
        join product as d on d.id = c.product_id where c.period = '${last}' group by 1`,
    },
    {
      name: `${ids.length} applications, one month`,
      body: { applicationIds: ids, months: [last], view: 'standard', groupBy: ['team'] },
      bare: `select sum(cost) from application_month_cost where pricing_id in ${live('standard', [last])} and application_id = any(${idList})`,
      raw: `select sum(c.quantity * l.amount) from consumption as c ${price('standard')}
        where c.period = '${last}' and c.application_id = any(${idList})`,
    },
    {
      name: `${ids.length} applications, trend`,
      body: { applicationIds: ids, months: { from, to }, view: 'standard', groupBy: ['month'] },
      bare: `select p.period, sum(c.cost) from application_month_cost as c join pricing as p on p.id = c.pricing_id
        where c.pricing_id in ${live('standard', months)} and application_id = any(${idList}) group by 1`,
      raw: `select c.period, sum(c.quantity * l.amount) from consumption as c ${price('standard')}
        where c.application_id = any(${idList}) group by 1`,
    },
  ];
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  await work();
  console.log(`  ${what}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
