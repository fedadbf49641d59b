import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';

/** A pricing that counts in an answer, and what 1 of its currency is in the answer's. */
export interface CountedPricing {
  readonly id: string;
  readonly period: string;
  /** Of the answer. */
  readonly currency: string;
  /** Decimal text. */
  readonly rate: string;
}

/** What to add up. Lists that are null or missing do not narrow. */
export interface CostStatement {
  readonly pricings: readonly CountedPricing[];
  /** Dimensions, at most four. */
  readonly groupBy: readonly string[];
  readonly applications: readonly string[] | null;
  /** Teams whose applications count, as of each month. */
  readonly teams: readonly string[] | null;
  readonly filters: {
    readonly entity?: readonly string[] | undefined;
    readonly application?: readonly string[] | undefined;
    readonly team?: readonly string[] | undefined;
    readonly costCentre?: readonly string[] | undefined;
    readonly domain?: readonly string[] | undefined;
    readonly family?: readonly string[] | undefined;
    readonly product?: readonly string[] | undefined;
    readonly environment?: readonly string[] | undefined;
    readonly kind?: readonly string[] | undefined;
    readonly attributes?: Readonly<Record<string, readonly string[]>> | undefined;
  };
  /** Groups to show, by cost; the month is no part of a group here. */
  readonly top: number | null;
  /** The caller sees applications, not entities: sums by product are not for them. */
  readonly byApplication: boolean;
}

/** A statement without what it adds up. */
type Narrowing = Omit<CostStatement, 'pricings'>;

/** A group and its sums; decimal texts. */
export interface CostRow {
  readonly keys: readonly (string | null)[];
  /** False: everything beyond the top, together. */
  readonly shown: boolean;
  readonly currency: string;
  readonly cost: string;
  readonly direct: string;
  readonly indirect: string;
  readonly quantity: string | null;
  readonly lines: number;
  readonly unpriced: number;
}

/** Where a question is answered from: the smallest sums that have what it names. */
export type CostTable = 'application_cost' | 'application_month_cost' | 'product_month_cost' | 'pricing';

const ofProducts = ['domain', 'family', 'product', 'environment', 'kind'];

/** Which table answers. */
function tableFor(statement: Narrowing): CostTable {
  const { groupBy, filters, applications, teams, byApplication } = statement;
  const { attributes = {}, ...named } = filters;
  const dimensions = [
    ...groupBy,
    ...Object.entries(named).flatMap(([name, values]) => (values === undefined ? [] : [name])),
  ];
  const product = dimensions.some((name) => ofProducts.includes(name));
  const application =
    byApplication ||
    applications !== null ||
    teams !== null ||
    Object.keys(attributes).length > 0 ||
    dimensions.some((name) => /^(application|team|costCentre|attribute:)/.test(name));
  if (product) return application ? 'application_cost' : 'product_month_cost';
  return application ? 'application_month_cost' : 'pricing';
}

