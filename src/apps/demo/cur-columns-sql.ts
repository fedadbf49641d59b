import { literal } from '../../platform/warehouse/index.ts';
import { marketplaceVendor } from './aws-catalog.ts';
import type { Delivery } from './aws-lines-sql.ts';
import type { AwsSource } from './aws-sources.ts';
import type { Month } from './group.ts';
import { token } from './roll-sql.ts';

/** Column name in CUR 2.0 spelling → SQL. Both report generations are written from it; a column not named here is empty. */
export type CurColumns = Readonly<Record<string, string>>;

/** What a bill row depends on beside the tables. */
export interface BillContext {
  readonly source: AwsSource;
  readonly month: Month;
  readonly seed: number;
  readonly delivery: Delivery;
}

/** Rows of resources: `line` as l, `resource` as r, `plan` as p, `reservation` as v. */
export const usageRelation = `line as l
    join resource as r using (resource)
    left join plan as p on p.plan = l.plan
    left join reservation as v on v.reservation = l.reservation`;

/** Rows of fees, credits and tax: `fee` as f, `plan` as p, `reservation` as v. */
export const feeRelation = `fee as f
    left join plan as p on p.plan = f.plan
    left join reservation as v on v.reservation = f.reservation`;

const dayText = `strftime(l.day, '%Y-%m-%dT00:00:00Z')`;
const nextDayText = `strftime(l.day + 1, '%Y-%m-%dT00:00:00Z')`;
const covered = `l.kind = 'SavingsPlanCoveredUsage'`;
const reserved = `l.kind = 'DiscountedUsage'`;
const paidRate = `case when ${reserved} then 0 when l.kind = 'SavingsPlanNegation' then -l.price else l.price end::decimal(18,10)`;
const utcText = (date: string) => `strftime(${date}, '%Y-%m-%dT00:00:00.000Z')`;

function billColumns({ month, source }: BillContext): CurColumns {
  return {
    bill_billing_period_start_date: `timestamp '${month.start}'`,
    bill_billing_period_end_date: `timestamp '${month.end}'`,
    bill_invoicing_entity: literal(source.invoicingEntity),
    bill_payer_account_id: literal(source.payer),
    bill_payer_account_name: literal(source.payerName),
    line_item_currency_code: `'USD'`,
  };
}

/** Columns of a row of `usageRelation`. */
export function usageColumns(context: BillContext): CurColumns {
  const { source } = context;
  const spotTerm = `case when ${reserved} then 'Reserved' when r.usage_type like 'Spot%' then 'Spot' else 'OnDemand' end`;
  return {
    ...billColumns(context),
    bill_bill_type: `'Anniversary'`,
    bill_billing_entity: 'r.billing_entity',
    bill_invoice_id: `case r.billing_entity when 'AWS' then ${invoice(context, 'usage')} else ${invoice(context, 'marketplace')} end`,
    discount_bundled_discount: 'l.bundled_discount',
    discount_edp_discount: 'l.enterprise_discount',
    discount_private_rate_discount: 'l.private_discount',
    discount_total_discount: 'l.total_discount',
    identity_line_item_id: lineItemId(context, `l.resource || l.day || l.kind`),
    identity_time_interval: `${dayText} || '/' || ${nextDayText}`,
    line_item_availability_zone: 'r.zone',
    line_item_blended_cost: 'l.unblended',
    line_item_blended_rate: paidRate,
    line_item_legal_entity: `case r.billing_entity when 'AWS' then ${literal(source.invoicingEntity)} else ${literal(marketplaceVendor)} end`,
    line_item_line_item_description: `case l.kind when 'SavingsPlanNegation' then 'SavingsPlanNegation used by AccountId : ' || r.account_id || ' and UsageSku : ' || r.sku
      when 'DiscountedUsage' then 'Reserved instance applied: ' || r.instance_type else r.description end`,
    line_item_line_item_type: 'l.kind',
    line_item_net_unblended_cost: 'l.unblended + l.total_discount',
    line_item_net_unblended_rate: paidRate,
    line_item_normalization_factor: 'r.normal_units',
    line_item_normalized_usage_amount: 'r.normal_units * l.quantity',
    line_item_operation: 'r.operation',
    line_item_product_code: 'r.code',
    line_item_resource_id: 'r.resource_identity',
    line_item_unblended_cost: 'l.unblended',
    line_item_unblended_rate: paidRate,
    line_item_usage_account_id: 'r.account_id',
    line_item_usage_account_name: 'r.account_name',
    line_item_usage_amount: 'l.quantity',
    line_item_usage_start_date: 'l.day::timestamp',
    line_item_usage_end_date: '(l.day + 1)::timestamp',
    line_item_usage_type: 'r.billed_usage_type',
    pricing_currency: `'USD'`,
    pricing_lease_contract_length: `case when ${reserved} then '1yr' end`,
    pricing_offering_class: `case when ${reserved} then 'standard' end`,
    pricing_purchase_option: 'v.payment',
    pricing_public_on_demand_cost: 'l.list_cost',
    pricing_public_on_demand_rate: 'l.public_price',
    pricing_rate_code: 'r.rate_code',
    pricing_rate_id: 'r.rate_id',
    pricing_term: spotTerm,
    pricing_unit: 'r.unit',
    ...productColumns,
    ...reservationColumns,
    ...planColumns,
    savings_plan_savings_plan_effective_cost: `case when ${covered} then l.plan_effective when l.plan is not null then 0 end`,
    savings_plan_net_savings_plan_effective_cost: `case when ${covered} then l.plan_effective when l.plan is not null then 0 end`,
    savings_plan_savings_plan_rate: `case when l.plan is not null then l.plan_rate end`,
    ...tagColumns,
  };
}

