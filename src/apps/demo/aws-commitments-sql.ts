import { literal } from '../../platform/warehouse/index.ts';
import type { AwsSource } from './aws-sources.ts';
import type { Month } from './group.ts';

/** One row a day per running plan: commitment of the day, what covered usage took of it, what is paid now. */
export function planFees(month: Month): string {
  return `insert into fee by name
    with day as (
      select day::date as day from range(date '${month.start}', date '${month.end}', interval 1 day) as t(day)
    )
    , used as (
      select plan, day, sum(plan_effective) as used
      from line
      where kind = 'SavingsPlanCoveredUsage'
      group by plan, day
    )
    , owed as (
      select
        plan.*,
        day.day,
        coalesce(used.used, 0) as used,
        (24 * plan.hourly) as total,
        (24 * plan.hourly * plan.upfront_permille * 0.001::decimal(4,3))::decimal(18,6) as upfront
      from plan
      join day on day.day >= plan.starts and day.day < plan.ends
      left join used on used.plan = plan.plan and used.day = day.day
    )
    select
      'plan-fee-' || plan || '-' || day as part,
      'SavingsPlanRecurringFee' as kind,
      'Anniversary' as bill_type,
      day::timestamp as starts,
      day + interval 1 day as ends,
      offering as product_code,
      'Savings Plans for AWS Compute usage' as product_name,
      ${planUsageType} as usage_type,
      ${planDescription} as description,
      'Hrs' as unit,
      24 as quantity,
      ((total - upfront) / 24)::decimal(18,10) as rate,
      total - upfront as unblended,
      total - upfront as net,
      total - used as effective,
      plan,
      total as plan_total,
      used as plan_used,
      upfront as plan_upfront,
      total - upfront as plan_recurring
    from owed
    order by plan, day`;
}

const planUsageType = `case offering when 'ComputeSavingsPlans' then 'ComputeSP:' else 'EC2SP:m6i.' end || term || replace(payment, ' ', '')`;
const planDescription = `case term when '1yr' then '1 year ' else '3 year ' end || payment || ' '
        || case offering when 'ComputeSavingsPlans' then 'Compute' else 'm6i EC2 Instance' end || ' Savings Plan'`;

/** The part of the term's commitment that is paid on the first day. */
export function planPurchases(month: Month): string {
  return `insert into fee by name
    select
      'plan-purchase-' || plan as part,
      'SavingsPlanUpfrontFee' as kind,
      'Purchase' as bill_type,
      starts::timestamp as starts,
      starts + interval 1 second as ends,
      offering as product_code,
      'Savings Plans for AWS Compute usage' as product_name,
      ${planUsageType} as usage_type,
      ${planDescription} || ' upfront fee' as description,
      1 as quantity,
      (24 * hourly * date_diff('day', starts, ends) * upfront_permille * 0.001::decimal(4,3))::decimal(18,6) as unblended,
      unblended as net,
      0 as effective,
      plan
    from plan
    where upfront_permille > 0 and starts >= date '${month.start}' and starts < date '${month.end}'
    order by plan`;
}

/** One row a month per reservation: the recurring fee, and how much of the reserved hours nobody used. */
export function reservationFees(source: AwsSource, month: Month): string {
  return `insert into fee by name
    with used as (
      select reservation, sum(quantity) as used
      from line
      where kind = 'DiscountedUsage'
      group by reservation
    )
    , held as (
      select
        reservation.*,
        template.code,
        template.name,
        template.instance_type,
        (instances * 24 * date_diff('day', date '${month.start}', date '${month.end}'))::decimal(18,6) as total,
        (total - coalesce(used.used, 0))::decimal(18,6) as unused
      from reservation
      join template on template.number = reservation.template
      left join used on used.reservation = reservation.reservation
      where starts <= date '${month.start}' and ends >= date '${month.end}'
    )
    select
      'reservation-fee-' || reservation as part,
      'RIFee' as kind,
      'Anniversary' as bill_type,
      timestamp '${month.start}' as starts,
      timestamp '${month.end}' as ends,
      code as product_code,
      name as product_name,
      ${literal(source.regions[0]?.[2] ?? '')} || 'HeavyUsage:' || instance_type as usage_type,
      'CreateReservedInstance' as operation,
      'USD ' || recurring_hourly || ' hourly fee per reserved ' || instance_type || ' instance' as description,
      'Hrs' as unit,
      total as quantity,
      recurring_hourly as rate,
      (total * recurring_hourly)::decimal(18,10) as unblended,
      unblended as net,
      ((upfront_hourly + recurring_hourly) * unused)::decimal(18,10) as effective,
      ${literal(source.regions[0]?.[0] ?? '')} as region,
      reservation,
      total as reserved_units,
      unused as unused_units,
      (total * upfront_hourly)::decimal(18,10) as reserved_upfront,
      (unused * upfront_hourly)::decimal(18,10) as unused_upfront,
      (unused * recurring_hourly)::decimal(18,10) as unused_recurring,
      ${upfrontValue} as upfront_value
    from held
    order by reservation`;
}

const upfrontValue = `(upfront_hourly * instances * 24 * date_diff('day', starts, ends))::decimal(18,10)`;

/** What is paid on the first day of a reservation's term. */
export function reservationPurchases(source: AwsSource, month: Month): string {
  return `insert into fee by name
    select
      'reservation-purchase-' || reservation as part,
      'Fee' as kind,
      'Purchase' as bill_type,
      starts::timestamp as starts,
      ends::timestamp as ends,
      template.code as product_code,
      template.name as product_name,
      ${literal(source.regions[0]?.[2] ?? '')} || 'HeavyUsage:' || template.instance_type as usage_type,
      'CreateReservedInstance' as operation,
      'Sign up charge for ' || instances || ' reserved ' || template.instance_type || ' instances' as description,
      instances as quantity,
      ${upfrontValue} as unblended,
      unblended as net,
      0 as effective,
      ${literal(source.regions[0]?.[0] ?? '')} as region,
      reservation,
      unblended as upfront_value
    from reservation
    join template on template.number = reservation.template
    where upfront_hourly > 0 and starts >= date '${month.start}' and starts < date '${month.end}'
    order by reservation`;
}
