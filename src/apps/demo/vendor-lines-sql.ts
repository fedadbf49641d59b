import { literal } from '../../platform/warehouse/index.ts';
import { scaled } from './aws-sources.ts';
import { aiModels, creditPacks, creditPrice, saasProducts } from './focus-catalog.ts';
import { focusTable } from './focus-columns-sql.ts';
import { type DemoScale, labsApplications, type Month } from './group.ts';
import { roll, rowsOf } from './roll-sql.ts';

/** Workspaces (SaaS) and API keys (models) at scale s. */
const workspaces = 6;
const apiKeys = 8;

/** Statements that fill the month's table `focus_line` with SaaS subscriptions and usage, in GBP. */
export function saasMonthStatements(seed: number, month: Month, scale: DemoScale): readonly string[] {
  return [
    focusTable([]),
    vendorTable(
      'product',
      saasProducts.map((cells) => [...cells.slice(0, 8), Number(cells[8]), Number(cells[9])]),
      'vendor, service, category, subcategory, item, unit, list_price, contracted_share, units, monthly',
    ),
    ownerTable(scaled(workspaces, scale, 3), seed, 'saas'),
    saasRows(seed, month),
    vendorHead(seed, month, 'GBP', 'saas'),
  ];
}

/** Statements that fill the month's table `focus_line` with language-model usage and credit packs, in USD. */
export function aiMonthStatements(seed: number, month: Month, scale: DemoScale): readonly string[] {
  return [
    focusTable([]),
    vendorTable('model', aiModels, 'vendor, model, kind, price, thousand_tokens'),
    ownerTable(scaled(apiKeys, scale, 3), seed, 'ai'),
    aiRows(seed, month),
    ...((creditPacks.months as readonly string[]).includes(month.period)
      ? [creditPurchase(month, scale)]
      : []),
    vendorHead(seed, month, 'USD', 'ai'),
  ];
}

function vendorTable(name: string, rows: readonly (readonly (string | number)[])[], columns: string): string {
  return `create or replace temp table ${name} as select * from (values ${rowsOf(rows)}) as t(number, ${columns})`;
}

/** Who uses the service: a workspace or key of one application; one in twelve belongs to nobody. */
function ownerTable(count: number, seed: number, source: string): string {
  const applications = labsApplications.map((a) => [a.app, a.team, a.costCenter] as const);
  return `create or replace temp table owner as
    with application as (
      select * from (values ${rowsOf(applications)}) as t(number, app, team, cost_center)
    )
    select range::integer as owner, app, team,
      700 + ${roll(seed, `${source}:size`, 'range', 800)} as size_permille,
      case when app is null then map {} else map {'app': app, 'cost-center': cost_center, 'env': 'prod', 'team': team} end as tags
    from range(${count})
    left join application on application.number = range % ${applications.length} and range % 12 <> 11
    order by range`;
}

function saasRows(seed: number, month: Month): string {
  const jitter = roll(seed, 'saas:jitter', 'owner.owner, product.number, charged.day', 301);
  return `insert into focus_line by name
    with charged as (
      select day, 0 as monthly, day + interval 1 day as ends
      from range(timestamp '${month.start}', timestamp '${month.end}', interval 1 day) as t(day)
      union all
      select timestamp '${month.start}', 1, timestamp '${month.end}'
    )
    , priced as (
      select
        charged.day, charged.ends, product.*, owner.owner, owner.app, owner.tags,
        list_price::decimal(18,10) as list_unit,
        (list_price::decimal(18,10) * contracted_share::decimal(3,2))::decimal(18,10) as contracted_unit,
        case when product.monthly = 1 then (units + owner.owner % 5 + ${month.index} // 3)::decimal(28,6)
          else ((units::bigint * (850 + ${jitter}) * owner.size_permille * ${1000 + 30 * month.index}
            * case when dayofweek(charged.day) in (0, 6) then 3 else 10 end)::decimal(28,0) * 0.0000000001::decimal(10,10))::decimal(28,6) end as quantity
      from charged
      join product on product.monthly = charged.monthly
      cross join owner
    )
    select
      day as ChargePeriodStart,
      ends as ChargePeriodEnd,
      case monthly when 1 then 'Purchase' else 'Usage' end as ChargeCategory,
      case monthly when 1 then 'Recurring' else 'Usage-Based' end as ChargeFrequency,
      item as ChargeDescription,
      (quantity * contracted_unit)::decimal(38,4) as BilledCost,
      BilledCost as EffectiveCost,
      BilledCost as ContractedCost,
      (quantity * list_unit)::decimal(38,4) as ListCost,
      list_unit as ListUnitPrice,
      contracted_unit as ContractedUnitPrice,
      'Standard' as PricingCategory,
      'GBP' as PricingCurrency,
      quantity as PricingQuantity,
      unit as PricingUnit,
      case monthly when 0 then quantity end as ConsumedQuantity,
      case monthly when 0 then unit end as ConsumedUnit,
      vendor as ProviderName,
      service as ServiceName,
      category as ServiceCategory,
      subcategory as ServiceSubcategory,
      lower(vendor) || '-' || number as SkuId,
      item as SkuMeter,
      lower(vendor) || '-' || number || '-2025' as SkuPriceId,
      'workspace-' || owner as SubAccountId,
      coalesce(app, 'unassigned') || '-' || owner as SubAccountName,
      'Workspace' as SubAccountType,
      lower(vendor) || '/workspace-' || owner as ResourceId,
      coalesce(app, 'unassigned') || '-' || owner as ResourceName,
      'Workspace' as ResourceType,
      tags as Tags
    from priced
    where quantity > 0
    order by day, vendor, number, owner`;
}

