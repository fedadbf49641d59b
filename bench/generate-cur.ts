import { cur1Header, cur1Select } from '../src/apps/demo/cur-1-sql.ts';
import { type Engine, literal } from '../src/platform/warehouse/engine.ts';

/** Facts about the generated file, worked out in SQL before it is written. */
export interface BenchCur {
  readonly rows: number;
  readonly columns: number;
  readonly billingPeriod: string;
  readonly currency: string;
  /** Exact sum of `lineItem/UnblendedCost`, a decimal text. */
  readonly nativeCost: string;
}

const month = '2026-10';
const hours = 31 * 24;
const reservations = 40;
const resources = 60_000;
/** Rows of the month that no resource used: one plan fee an hour, one fee per reservation, tax, credits, a refund. */
const feeRows = { plan: hours, reservation: reservations, tax: 120, credit: 25, refund: 1 } as const;
const feeCount = Object.values(feeRows).reduce((sum, count) => sum + count, 0);

/** Header of the file: 130 columns in AWS's spelling. */
export const benchHeader: readonly string[] = cur1Header(false);

/**
 * Writes one CUR v1 csv.gz of `rows` rows × 130 columns for one month and one currency. High cardinality on purpose:
 * every LineItemId and nearly every amount is unique, there are 60,000 resources; compression and dictionaries get no
 * help from repetition. Twelve rows in a hundred are a covered row and its negation, eight are reserved usage; fees,
 * tax, credits and a refund come last. The same `rows` gives the same file content.
 */
export async function generateBenchCur(engine: Engine, file: string, rows: number): Promise<BenchCur> {
  if (!Number.isInteger(rows) || rows < feeCount * 10) {
    throw new RangeError(`rows is ${rows}: a whole number of at least ${feeCount * 10} is needed`);
  }
  return engine.session(async (session) => {
    await session.run(`create or replace temp table bench_resource as ${resourceSql()}`);
    await session.run(`create or replace temp view bench_usage as ${usageSql(rows - feeCount)}`);
    // One pass over the usage for everything that depends on its sums.
    await session.run(`create or replace temp table bench_tally as
      select kind, hour, resource % ${reservations} as reservation, count(*) as rows, sum(cost) as cost, sum(plan_cost) as plan_cost,
        sum(reserved_cost) as reserved_cost
      from bench_usage
      group by all`);
    await session.run(`create or replace temp table bench_fee as ${feeSql()}`);
    const [sums] = await session.rows(`
      select sum(rows)::bigint as rows, sum(cost)::decimal(38,12) as cost
      from (select rows, cost from bench_tally union all select 1, cost from bench_fee)`);
    await session.run(`copy (
      select ${cur1Select(benchHeader, usageColumns)} from bench_usage as u join bench_resource as r using (resource)
      union all
      select ${cur1Select(benchHeader, feeColumns)} from bench_fee as f
    ) to ${literal(file)} (format csv, header true, delimiter ',', quote '"', escape '"', compression gzip)`);
    return {
      rows: Number(sums?.['rows']),
      columns: benchHeader.length,
      billingPeriod: month,
      currency: 'USD',
      nativeCost: String(sums?.['cost']),
    };
  });
}

const dice = (salt: string, key: string, sides: number) =>
  `(hash(${literal(salt)}, ${key}) % ${sides})::integer`;

function resourceSql(): string {
  const texts = Object.entries(resourceColumns).map(([name, sql]) => `${sql} as ${name}`);
  return `select resource, ${texts.join(', ')},
      ' per unit of type' || p.product || '.' || (resource % 97) || ' in ' || ${regionName} as described
    from (
      select range as resource, range % 40 as product, range % 30 as account, range % 4 as region
      from range(${resources})
    ) as p`;
}

/** One row per resource and hour; rows 2k and 2k+1 of the first twelve in a hundred are a covered row and its negation. */
function usageSql(count: number): string {
  const inPairs = '(i % 100) < 12';
  return `with numbered as (
      select i, case when ${inPairs} then i // 2 * 2 else i end as k
      from range(${count}) as t(i)
    )
    , drawn as (
      select
        i,
        case when ${inPairs} and i % 2 = 0 and i + 1 < ${count} then 'SavingsPlanCoveredUsage'
          when ${inPairs} and i % 2 = 1 then 'SavingsPlanNegation'
          when (i % 100) between 12 and 19 then 'DiscountedUsage'
          else 'Usage' end as kind,
        ${dice('resource', 'k', resources)} as resource,
        ${dice('hour', 'k', hours)} as hour,
        (1 + hash('quantity', k) % 4000000000)::bigint as micro,
        (100 + hash('price', k) % 49900)::bigint as price_units
      from numbered
    )
    , placed as (
      select
        *,
        micro::decimal(18,0) * 0.000001::decimal(6,6) as quantity,
        price_units::decimal(18,0) * 0.00001::decimal(5,5) as price
      from drawn
    )
    select
      *,
      timestamp '${month}-01' + to_hours(hour) as starts,
      (quantity::decimal(28,6) * price)::decimal(28,10) as gross,
      case kind when 'DiscountedUsage' then 0 when 'SavingsPlanNegation' then -(quantity::decimal(28,6) * price)::decimal(28,10)
        else (quantity::decimal(28,6) * price)::decimal(28,10) end::decimal(28,10) as cost,
      case kind when 'SavingsPlanCoveredUsage' then (quantity::decimal(28,6) * price * 0.7::decimal(2,1))::decimal(28,10) end as plan_cost,
      case kind when 'DiscountedUsage' then (quantity::decimal(28,6) * price * 0.6::decimal(2,1))::decimal(28,10) end as reserved_cost
    from placed`;
}

