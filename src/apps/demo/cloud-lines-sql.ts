import { literal } from '../../platform/warehouse/index.ts';
import type { CloudSource } from './focus-catalog.ts';
import { focusTable } from './focus-columns-sql.ts';
import type { DemoScale, Month } from './group.ts';
import { scaleFactors } from './group.ts';
import { roll } from './roll-sql.ts';

/** Columns of Azure's and Google's own beside the standard's. */
export const cloudExtraColumns: Readonly<Record<CloudSource['source'], readonly string[]>> = {
  azure: [
    'x_BillingProfileId',
    'x_InvoiceSectionName',
    'x_PublisherCategory',
    'x_ResourceGroupName',
    'x_SkuMeterCategory',
    'x_SkuTerm',
  ],
  gcp: ['x_CostType', 'x_Credits', 'x_ProjectId'],
};

/** Statements that fill the month's table `focus_line` of a cloud. */
export function cloudMonthStatements(
  cloud: CloudSource,
  seed: number,
  month: Month,
  scale: DemoScale,
): readonly string[] {
  return [
    focusTable(cloudExtraColumns[cloud.source]),
    usageRows(cloud, seed, month),
    ...(cloud.purchases ? [unusedRows(cloud, month), purchaseRows(cloud, month)] : []),
    otherRows(cloud, month, scale),
    ...(cloud.taxPercent > 0 ? [taxRow(cloud, month)] : []),
    headRows(cloud, seed, month),
  ];
}

function usageRows(cloud: CloudSource, seed: number, month: Month): string {
  const jitter = roll(seed, `${cloud.source}:jitter`, 'c.resource, day.day', 201);
  const growth = 1000 + 24 * month.index;
  return `insert into focus_line by name
    with day as (
      select day::date as day, dayofweek(day) in (0, 6) as weekend
      from range(date '${month.start}', date '${month.end}', interval 1 day) as t(day)
    )
    , metered as materialized (
      select
        day.day,
        c.resource,
        (case
          when hourly and env = 'prod' then 24000000
          when hourly and weekend then 0
          when hourly then 12000000
          else daily_micro * size_permille // 1000 * ${growth} // 1000
            * case when not weekend then 1000 when env = 'prod' then 700 else 150 end // 1000 * (900 + ${jitter}) // 1000
        end::decimal(28,0) * 0.000001::decimal(6,6))::decimal(28,6) as quantity
      from cloud_resource as c
      cross join day
      where c.first_month <= ${month.index}
    )
    , used as (
      select * from metered join cloud_resource using (resource) where quantity > 0
    )
    select
      day::timestamp as ChargePeriodStart,
      (day + 1)::timestamp as ChargePeriodEnd,
      'Usage' as ChargeCategory,
      meter || case when covered then ' - covered' else '' end || ' in ' || region_name as ChargeDescription,
      'Usage-Based' as ChargeFrequency,
      case when covered then ${cloud.purchases ? '0' : 'quantity * committed_price'} else quantity * contracted_price end as BilledCost,
      case when covered then quantity * committed_price else quantity * contracted_price end as EffectiveCost,
      quantity * list_price as ListCost,
      quantity * contracted_price as ContractedCost,
      list_price as ListUnitPrice,
      contracted_price as ContractedUnitPrice,
      case when covered then 'Committed' when meter like '%Spot%' then 'Dynamic' else 'Standard' end as PricingCategory,
      quantity as PricingQuantity,
      quantity as ConsumedQuantity,
      unit as PricingUnit,
      unit as ConsumedUnit,
      case when covered then quantity end as CommitmentDiscountQuantity,
      case when covered then 'Hours' end as CommitmentDiscountUnit,
      case when covered then 'Used' end as CommitmentDiscountStatus,
      ${commitmentColumns(cloud, 'covered')},
      ${cloudColumns(cloud)}
    from used
    order by day, resource`;
}