function aiRows(seed: number, month: Month): string {
  const jitter = roll(seed, 'ai:jitter', 'owner.owner, model.number, t.day', 501);
  const list = `case vendor when 'Quillon' then ${creditPrice.list}::decimal(5,4) else 1 end`;
  const contracted = `case vendor when 'Quillon' then ${creditPrice.contracted}::decimal(5,4) else 1 end`;
  return `insert into focus_line by name
    with used as (
      select
        t.day, model.*, owner.owner, owner.app, owner.tags, price::decimal(18,10) as unit_price,
        (model.thousand_tokens::bigint * owner.size_permille * ${1000 + 70 * month.index} * (700 + ${jitter})
          * case when dayofweek(t.day) in (0, 6) then 45 else 100 end // 100000000)::decimal(28,0) as tokens
      from range(timestamp '${month.start}', timestamp '${month.end}', interval 1 day) as t(day)
      cross join model
      cross join owner
    )
    select
      day as ChargePeriodStart,
      day + interval 1 day as ChargePeriodEnd,
      'Usage' as ChargeCategory,
      'Usage-Based' as ChargeFrequency,
      model || ' ' || kind || ' tokens' as ChargeDescription,
      case vendor when 'Quillon' then 0 else (tokens * unit_price)::decimal(38,12) end as BilledCost,
      ((tokens * unit_price)::decimal(28,10) * ${contracted})::decimal(38,12) as EffectiveCost,
      EffectiveCost as ContractedCost,
      ((tokens * unit_price)::decimal(28,10) * ${list})::decimal(38,12) as ListCost,
      (unit_price * ${list})::decimal(18,12) as ListUnitPrice,
      (unit_price * ${contracted})::decimal(18,12) as ContractedUnitPrice,
      'Standard' as PricingCategory,
      tokens as PricingQuantity,
      'Tokens' as PricingUnit,
      tokens as ConsumedQuantity,
      'Tokens' as ConsumedUnit,
      case vendor when 'Quillon' then 'CREDITS' else 'USD' end as PricingCurrency,
      unit_price as PricingCurrencyListUnitPrice,
      unit_price as PricingCurrencyContractedUnitPrice,
      (tokens * unit_price)::decimal(38,10) as PricingCurrencyEffectiveCost,
      vendor as ProviderName,
      vendor || ' API' as ServiceName,
      'AI and Machine Learning' as ServiceCategory,
      'Generative AI' as ServiceSubcategory,
      model || '-' || kind as SkuId,
      kind || ' tokens' as SkuMeter,
      model || '-' || kind || '-usd' as SkuPriceId,
      'key-' || owner as SubAccountId,
      coalesce(app, 'unassigned') || '-' || owner as SubAccountName,
      'API key' as SubAccountType,
      lower(vendor) || '/' || model || '/key-' || owner as ResourceId,
      model as ResourceName,
      'Model' as ResourceType,
      tags as Tags
    from used
    order by day, vendor, number, owner`;
}

/** A pack of credits: paid now, used in the months that follow. */
function creditPurchase(month: Month, scale: DemoScale): string {
  const credits = creditPacks.creditsPerKey * scaled(apiKeys, scale, 3);
  return `insert into focus_line by name
    select
      timestamp '${month.start}' as ChargePeriodStart,
      timestamp '${month.end}' as ChargePeriodEnd,
      'Purchase' as ChargeCategory,
      'One-Time' as ChargeFrequency,
      'Pack of ${credits} credits' as ChargeDescription,
      (${credits} * ${creditPrice.contracted}::decimal(5,4))::decimal(38,2) as BilledCost,
      0 as EffectiveCost,
      BilledCost as ContractedCost,
      (${credits} * ${creditPrice.list}::decimal(5,4))::decimal(38,2) as ListCost,
      ${creditPrice.list} as ListUnitPrice,
      ${creditPrice.contracted} as ContractedUnitPrice,
      'Standard' as PricingCategory,
      ${credits} as PricingQuantity,
      'Credits' as PricingUnit,
      'USD' as PricingCurrency,
      'Quillon' as ProviderName,
      'Quillon API' as ServiceName,
      'AI and Machine Learning' as ServiceCategory,
      'Generative AI' as ServiceSubcategory,
      'quillon-credits' as SkuId,
      'Credits' as SkuMeter,
      'quillon-credits-2025' as SkuPriceId`;
}

function vendorHead(seed: number, month: Month, currency: string, source: string): string {
  const invoice = `upper(substr(ProviderName, 1, 3)) || '-' || replace(${literal(month.period)}, '-', '') || '-' || hash(${seed}, ${literal(source)}, ProviderName) % 9000`;
  return `update focus_line set
    BillingAccountId = 'meridian-labs', BillingAccountName = 'Meridian Labs Ltd', BillingAccountType = 'Organization',
    BillingCurrency = '${currency}', BillingPeriodStart = timestamp '${month.start}', BillingPeriodEnd = timestamp '${month.end}',
    InvoiceId = ${month.closed ? invoice : 'null'}, InvoiceIssuerName = ProviderName, PublisherName = ProviderName`;
}