/** Fees that fit the usage: a plan's commitment of an hour is what was used and a little more; so is a reservation's fee. */
function feeSql(): string {
  return `with used as (
      select hour, sum(plan_cost) as used from bench_tally where kind = 'SavingsPlanCoveredUsage' group by hour
    )
    , reserved as (
      select reservation as number, sum(reserved_cost) as used
      from bench_tally where kind = 'DiscountedUsage' group by all
    )
    select 'SavingsPlanRecurringFee' as kind, n, timestamp '${month}-01' + to_hours(n) as starts,
      timestamp '${month}-01' + to_hours(n + 1) as ends, coalesce(used, 0) + (1 + n % 7)::decimal(18,10) as cost,
      coalesce(used, 0) as plan_used, null::decimal(28,10) as unused
    from range(${feeRows.plan}) as t(n) left join used on used.hour = n
    union all
    select 'RIFee', n, timestamp '${month}-01', timestamp '2026-11-01', coalesce(used, 0) + (10 + n)::decimal(18,10), null, (10 + n)::decimal(28,10)
    from range(${feeRows.reservation}) as t(n) left join reserved on reserved.number = n
    union all
    select 'Tax', n, timestamp '${month}-01', timestamp '2026-11-01', (${dice('tax', 'n', 90_000)} + 100)::decimal(18,0) * 0.01::decimal(3,2), null, null
    from range(${feeRows.tax}) as t(n)
    union all
    select 'Credit', n, timestamp '${month}-01', timestamp '2026-11-01', -(${dice('credit', 'n', 40_000)} + 100)::decimal(18,0) * 0.01::decimal(3,2), null, null
    from range(${feeRows.credit}) as t(n)
    union all
    select 'Refund', n, timestamp '${month}-01', timestamp '2026-11-01', -45.67, null, null
    from range(${feeRows.refund}) as t(n)
    order by kind, n`;
}

const isPlan = `u.kind in ('SavingsPlanCoveredUsage', 'SavingsPlanNegation')`;
const planArn = `'arn:aws:savingsplans::900800700600:savingsplan/bench-1'`;
const regionName = `list_extract(['eu-west-1', 'eu-central-1', 'us-east-1', 'us-west-2'], p.region + 1)`;
const productCode = `'Amazon' || list_extract(['EC2', 'RDS', 'S3', 'EKS', 'SNS', 'VPC', 'ECR', 'SES'], p.product % 8 + 1)`;
const usageType = `${regionName} || '-Usage:type' || p.product || '.' || (p.resource % 97)`;
const sku = `upper(substr(md5('sku' || p.product || p.region), 1, 16))`;

const billColumns = {
  bill_bill_type: `'Anniversary'`,
  bill_billing_entity: `'AWS'`,
  bill_billing_period_start_date: `timestamp '${month}-01'`,
  bill_billing_period_end_date: `timestamp '2026-11-01'`,
  bill_invoicing_entity: `'Amazon Web Services EMEA SARL'`,
  bill_payer_account_id: `'900800700600'`,
  line_item_currency_code: `'USD'`,
  line_item_legal_entity: `'Amazon Web Services EMEA SARL'`,
  pricing_currency: `'USD'`,
} as const;

/** Texts that depend on the resource alone; worked out once per resource, `placed` as p. */
const resourceColumns: Readonly<Record<string, string>> = {
  line_item_availability_zone: `${regionName} || substr('abc', p.resource % 3 + 1, 1)`,
  line_item_operation: `'Operation' || p.product % 12`,
  line_item_product_code: productCode,
  line_item_resource_id: `'arn:aws:ec2:' || ${regionName} || ':9008007006' || (10 + p.account) || ':instance/i-' || substr(md5('resource' || p.resource), 1, 17)`,
  line_item_usage_account_id: `'9008007006' || (10 + p.account)`,
  line_item_usage_type: usageType,
  pricing_rate_code: `${sku} || '.JRTCKXETXF.6YS6EN2CT7'`,
  pricing_rate_id: `(1000000000 + hash(p.product, p.region) % 9000000000)::varchar`,
  product_instance_type: `'type' || p.product || '.large'`,
  product_location: `'Location of ' || ${regionName}`,
  product_operation: `'Operation' || p.product % 12`,
  product_product_family: `'Family ' || p.product % 9`,
  product_product_name: `'Product ' || p.product`,
  product_region_code: regionName,
  product_servicecode: productCode,
  product_sku: sku,
  product_usagetype: usageType,
  product_vcpu: `(2 + p.product % 8 * 2)::varchar`,
  resource_tags_user_name: `'node-' || p.resource`,
  resource_tags_user_app: `case when p.resource % 20 > 2 then 'app-' || p.resource % 150 end`,
  resource_tags_user_cost_center: `case when p.resource % 20 > 2 then 'cc-' || (1000 + p.resource % 60) end`,
  resource_tags_user_env: `list_extract(['prod', 'staging', 'dev'], p.resource % 3 + 1)`,
  resource_tags_user_team: `case when p.resource % 20 > 2 then 'team-' || p.resource % 40 end`,
};