const productColumns: CurColumns = {
  product: 'r.product',
  product_database_engine: `case when r.shape = 'db' then 'PostgreSQL' end`,
  product_instance_type: `nullif(r.instance_type, '')`,
  product_instance_type_family: `nullif(regexp_replace(r.instance_type, '[.][^.]+$', ''), '')`,
  product_location: 'r.location',
  product_location_type: `'AWS Region'`,
  product_memory: 'r.memory',
  product_operating_system: `case when r.shape = 'i' and r.instance_type <> '' then 'Linux' end`,
  product_operation: 'r.operation',
  product_product_family: 'r.family',
  product_product_name: 'r.name',
  product_region: 'r.region_code',
  product_region_code: 'r.region_code',
  product_servicecode: 'r.code',
  product_servicename: 'r.name',
  product_sku: 'r.sku',
  product_tenancy: `case when r.instance_type <> '' then 'Shared' end`,
  product_usagetype: 'r.billed_usage_type',
  product_vcpu: 'r.vcpu',
};

const tagColumns: CurColumns = {
  resource_tags: 'r.tags',
  resource_tags_aws_eks_cluster_name: 'r.cluster',
  resource_tags_user_app: 'r.app',
  resource_tags_user_cost_center: 'r.cost_center',
  resource_tags_user_env: 'case when r.app is not null then r.env end',
  resource_tags_user_name: 'case when r.app is not null then r.tag_name end',
  resource_tags_user_team: 'r.team',
  cost_category_business_unit: `case when r.cluster is null then r.account_name else 'shared' end`,
};

const reservationColumns: CurColumns = {
  reservation_amortized_upfront_cost_for_usage: 'l.reserved_upfront',
  reservation_net_amortized_upfront_cost_for_usage: 'l.reserved_upfront',
  reservation_effective_cost: `case when ${reserved} then l.effective end`,
  reservation_net_effective_cost: `case when ${reserved} then l.effective end`,
  reservation_recurring_fee_for_usage: 'l.reserved_recurring',
  reservation_net_recurring_fee_for_usage: 'l.reserved_recurring',
  reservation_reservation_a_r_n: 'v.arn',
  reservation_start_time: utcText('v.starts'),
  reservation_end_time: utcText('v.ends'),
  reservation_subscription_id: '(7000000 + v.reservation)::varchar',
  reservation_units_per_reservation: `case when v.arn is not null then '1.0' end`,
};

const planColumns: CurColumns = {
  savings_plan_savings_plan_a_r_n: 'p.arn',
  savings_plan_offering_type: 'p.offering',
  savings_plan_payment_option: 'p.payment',
  savings_plan_purchase_term: 'p.term',
  savings_plan_region: `case p.offering when 'EC2InstanceSavingsPlans' then p.home_region end`,
  savings_plan_instance_type_family: `case p.offering when 'EC2InstanceSavingsPlans' then 'm6i' end`,
  savings_plan_start_time: utcText('p.starts'),
  savings_plan_end_time: utcText('p.ends'),
};

