import { literal } from '../../platform/warehouse/index.ts';
import { marketplaceCode } from './aws-catalog.ts';
import { planFees, planPurchases, reservationFees, reservationPurchases } from './aws-commitments-sql.ts';
import { type Delivery, isRestated } from './aws-lines-sql.ts';
import type { AwsSource } from './aws-sources.ts';
import type { DemoScale, Month } from './group.ts';
import { scaleFactors } from './group.ts';

/**
 * Statements that make the month's table `fee` from `line`, `plan` and `reservation`: everything on the bill that no
 * single resource uses. The order matters: tax comes last, because its base is all that stands before it.
 */
export function feeStatements(
  source: AwsSource,
  month: Month,
  scale: DemoScale,
  delivery: Delivery,
): readonly string[] {
  return [
    feeTable,
    planFees(month),
    planPurchases(month),
    reservationFees(source, month),
    reservationPurchases(source, month),
    supportFee(source, month),
    credits(source, month, scale),
    refunds(source, month, scale),
    ...(delivery === 'restated' && isRestated(source, month) ? [lateCredits(source, month, scale)] : []),
    ...(source.discountFrom !== null && month.period >= source.discountFrom
      ? [discountRows(source, month)]
      : []),
    taxes(source, month),
  ];
}

const feeTable = `create or replace temp table fee (
    part varchar, kind varchar, bill_type varchar, starts timestamp, ends timestamp, account varchar,
    product_code varchar, product_name varchar, usage_type varchar, operation varchar, description varchar, tax_type varchar,
    unit varchar, quantity decimal(18,6), rate decimal(18,10), unblended decimal(18,10), net decimal(18,10),
    effective decimal(18,10), region varchar, plan integer, reservation integer,
    plan_total decimal(18,10), plan_used decimal(18,10), plan_upfront decimal(18,10), plan_recurring decimal(18,10),
    reserved_units decimal(18,6), unused_units decimal(18,6), reserved_upfront decimal(18,10),
    unused_upfront decimal(18,10), unused_recurring decimal(18,10), upfront_value decimal(18,10)
  )`;

function supportFee(source: AwsSource, month: Month): string {
  return `insert into fee by name
    select
      'support' as part,
      'Fee' as kind,
      'Anniversary' as bill_type,
      timestamp '${month.start}' as starts,
      timestamp '${month.end}' as ends,
      'AWSSupportBusiness' as product_code,
      'AWS Support (Business)' as product_name,
      'Dollar' as usage_type,
      'AWS Support (Business) for ' || ${literal(source.payerName)} as description,
      1 as quantity,
      amount as unblended,
      amount as net,
      amount as effective
    from (
      select greatest(100, sum(unblended) * 0.03::decimal(3,2))::decimal(18,2) as amount
      from line
    )`;
}

/** Migration credits of the first half year, on storage. */
function credits(source: AwsSource, month: Month, scale: DemoScale): string {
  const amount = (320 - 20 * month.index) * scaleFactors[scale];
  return `insert into fee by name
    select
      'credit-migration' as part,
      'Credit' as kind,
      'Anniversary' as bill_type,
      timestamp '${month.start}' as starts,
      timestamp '${month.end}' as ends,
      ${literal(source.accounts[0]?.[0] ?? '')} as account,
      'AmazonS3' as product_code,
      'Amazon Simple Storage Service' as product_name,
      'TimedStorage-ByteHrs' as usage_type,
      'Migration programme credit, agreement 7714' as description,
      1 as quantity,
      -${amount}::decimal(18,2) as unblended,
      unblended as net,
      unblended as effective
    where ${month.index} < 6`;
}

/** A service credit paid back twice a year for an outage of the month before. */
function refunds(source: AwsSource, month: Month, scale: DemoScale): string {
  return `insert into fee by name
    select
      'refund-outage' as part,
      'Refund' as kind,
      'Refund' as bill_type,
      date '${month.start}' - interval 12 day as starts,
      date '${month.start}' - interval 11 day as ends,
      ${literal(source.accounts[0]?.[0] ?? '')} as account,
      'AmazonRDS' as product_code,
      'Amazon Relational Database Service' as product_name,
      'InstanceUsage:db.r6g.large' as usage_type,
      'Refund under the service level agreement' as description,
      1 as quantity,
      -${(86.4 * scaleFactors[scale]).toFixed(2)}::decimal(18,2) as unblended,
      unblended as net,
      unblended as effective
    where ${month.index} in (3, 8)`;
}

/** Three credits that only the second delivery of the restated month holds. */
function lateCredits(source: AwsSource, month: Month, scale: DemoScale): string {
  return `insert into fee by name
    select
      'credit-late-' || n as part,
      'Credit' as kind,
      'Anniversary' as bill_type,
      timestamp '${month.start}' as starts,
      timestamp '${month.end}' as ends,
      ${literal(source.accounts[0]?.[0] ?? '')} as account,
      'AmazonEC2' as product_code,
      'Amazon Elastic Compute Cloud' as product_name,
      'NatGateway-Bytes' as usage_type,
      'Credit for metering error, case ' || (55120 + n) as description,
      1 as quantity,
      (-${scaleFactors[scale]}::decimal(6,2) * (40 + 15 * n))::decimal(18,2) as unblended,
      unblended as net,
      unblended as effective
    from range(1, 4) as t(n)
    order by n`;
}

/** One negative row a month per account, product and discount; the rows' own net columns already hold it, so theirs is 0. */
function discountRows(source: AwsSource, month: Month): string {
  return `insert into fee by name
    with cut as (
      unpivot (
        select resource.account_id, resource.code, resource.name as product_name,
          sum(private_discount) as PrivateRateDiscount,
          sum(bundled_discount) as BundledDiscount,
          sum(enterprise_discount) as EdpDiscount
        from line
        join resource using (resource)
        where kind = 'Usage'
        group by all
      )
      on PrivateRateDiscount, BundledDiscount, EdpDiscount into name kind value amount
    )
    select
      'discount-' || kind || account_id || code as part,
      kind,
      'Anniversary' as bill_type,
      timestamp '${month.start}' as starts,
      timestamp '${month.end}' as ends,
      account_id as account,
      code as product_code,
      product_name,
      kind || ' for ' || ${literal(source.payerName)} as description,
      1 as quantity,
      amount as unblended,
      0 as net,
      0 as effective
    from cut
    where amount <> 0
    order by account_id, code, kind`;
}

/** VAT per account and product on all that stands on the month's bill so far, to the cent. */
function taxes(source: AwsSource, month: Month): string {
  return `insert into fee by name
    with charged as (
      select resource.account_id as account, resource.code, resource.name, line.unblended
      from line
      join resource using (resource)
      union all
      select coalesce(account, ${literal(source.payer)}), product_code, product_name, unblended
      from fee
    )
    , base as (
      select account, code, min(name) as name, sum(unblended) as amount
      from charged
      group by account, code
    )
    select
      'tax-' || account || '-' || code as part,
      'Tax' as kind,
      'Anniversary' as bill_type,
      timestamp '${month.start}' as starts,
      timestamp '${month.end}' as ends,
      account,
      code as product_code,
      name as product_name,
      'Tax for product code ' || code as description,
      ${literal(source.taxType)} as tax_type,
      1 as quantity,
      (amount * ${source.taxPercent} * 0.01::decimal(3,2))::decimal(18,2) as unblended,
      unblended as net,
      unblended as effective
    from base
    where amount <> 0 and code <> ${literal(marketplaceCode)}
    order by account, code`;
}