const usageColumns: Readonly<Record<string, string>> = {
  ...billColumns,
  ...Object.fromEntries(Object.keys(resourceColumns).map((name) => [name, `r.${name}`])),
  identity_line_item_id: `md5('line' || u.i) || substr(md5('more' || u.i), 1, 20)`,
  identity_time_interval: `strftime(u.starts, '%Y-%m-%dT%H:00:00Z') || '/' || strftime(u.starts + interval 1 hour, '%Y-%m-%dT%H:00:00Z')`,
  line_item_blended_cost: 'u.cost',
  line_item_blended_rate: 'u.price',
  line_item_line_item_description: `'$' || u.price || r.described`,
  line_item_line_item_type: 'u.kind',
  line_item_unblended_cost: 'u.cost',
  line_item_unblended_rate: `case when u.kind = 'DiscountedUsage' then 0 else u.price end`,
  line_item_usage_amount: 'u.quantity',
  line_item_usage_start_date: 'u.starts',
  line_item_usage_end_date: 'u.starts + interval 1 hour',
  pricing_public_on_demand_cost: 'u.gross',
  pricing_public_on_demand_rate: 'u.price',
  pricing_term: `case when u.kind = 'DiscountedUsage' then 'Reserved' else 'OnDemand' end`,
  pricing_unit: `'Hrs'`,
  product_location_type: `'AWS Region'`,
  reservation_effective_cost: 'u.reserved_cost',
  reservation_recurring_fee_for_usage: 'u.reserved_cost',
  reservation_amortized_upfront_cost_for_usage: `case when u.kind = 'DiscountedUsage' then 0 end`,
  reservation_reservation_a_r_n: `case when u.kind = 'DiscountedUsage' then ${reservationArn('u.resource')} end`,
  savings_plan_savings_plan_a_r_n: `case when ${isPlan} then ${planArn} end`,
  savings_plan_savings_plan_effective_cost: `case when ${isPlan} then coalesce(u.plan_cost, 0) end`,
  savings_plan_savings_plan_rate: `case when ${isPlan} then u.price * 0.7::decimal(2,1) end`,
  savings_plan_offering_type: `case when ${isPlan} then 'ComputeSavingsPlans' end`,
};

const feeColumns: Readonly<Record<string, string>> = {
  ...billColumns,
  identity_line_item_id: `md5('fee' || f.kind || f.n) || substr(md5('more' || f.kind || f.n), 1, 20)`,
  identity_time_interval: `strftime(f.starts, '%Y-%m-%dT%H:00:00Z') || '/' || strftime(f.ends, '%Y-%m-%dT%H:00:00Z')`,
  line_item_blended_cost: 'f.cost',
  line_item_line_item_description: `f.kind || ' ' || f.n`,
  line_item_line_item_type: 'f.kind',
  line_item_product_code: `case f.kind when 'SavingsPlanRecurringFee' then 'ComputeSavingsPlans' else 'AmazonEC2' end`,
  line_item_tax_type: `case f.kind when 'Tax' then 'VAT' end`,
  line_item_unblended_cost: 'f.cost',
  line_item_usage_account_id: `'900800700600'`,
  line_item_usage_amount: '1',
  line_item_usage_start_date: 'f.starts',
  line_item_usage_end_date: 'f.ends',
  line_item_usage_type: `'Fee:' || f.kind`,
  product_product_name: `'Product 0'`,
  reservation_reservation_a_r_n: `case f.kind when 'RIFee' then ${reservationArn('f.n')} end`,
  reservation_unused_recurring_fee: 'f.unused',
  reservation_unused_amortized_upfront_fee_for_billing_period: `case f.kind when 'RIFee' then 0 end`,
  reservation_amortized_upfront_fee_for_billing_period: `case f.kind when 'RIFee' then 0 end`,
  savings_plan_savings_plan_a_r_n: `case f.kind when 'SavingsPlanRecurringFee' then ${planArn} end`,
  savings_plan_total_commitment_to_date: `case f.kind when 'SavingsPlanRecurringFee' then f.cost end`,
  savings_plan_used_commitment: 'f.plan_used',
  savings_plan_recurring_commitment_for_billing_period: `case f.kind when 'SavingsPlanRecurringFee' then f.cost end`,
  savings_plan_amortized_upfront_commitment_for_billing_period: `case f.kind when 'SavingsPlanRecurringFee' then 0 end`,
};

function reservationArn(number: string): string {
  return `'arn:aws:ec2:eu-west-1:900800700600:reserved-instances/bench-' || (${number} % ${reservations})`;
}
