import { sql } from 'kysely';
import { ownerCaller, type SomeScope } from '../../../platform/kernel/index.ts';
import type { Tx } from '../../../platform/records/index.ts';
import { openRunBench, personOf, type RunBench } from '../../allocation/testing/run-bench.ts';
import { askCosts } from '../ask-costs.ts';
import { type CostAnswer, type CostQueryInput, costQuerySchema } from '../cost-contract.ts';

/** A fact: application, product, quantity, and what else is not prod, DIRECT. */
export type TestFact = readonly [
  application: string,
  product: string,
  quantity: string,
  more?: { readonly environment?: string; readonly region?: string; readonly kind?: 'DIRECT' | 'INDIRECT' },
];

/** A line of a price: product, price or amount, and what narrows it. */
export interface TestLine {
  readonly product?: string;
  readonly family?: string;
  readonly domain?: string;
  readonly entity?: string;
  readonly environment?: string;
  readonly region?: string;
  readonly unit?: string;
  readonly price?: string;
  readonly pool?: string;
  readonly tiers?: {
    readonly mode: 'graduated' | 'all-units';
    readonly steps: readonly { from: string; price: string }[];
  };
  readonly currency?: string;
  readonly from?: string;
  readonly to?: string;
}

/** A workspace with entities retail and labs, applications, a catalogue, facts and prices. */
export interface CostBench extends RunBench {
  readonly facts: (entity: string, period: string, facts: readonly TestFact[]) => Promise<void>;
  /** Publishes the next version of a view with these lines; the view is made when it is new. */
  readonly view: (
    id: string,
    lines: readonly TestLine[],
    how?: { readonly kind?: string; readonly currency?: string; readonly entity?: string },
  ) => Promise<void>;
  readonly calendar: (view: string, from: string, entity?: string) => Promise<void>;
  readonly rate: (period: string, base: string, quote: string, rate: string, type?: string) => Promise<void>;
  readonly ask: (query: CostQueryInput, scope?: Partial<SomeScope>) => Promise<CostAnswer>;
  readonly owner: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
}

const catalogue = `
insert into domain (id, label) values ('compute', 'Compute'), ('network', 'Network');
insert into family (id, label, domain_id) values ('machines', 'Machines', 'compute'), ('disks', 'Disks', 'compute');
insert into product (id, label, domain_id, family_id, unit) values
  ('vcpu', 'Virtual CPU', 'compute', 'machines', 'vCPU-hour'), ('ram', 'Memory', 'compute', 'machines', 'GB-hour'),
  ('disk', 'Disk', 'compute', 'disks', 'GB-month'), ('lan', 'Network, shared', 'network', null, 'weight');
insert into team (id, label, parent_id) values ('it', 'IT', null), ('web', 'Web', 'it'), ('data', 'Data', 'it');
insert into cost_centre (id, entity_id, label) values ('cc-1', 'retail', 'One'), ('cc-2', 'retail', 'Two');`;

const assignments = `
insert into application_assignment (application_id, entity_id, valid_from, valid_to, team_id, cost_centre_id, attributes) values
  ('shop', 'retail', '2026-01-01', '2026-09-15', 'web', 'cc-1', '{"cluster": "blue"}'),
  ('shop', 'retail', '2026-09-15', null, 'data', 'cc-2', '{"cluster": "green"}'),
  ('blog', 'retail', '2026-01-01', null, 'web', 'cc-1', '{"cluster": "blue"}'),
  ('lab', 'labs', '2026-01-01', null, 'data', null, '{}');`;

/** Opens it. Sources of bills as `openRunBench` takes them. */
export async function openCostBench(sources: Parameters<typeof openRunBench>[0] = {}): Promise<CostBench> {
  const bench = await openRunBench(sources);
  const { records, workspace } = bench;
  const owner = <T>(work: (tx: Tx) => Promise<T>) => records.write(ownerCaller(null), work);
  await records.asOwner(async (tx) => {
    for (const statement of [...catalogue.split(';'), ...applicationsOf(), assignments])
      if (statement.trim() !== '') await sql.raw(statement).execute(tx);
  });
  return {
    ...bench,
    owner,
    facts: (entity, period, facts) => owner((tx) => writeFacts(tx, entity, period, facts)),
    view: (id, lines, how = {}) => owner((tx) => publishView(tx, id, lines, how)),
    calendar: (view, from, entity) =>
      owner(async (tx) => {
        await sql`insert into price_calendar (entity_id, view_id, valid_from) values (${entity ?? null}, ${view}, ${from})`.execute(
          tx,
        );
      }),
    rate: (period, base, quote, rate, type = 'average') =>
      owner(async (tx) => {
        await sql`insert into fx_rate (period, base, quote, type, rate, source, as_of)
          values (${period}, ${base}, ${quote}, ${type}, ${rate}::numeric, 'ECB', '2026-10-31')`.execute(tx);
      }),
    ask: (query, scope) =>
      askCosts({ workspace, records: async () => records }, personOf(scope), costQuerySchema.parse(query)),
  };
}

