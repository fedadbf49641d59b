import { sql } from 'kysely';
import type { Records, Tx } from '../src/platform/records/index.ts';

/** How much is made: 24 months × 4,000 applications × 13 products × 4 resources are 5 million facts. */
export interface FillSize {
  readonly months: readonly string[];
  readonly applications: number;
  readonly entities: number;
}

const products = 300;

/** Fills records with the organization, two price views and facts, by statements of the owner. */
export async function fillShowback(
  records: Records,
  { months, applications, entities }: FillSize,
): Promise<void> {
  const run = (text: string) => records.asOwner((tx) => sql.raw(text).execute(tx));
  await run(`insert into entity (id, country, currency, time_zone, label)
    select 'e' || n, 'FR', 'EUR', 'UTC', 'Entity ' || n from generate_series(0, ${entities - 1}) as n`);
  await run(
    `insert into domain (id, label) select 'd' || n, 'Domain ' || n from generate_series(0, 11) as n`,
  );
  await run(
    `insert into family (id, label, domain_id) select 'f' || n, 'Family ' || n, 'd' || n % 12 from generate_series(0, 59) as n`,
  );
  await run(`insert into product (id, label, domain_id, family_id, unit)
    select 'p' || n, 'Product ' || n, 'd' || n % 12, case when n % 12 < 9 then 'f' || n % 60 end, 'hour'
    from generate_series(0, ${products - 1}) as n`);
  await run(`insert into team (id, label) select 't' || n, 'Team ' || n from generate_series(0, 79) as n`);
  await run(`insert into application (id, entity_id, environments, label)
    select 'a' || n, 'e' || n % ${entities}, '{prod,non_prod}', 'Application ' || n from generate_series(0, ${applications - 1}) as n`);
  await run(`insert into application_assignment (application_id, entity_id, valid_from, team_id, attributes)
    select 'a' || n, 'e' || n % ${entities}, '2020-01-01', 't' || n % 80, '{}' from generate_series(0, ${applications - 1}) as n`);
  for (const [view, factor] of [
    ['standard', '1'],
    ['budget', '1.1'],
  ] as const)
    await records.asOwner((tx) => publishView(tx, view, factor));
  await run(`insert into price_calendar (view_id, valid_from) values ('standard', '2020-01')`);
  for (const month of months) await records.asOwner((tx) => fillMonth(tx, month, applications, entities));
  await records.ownerSql('vacuum analyze');
}

async function publishView(tx: Tx, view: string, factor: string): Promise<void> {
  const run = (text: string) => sql.raw(text).execute(tx);
  await run(
    `insert into price_view (id, label, kind, currency) values ('${view}', '${view}', 'standard', 'EUR')`,
  );
  await run(`insert into price_view_version (view_id, number, state, content_hash, lines, created_at, created_by, changed_at)
    values ('${view}', 1, 'draft', repeat('0', 64), ${products}, now(), 'bench', now())`);
  await run(`insert into price_line (view_id, version, number, level, target, kind, unit, amount, currency, valid_from)
    select '${view}', 1, n + 1, 'product', 'p' || n, 'unit', 'hour', round((0.01 + (n * 7919 % 5000) / 1000.0) * ${factor}, 6), 'EUR', '2020-01'
    from generate_series(0, ${products - 1}) as n`);
  await run(
    `update price_view_version set state = 'published', published_at = now(), published_by = 'bench' where view_id = '${view}'`,
  );
}

/** One month of facts with their sums and watermarks. */
export async function fillMonth(
  tx: Tx,
  month: string,
  applications: number,
  entities: number,
): Promise<void> {
  const run = (text: string) => sql.raw(text).execute(tx);
  await run(`insert into consumption (period, entity_id, application_id, product_id, environment, region, resource, kind, quantity, import_id)
    select '${month}', 'e' || a % ${entities}, 'a' || a, 'p' || (7 * a + 13 * k) % ${products},
      case when r % 3 = 0 then 'non_prod' else 'prod' end, 'n_a', 'r' || r, 'DIRECT',
      round(((a * 31 + k * 17 + r * 7) % 1000 + 0.5)::numeric, 6), 1
    from generate_series(0, ${applications - 1}) as a, generate_series(0, 12) as k, generate_series(1, 4) as r`);
  await run(`insert into consumption_summary (period, entity_id, application_id, product_id, environment, region, kind, quantity, facts)
    select period, entity_id, application_id, product_id, environment, region, kind, sum(quantity), count(*)
    from consumption where period = '${month}' group by 1, 2, 3, 4, 5, 6, 7`);
  await run(`insert into consumption_product (period, entity_id, product_id, environment, region, kind, quantity, applications, facts)
    select period, entity_id, product_id, environment, region, kind, sum(quantity), count(distinct application_id), sum(facts)
    from consumption_summary where period = '${month}' group by 1, 2, 3, 4, 5, 6`);
  await run(`insert into consumption_watermark (entity_id, period, facts_hash, facts, changed_at)
    select entity_id, period, md5(period || sum(quantity)), sum(facts), now()
    from consumption_product where period = '${month}' group by 1, 2`);
}