/** Hours of the reservation that no machine took, a row a day. */
function unusedRows(cloud: CloudSource, month: Month): string {
  return `insert into focus_line by name
    with held as (
      select count(*) as instances, max(committed_price) as committed_price, min(list_price) as list_price,
        min(meter) as meter, min(service) as service
      from cloud_resource where covered
    )
    , used as (
      select ChargePeriodStart as day, sum(CommitmentDiscountQuantity) as hours
      from focus_line where CommitmentDiscountStatus = 'Used' group by all
    )
    select
      day::timestamp as ChargePeriodStart,
      (day + interval 1 day) as ChargePeriodEnd,
      'Usage' as ChargeCategory,
      meter || ' - unused reservation' as ChargeDescription,
      'Usage-Based' as ChargeFrequency,
      0 as BilledCost,
      (instances * 24 - coalesce(hours, 0)) * committed_price as EffectiveCost,
      0 as ListCost,
      0 as ContractedCost,
      'Committed' as PricingCategory,
      instances * 24 - coalesce(hours, 0) as PricingQuantity,
      'Hours' as PricingUnit,
      instances * 24 - coalesce(hours, 0) as CommitmentDiscountQuantity,
      'Hours' as CommitmentDiscountUnit,
      'Unused' as CommitmentDiscountStatus,
      ${commitmentColumns(cloud, 'true')},
      service as ServiceName,
      'Compute' as ServiceCategory,
      'Virtual Machines' as ServiceSubcategory
    from range(timestamp '${month.start}', timestamp '${month.end}', interval 1 day) as t(day)
    cross join held
    left join used using (day)
    where instances * 24 > coalesce(hours, 0)
    order by day`;
}

/** The month's payment for the reservation: exactly what used and unused hours amortise. */
function purchaseRows(cloud: CloudSource, month: Month): string {
  return `insert into focus_line by name
    select
      timestamp '${month.start}' as ChargePeriodStart,
      timestamp '${month.end}' as ChargePeriodEnd,
      'Purchase' as ChargeCategory,
      'Reservation, monthly payment' as ChargeDescription,
      'Recurring' as ChargeFrequency,
      count(*) * 24 * ${days(month)} * max(committed_price) as BilledCost,
      0 as EffectiveCost,
      BilledCost as ListCost,
      BilledCost as ContractedCost,
      max(committed_price) as ListUnitPrice,
      max(committed_price) as ContractedUnitPrice,
      'Standard' as PricingCategory,
      count(*) * 24 * ${days(month)} as PricingQuantity,
      'Hours' as PricingUnit,
      count(*) * 24 * ${days(month)} as CommitmentDiscountQuantity,
      'Hours' as CommitmentDiscountUnit,
      ${commitmentColumns(cloud, 'true')},
      'Virtual Machines' as ServiceName,
      'Compute' as ServiceCategory,
      'Virtual Machines' as ServiceSubcategory
    from cloud_resource
    where covered
    having count(*) > 0`;
}

/** Credits of the first months, a correction of an earlier month twice a year, and the month's rounding. */
function otherRows(cloud: CloudSource, month: Month, scale: DemoScale): string {
  const factor = scaleFactors[scale];
  const row = (category: string, text: string, amount: string, when: string, correction: boolean) =>
    `select ${literal(category)} as ChargeCategory, ${literal(text)} as ChargeDescription, 'One-Time' as ChargeFrequency,
      ${amount}::decimal(38,12) as BilledCost, ${correction ? "'Correction'" : 'null'} as ChargeClass,
      ${correction ? `timestamp '${month.start}' - interval 9 day` : `timestamp '${month.start}'`} as ChargePeriodStart,
      ${correction ? `timestamp '${month.start}' - interval 8 day` : `timestamp '${month.end}'`} as ChargePeriodEnd
      where ${when}`;
  return `insert into focus_line by name
    with other as (
      ${row('Credit', 'Onboarding credit', `-${(240 * factor).toFixed(2)}`, `${month.index} < 3`, false)}
      union all
      ${row('Usage', 'Correction of an over-metered day', `-${(31.75 * factor).toFixed(4)}`, `${month.index} in (5, 10)`, true)}
      union all
      ${row('Adjustment', 'Rounding of the invoice', `0.00${1 + month.index}`, 'true', false)}
    )
    select *, BilledCost as EffectiveCost, BilledCost as ListCost, BilledCost as ContractedCost,
      case ChargeCategory when 'Usage' then 'Standard' end as PricingCategory,
      ${literal(cloud.templates[0]?.service ?? '')} as ServiceName, 'Compute' as ServiceCategory, 'Virtual Machines' as ServiceSubcategory
    from other`;
}