/** Columns of a row of `feeRelation`. */
export function feeColumns(context: BillContext): CurColumns {
  const { source } = context;
  return {
    ...billColumns(context),
    bill_bill_type: 'f.bill_type',
    bill_billing_entity: `'AWS'`,
    bill_invoice_id: `case f.bill_type when 'Purchase' then ${invoice(context, 'purchase')}
      when 'Refund' then ${invoice(context, 'refund')} else ${invoice(context, 'usage')} end`,
    discount_total_discount: `0::decimal(18,10)`,
    identity_line_item_id: lineItemId(context, 'f.part'),
    identity_time_interval: `strftime(f.starts, '%Y-%m-%dT%H:%M:%SZ') || '/' || strftime(f.ends, '%Y-%m-%dT%H:%M:%SZ')`,
    line_item_blended_cost: 'f.unblended',
    line_item_blended_rate: 'f.rate',
    line_item_legal_entity: literal(source.invoicingEntity),
    line_item_line_item_description: 'f.description',
    line_item_line_item_type: 'f.kind',
    line_item_net_unblended_cost: 'f.net',
    line_item_net_unblended_rate: 'f.rate',
    line_item_operation: 'f.operation',
    line_item_product_code: 'f.product_code',
    line_item_resource_id: `case when f.kind like 'SavingsPlan%' then p.arn end`,
    line_item_tax_type: 'f.tax_type',
    line_item_unblended_cost: 'f.unblended',
    line_item_unblended_rate: 'f.rate',
    line_item_usage_account_id: `coalesce(f.account, ${literal(source.payer)})`,
    line_item_usage_account_name: `case ${source.accounts
      .map(([id, name]) => `when f.account = ${literal(id)} then ${literal(name)}`)
      .join(' ')} else ${literal(source.payerName)} end`,
    line_item_usage_amount: 'f.quantity',
    line_item_usage_start_date: 'f.starts',
    line_item_usage_end_date: 'f.ends',
    line_item_usage_type: 'f.usage_type',
    pricing_currency: `'USD'`,
    pricing_unit: 'f.unit',
    product: `map {'product_name': f.product_name}`,
    product_product_name: 'f.product_name',
    product_region: 'f.region',
    product_region_code: 'f.region',
    product_servicecode: 'f.product_code',
    reservation_reservation_a_r_n: 'v.arn',
    reservation_start_time: utcText('v.starts'),
    reservation_end_time: utcText('v.ends'),
    reservation_subscription_id: '(7000000 + v.reservation)::varchar',
    reservation_number_of_reservations: 'v.instances::varchar',
    reservation_total_reserved_units: 'f.reserved_units::varchar',
    reservation_units_per_reservation: `case when v.arn is not null then '1.0' end`,
    reservation_unused_quantity: 'f.unused_units',
    reservation_amortized_upfront_fee_for_billing_period: 'f.reserved_upfront',
    reservation_net_amortized_upfront_fee_for_billing_period: 'f.reserved_upfront',
    reservation_unused_amortized_upfront_fee_for_billing_period: 'f.unused_upfront',
    reservation_net_unused_amortized_upfront_fee_for_billing_period: 'f.unused_upfront',
    reservation_unused_recurring_fee: 'f.unused_recurring',
    reservation_net_unused_recurring_fee: 'f.unused_recurring',
    reservation_upfront_value: 'f.upfront_value',
    reservation_net_upfront_value: 'f.upfront_value',
    ...planColumns,
    savings_plan_savings_plan_effective_cost: `case when f.plan is not null then 0::decimal(18,10) end`,
    savings_plan_net_savings_plan_effective_cost: `case when f.plan is not null then 0::decimal(18,10) end`,
    savings_plan_total_commitment_to_date: 'f.plan_total',
    savings_plan_used_commitment: 'f.plan_used',
    savings_plan_amortized_upfront_commitment_for_billing_period: 'f.plan_upfront',
    savings_plan_net_amortized_upfront_commitment_for_billing_period: 'f.plan_upfront',
    savings_plan_recurring_commitment_for_billing_period: 'f.plan_recurring',
    savings_plan_net_recurring_commitment_for_billing_period: 'f.plan_recurring',
    cost_category_business_unit: `'group-level'`,
  };
}

/** A ten-digit invoice number per month and kind of invoice; null while the month is open. */
function invoice({ source, month, seed }: BillContext, kind: string): string {
  if (!month.closed) return 'null::varchar';
  return `(1600000000 + hash(${seed}, ${literal(`${source.source}:invoice:${kind}:${month.period}`)}) % 700000000)::varchar`;
}

/** 52 digits and letters, another one in every delivery: line ids are not stable between versions of a month. */
function lineItemId({ source, month, seed, delivery }: BillContext, key: string): string {
  const salt = `${source.source}:${month.period}:${delivery}`;
  return `${token(seed, `${salt}:a`, key)} || substr(${token(seed, `${salt}:b`, key)}, 1, 20)`;
}