/** Applications that other benches have made already are left as they are. */
function applicationsOf(): string[] {
  return [
    ['shop', 'retail'],
    ['blog', 'retail'],
    ['lab', 'labs'],
  ].map(
    ([id, entity]) =>
      `insert into application (id, entity_id, environments, label) values ('${id}', '${entity}', '{prod}', '${id}') on conflict do nothing`,
  );
}

async function writeFacts(tx: Tx, entity: string, period: string, facts: readonly TestFact[]): Promise<void> {
  for (const table of ['consumption', 'consumption_summary', 'consumption_product'])
    await sql`delete from ${sql.table(table)} where entity_id = ${entity} and period = ${period}`.execute(tx);
  for (const [application, product, quantity, more = {}] of facts) {
    const { environment = 'prod', region = 'n_a', kind = 'DIRECT' } = more;
    await sql`insert into consumption (period, entity_id, application_id, product_id, environment, region, kind, quantity, import_id)
      values (${period}, ${entity}, ${application}, ${product}, ${environment}, ${region}, ${kind}, ${quantity}::numeric, 1)`.execute(
      tx,
    );
  }
  await sql`insert into consumption_summary (period, entity_id, application_id, product_id, environment, region, kind, quantity, facts)
    select period, entity_id, application_id, product_id, environment, region, kind, sum(quantity), count(*)
    from consumption where entity_id = ${entity} and period = ${period}
    group by period, entity_id, application_id, product_id, environment, region, kind`.execute(tx);
  await sql`insert into consumption_product (period, entity_id, product_id, environment, region, kind, quantity, applications, facts)
    select period, entity_id, product_id, environment, region, kind, sum(quantity), count(distinct application_id), count(*)
    from consumption where entity_id = ${entity} and period = ${period}
    group by period, entity_id, product_id, environment, region, kind`.execute(tx);
  const hash = JSON.stringify(facts);
  await sql`insert into consumption_watermark (entity_id, period, facts_hash, facts, changed_at)
    values (${entity}, ${period}, md5(${hash}), ${facts.length}, now())
    on conflict (entity_id, period) do update set facts_hash = md5(${hash}), facts = ${facts.length}`.execute(
    tx,
  );
}

async function publishView(
  tx: Tx,
  id: string,
  lines: readonly TestLine[],
  { kind = 'standard', currency = 'EUR', entity }: { kind?: string; currency?: string; entity?: string },
): Promise<void> {
  await sql`insert into price_view (id, label, kind, currency, entity_id) values (${id}, ${id}, ${kind}, ${currency}, ${entity ?? null})
    on conflict do nothing`.execute(tx);
  const { rows } = await sql<{ number: number }>`insert into price_view_version
      (view_id, number, entity_id, state, content_hash, lines, created_at, created_by, changed_at)
    select ${id}, 1 + coalesce(max(number), 0), ${entity ?? null}, 'draft',
      encode(sha256(convert_to(${JSON.stringify(lines)}, 'UTF8')), 'hex'), ${lines.length}, now(), 'test', now()
    from price_view_version where view_id = ${id}
    returning number`.execute(tx);
  const version = rows[0]?.number ?? 0;
  for (const [index, line] of lines.entries()) {
    const [level, target] = line.product
      ? ['product', line.product]
      : line.family
        ? ['family', line.family]
        : line.domain
          ? ['domain', line.domain]
          : ['view', ''];
    await sql`insert into price_line (view_id, version, number, entity_id, level, target, of_entity, environment, region, kind, unit,
        amount, tier_mode, tiers, currency, valid_from, valid_to)
      values (${id}, ${version}, ${index + 1}, ${entity ?? null}, ${level}, ${target}, ${line.entity ?? ''}, ${line.environment ?? ''},
        ${line.region ?? ''}, ${line.pool === undefined ? 'unit' : 'pool'}, ${line.pool === undefined ? (line.unit ?? 'vCPU-hour') : ''},
        ${line.pool ?? line.price ?? null}::numeric, ${line.tiers?.mode ?? null},
        ${line.tiers === undefined ? null : JSON.stringify(line.tiers.steps)}::jsonb, ${line.currency ?? currency},
        ${line.from ?? '2026-01'}, ${line.to ?? null})`.execute(tx);
  }
  await sql`update price_view_version set state = 'published', published_at = now(), published_by = 'test'
    where view_id = ${id} and number = ${version}`.execute(tx);
}