function taxRow(cloud: CloudSource, month: Month): string {
  return `insert into focus_line by name
    select 'Tax' as ChargeCategory, 'VAT ${cloud.taxPercent} %' as ChargeDescription, 'One-Time' as ChargeFrequency,
      vat as BilledCost, vat as EffectiveCost, vat as ListCost, vat as ContractedCost,
      timestamp '${month.start}' as ChargePeriodStart, timestamp '${month.end}' as ChargePeriodEnd,
      'Invoice' as ServiceName, 'Other' as ServiceCategory, 'Other (Other)' as ServiceSubcategory
    from (select (sum(BilledCost) * ${cloud.taxPercent} * 0.01::decimal(3,2))::decimal(38,2) as vat from focus_line)`;
}

/** What every row of the bill has in common. */
function headRows(cloud: CloudSource, seed: number, month: Month): string {
  const [id, name, type] = cloud.billingAccount;
  const invoice = `'${cloud.source === 'azure' ? 'G' : ''}' || (4000000000 + hash(${seed}, ${literal(`${cloud.source}:${month.period}`)}) % 900000000)`;
  return `update focus_line set
    BillingAccountId = ${literal(id)}, BillingAccountName = ${literal(name)}, BillingAccountType = ${literal(type)},
    BillingCurrency = '${cloud.currency}', PricingCurrency = '${cloud.currency}',
    BillingPeriodStart = timestamp '${month.start}', BillingPeriodEnd = timestamp '${month.end}',
    InvoiceId = ${month.closed ? invoice : 'null'}, InvoiceIssuerName = ${literal(cloud.provider)},
    ProviderName = ${literal(cloud.provider)}, PublisherName = ${literal(cloud.publisher)},
    ${cloud.source === 'azure' ? `x_BillingProfileId = ${literal(id)}, x_PublisherCategory = 'Vendor'` : `x_CostType = case ChargeCategory when 'Tax' then 'tax' when 'Adjustment' then 'rounding_error' else 'regular' end`}`;
}

function commitmentColumns(cloud: CloudSource, when: string): string {
  const id =
    cloud.source === 'azure'
      ? '/providers/microsoft.capacity/reservationorders/6b0c2f11-0000-4000-8000-00000000c001/reservations/6b0c2f11-0000-4000-8000-00000000c002'
      : 'projects/meridian-labs-prod/commitments/flex-cud-1';
  const value = (text: string) =>
    when === 'true' ? literal(text) : `case when ${when} then ${literal(text)} end`;
  return `${value(id)} as CommitmentDiscountId,
      ${value(`meridian-${cloud.source}-1`)} as CommitmentDiscountName,
      ${value(cloud.commitmentCategory)} as CommitmentDiscountCategory,
      ${value(cloud.commitmentType)} as CommitmentDiscountType`;
}

function cloudColumns(cloud: CloudSource): string {
  const own =
    cloud.source === 'azure'
      ? `coalesce(app, 'unassigned') as x_InvoiceSectionName, 'rg-' || coalesce(app, 'shared') || '-' || env as x_ResourceGroupName,
      service as x_SkuMeterCategory, case when covered then '12' end as x_SkuTerm`
      : `sub_account_id as x_ProjectId, case when covered then '[{"name":"Flex CUD","amount":-' || (quantity * (contracted_price - committed_price))::decimal(38,9) || '}]' end as x_Credits`;
  return `sub_account_id as SubAccountId,
      sub_account_name as SubAccountName,
      ${literal(cloud.subAccountType)} as SubAccountType,
      region_id as RegionId,
      region_name as RegionName,
      resource_id as ResourceId,
      resource_name as ResourceName,
      resource_type as ResourceType,
      service as ServiceName,
      category as ServiceCategory,
      subcategory as ServiceSubcategory,
      sku as SkuId,
      meter as SkuMeter,
      sku || '-1' as SkuPriceId,
      sku_details as SkuPriceDetails,
      tags as Tags,
      ${own}`;
}

function days(month: Month): string {
  return `date_diff('day', date '${month.start}', date '${month.end}')`;
}