/** Adds up costs by group, the highest first; what is beyond the top comes as one row for each currency. */
export async function readCosts(tx: Tx, statement: CostStatement): Promise<readonly CostRow[]> {
  const { groupBy, top } = statement;
  const keys = groupBy.map((_, index) => sql.ref(`k${index}`));
  const owners = keys.filter((_, index) => groupBy[index] !== 'month');
  const list = (parts: readonly RawBuilder<unknown>[]) => sql.join([...parts]);
  const nulls = keys.map(() => sql`null::text`);
  const keysOrNothing = keys.length === 0 ? sql`` : sql`${list(keys)}, `;
  const nullsOrNothing = keys.length === 0 ? sql`` : sql`${list(nulls)}, `;
  const sums = sql`currency, cost, direct, indirect, quantity, lines, unpriced`;
  const { rows } = await sql<Record<string, string | number | boolean | null>>`
    with grouped as (${grouped(statement)}),
    ranked as (
      select *, dense_rank() over (partition by currency order by total desc${owners.length === 0 ? sql`` : sql`, ${list(owners)}`}) as place
      from (
        select *, sum(cost) over (partition by currency${owners.length === 0 ? sql`` : sql`, ${list(owners)}`}) as total
        from grouped
      ) as totalled
    )
    select ${keysOrNothing} true as shown, place, ${sums}
    from ranked
    where ${top}::integer is null or place <= ${top}::integer
    union all
    select ${nullsOrNothing} false, null, currency, sum(cost), sum(direct), sum(indirect), null, sum(lines)::integer,
      sum(unpriced)::integer
    from ranked
    where place > ${top}::integer
    group by currency
    order by ${groupBy.includes('month') ? sql`${sql.ref(`k${groupBy.indexOf('month')}`)} nulls last,` : sql``} currency, place nulls last`.execute(
    tx,
  );
  return rows.map((row) => ({
    keys: groupBy.map((_, index) => (row[`k${index}`] ?? null) as string | null),
    shown: row['shown'] === true,
    currency: String(row['currency']),
    cost: String(row['cost']),
    direct: String(row['direct']),
    indirect: String(row['indirect']),
    quantity: row['quantity'] === null ? null : String(row['quantity']),
    lines: Number(row['lines']),
    unpriced: Number(row['unpriced']),
  }));
}

/**
 * As sums by group, product and kind on every side of a comparison: a row has the columns a, b, q, p, x of costs, qa and qb of
 * quantities, and counts of lines and of unpriced ones.
 */
export function groupedSides(
  statement: Omit<CostStatement, 'pricings'> & {
    readonly pricings: readonly (CountedPricing & { readonly side: string })[];
  },
): RawBuilder<unknown> {
  const { pricings, groupBy } = statement;
  const table = tableFor({ ...statement, groupBy: [...groupBy, 'product', 'kind'] });
  const keys = groupBy.map((name, index) => sql`${dimensionOf(name)} as ${sql.ref(`k${index}`)}`);
  const places = groupBy.map((name) => dimensionOf(name));
  const of = (value: (pricing: (typeof pricings)[number]) => string) => pricings.map(value);
  const cost = (side: string) =>
    sql`coalesce(sum(c.cost * u.rate) filter (where u.side = ${sql.lit(side)}), 0) as ${sql.ref(side)}`;
  const quantity = (side: string, name: string) =>
    sql`coalesce(sum(c.quantity) filter (where u.side = ${sql.lit(side)}), 0) as ${sql.ref(name)}`;
  const count = (side: string, name: string) =>
    table === 'product_month_cost'
      ? sql`coalesce(sum(c.${sql.ref(name)}) filter (where u.side = ${sql.lit(side)}), 0) as ${sql.ref(`${name.charAt(0)}${side}`)}`
      : sql`count(*) filter (where u.side = ${sql.lit(side)}${name === 'unpriced' ? sql` and c.cost is null` : sql``}) as ${sql.ref(`${name.charAt(0)}${side}`)}`;
  return sql`
    select ${keys.length === 0 ? sql`` : sql`${sql.join(keys)},`} u.currency, c.kind,
      ${sql.join(['a', 'b', 'q', 'p', 'x'].map(cost))}, ${quantity('a', 'qa')}, ${quantity('b', 'qb')},
      ${count('a', 'lines')}, ${count('a', 'unpriced')}, ${count('b', 'lines')}, ${count('b', 'unpriced')}
    from unnest(
      ${of(({ id }) => id)}::bigint[], ${of(({ period }) => period)}::text[], ${of(({ currency }) => currency)}::text[],
      ${of(({ rate }) => rate)}::numeric[], ${of(({ period }) => lastDayOf(period))}::date[], ${of(({ side }) => side)}::text[]
    ) as u(pricing_id, period, currency, rate, day, side)
    join ${sql.table(table)} as c on c.pricing_id = u.pricing_id
    ${needsOwner(statement) ? ownerJoin : sql``}
    ${needsProduct(statement) ? sql`left join product as p on p.id = c.product_id` : sql``}
    where ${conditionsOf(statement)}
    group by ${places.length === 0 ? sql`` : sql`${sql.join(places)},`} u.currency, c.product_id, c.kind`;
}

function grouped(statement: CostStatement): RawBuilder<unknown> {
  const { pricings, groupBy } = statement;
  const table = tableFor(statement);
  const keys = groupBy.map((name, index) => sql`${dimensionOf(name)} as ${sql.ref(`k${index}`)}`);
  const places = groupBy.map((name) => dimensionOf(name));
  const of = (value: (pricing: CountedPricing) => string) => pricings.map(value);
  return sql`
    select ${keys.length === 0 ? sql`` : sql`${sql.join(keys)},`} u.currency, ${sumsOf(table)},
      ${groupBy.includes('product') ? sql`sum(c.quantity)` : sql`null::numeric`} as quantity
    from unnest(
      ${of(({ id }) => id)}::bigint[], ${of(({ period }) => period)}::text[], ${of(({ currency }) => currency)}::text[],
      ${of(({ rate }) => rate)}::numeric[], ${of(({ period }) => lastDayOf(period))}::date[]
    ) as u(pricing_id, period, currency, rate, day)
    join ${sql.table(table)} as c on ${table === 'pricing' ? sql`c.id` : sql`c.pricing_id`} = u.pricing_id
    ${needsOwner(statement) ? ownerJoin : sql``}
    ${needsProduct(statement) ? sql`left join product as p on p.id = c.product_id` : sql``}
    where ${conditionsOf(statement)}
    group by ${places.length === 0 ? sql`` : sql`${sql.join(places)},`} u.currency`;
}

const ownerJoin = sql`
  left join application_assignment as a
    on a.application_id = c.application_id and a.valid_from <= u.day and (a.valid_to is null or a.valid_to > u.day)`;

function sumsOf(table: CostTable): RawBuilder<unknown> {
  if (table === 'application_month_cost' || table === 'pricing')
    return sql`sum(c.cost * u.rate) as cost, sum(c.direct * u.rate) as direct, sum(c.indirect * u.rate) as indirect,
      sum(c.lines)::integer as lines, sum(c.unpriced)::integer as unpriced`;
  const byKind = sql`coalesce(sum(c.cost * u.rate), 0) as cost,
    coalesce(sum(c.cost * u.rate) filter (where c.kind = 'DIRECT'), 0) as direct,
    coalesce(sum(c.cost * u.rate) filter (where c.kind = 'INDIRECT'), 0) as indirect`;
  return table === 'product_month_cost'
    ? sql`${byKind}, sum(c.lines)::integer as lines, sum(c.unpriced)::integer as unpriced`
    : sql`${byKind}, count(*)::integer as lines, (count(*) filter (where c.cost is null))::integer as unpriced`;
}

function dimensionOf(name: string): RawBuilder<unknown> {
  if (name.startsWith('attribute:')) return sql`a.attributes ->> ${sql.lit(name.slice('attribute:'.length))}`;
  const columns: Readonly<Record<string, RawBuilder<unknown>>> = {
    month: sql`u.period`,
    entity: sql`c.entity_id`,
    application: sql`c.application_id`,
    team: sql`a.team_id`,
    costCentre: sql`a.cost_centre_id`,
    domain: sql`p.domain_id`,
    family: sql`p.family_id`,
    product: sql`c.product_id`,
    environment: sql`c.environment`,
    kind: sql`c.kind`,
  };
  const column = columns[name];
  if (!column) throw new RangeError(`there is no dimension ${name}`);
  return column;
}

function namesOf({ groupBy, filters }: Narrowing): readonly string[] {
  const { attributes = {}, ...named } = filters;
  return [
    ...groupBy,
    ...Object.entries(named).flatMap(([name, values]) => (values === undefined ? [] : [name])),
    ...Object.keys(attributes).map((name) => `attribute:${name}`),
  ];
}

function needsOwner(statement: Narrowing): boolean {
  return (
    statement.teams !== null || namesOf(statement).some((name) => /^(team|costCentre|attribute:)/.test(name))
  );
}

function needsProduct(statement: Narrowing): boolean {
  return namesOf(statement).some((name) => name === 'domain' || name === 'family');
}

function conditionsOf({ filters, applications, teams }: Narrowing): RawBuilder<unknown> {
  const { attributes = {}, ...named } = filters;
  const among = (column: RawBuilder<unknown>, values: readonly string[]) =>
    sql`${column} = any(${[...values]}::text[])`;
  const conditions = [
    sql`true`,
    ...Object.entries(named).flatMap(([name, values]) =>
      values === undefined ? [] : [among(dimensionOf(name), values)],
    ),
    ...Object.entries(attributes).map(([name, values]) => among(dimensionOf(`attribute:${name}`), values)),
    ...(applications === null ? [] : [among(sql`c.application_id`, applications)]),
    ...(teams === null ? [] : [among(sql`a.team_id`, teams)]),
  ];
  return sql.join(conditions, sql` and `);
}

/** A month stands for its last day: who answered for an application then. */
function lastDayOf(period: string): string {
  const [year = 0, month = 0] = period.split('-').map(Number);
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}

/** A team and all teams below it; empty where there is none. */
export async function teamsBelow(tx: Tx, team: string): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    with recursive below as (
      select id from team where id = ${team}
      union
      select team.id from team join below on team.parent_id = below.id
    )
    select id from below order by id`.execute(tx);
  return rows.map(({ id }) => id);
}

/** Applications of a list that the caller sees. */
export async function knownApplications(tx: Tx, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`
    select id from application where id = any(${[...ids]}::text[])`.execute(tx);
  return new Set(rows.map(({ id }) => id));
}

const labelled: Readonly<Record<string, string>> = {
  entity: 'entity',
  application: 'application',
  team: 'team',
  costCentre: 'cost_centre',
  domain: 'domain',
  family: 'family',
  product: 'product',
};

/** What things of a dimension are called, and their unit where they are products. */
export async function readLabels(
  tx: Tx,
  dimension: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, { readonly label: string; readonly unit: string | null }>> {
  const table = labelled[dimension];
  if (table === undefined || ids.length === 0) return new Map();
  const { rows } = await sql<{ id: string; label: string; unit: string | null }>`
    select id, label, ${dimension === 'product' ? sql`unit` : sql`null::text`} as unit
    from ${sql.table(table)}
    where id = any(${[...ids]}::text[])`.execute(tx);
  return new Map(rows.map((row) => [row.id, row]));
}

/** What something is called; undefined where the caller sees none. */
export async function labelOf(
  tx: Tx,
  table: 'team' | 'cost_centre' | 'domain' | 'family',
  id: string,
): Promise<string | undefined> {
  return (await tx.selectFrom(table).select('label').where('id', '=', id).executeTakeFirst())?.label;
}

/** The newest month with consumption or allocated costs that the caller sees; undefined where there is none. */
export async function newestMonth(tx: Tx): Promise<string | undefined> {
  const { rows } = await sql<{ month: string | null }>`
    select greatest((select max(period) from consumption_watermark), (select max(period) from pricing)) as month`.execute(
    tx,
  );
  return rows[0]?.month ?? undefined;
}

/** Changes with every change of what costs are broken down by: applications with their owners, teams, products and their names. */
export async function organizationState(tx: Tx): Promise<string> {
  const { rows } = await sql<{ state: string }>`
    select concat_ws(' ',
      (select count(*) || '/' || coalesce(sum(version), 0) from application),
      (select count(*) || '/' || coalesce(sum(version), 0) from team),
      (select count(*) || '/' || coalesce(sum(version), 0) from cost_centre),
      (select coalesce(sum(version), 0) from product), (select coalesce(sum(version), 0) from family),
      (select coalesce(sum(version), 0) from domain), (select coalesce(sum(version), 0) from entity)
    ) as state`.execute(tx);
  return rows[0]?.state ?? '';
}
