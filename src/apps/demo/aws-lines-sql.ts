import { literal } from '../../platform/warehouse/index.ts';
import { marketplaceCode } from './aws-catalog.ts';
import type { AwsSource } from './aws-sources.ts';
import type { Month } from './group.ts';
import { roll } from './roll-sql.ts';

/** The closed month of `aws-logistics` that its provider delivers twice, and the two deliveries. */
export const restatedMonth = '2026-06';
export type Delivery = 'first' | 'restated';

/** Days (end exclusive) on which the runaway function of `aws-retail` runs at `anomalyFactor` times its size. */
export const anomaly = { start: '2026-09-14', end: '2026-09-19', factor: 95 } as const;

/** Enterprise discount on on-demand usage, in shares of the cost; commitments are outside the agreement. */
const discountShares = { cloudFront: '0.18', dataTransfer: '0.05', enterprise: '0.06' } as const;

/** Creates the month's table `line`: a row per resource and day, plus one negation per covered row. Numbers only; texts come from `resource`. */
export function usageLines(source: AwsSource, seed: number, month: Month, delivery: Delivery): string {
  const discounted = source.discountFrom !== null && month.period >= source.discountFrom;
  return `create or replace temp table line as
    with day as (
      select day::date as day, dayofweek(day) in (0, 6) as weekend
      from range(date '${month.start}', date '${month.end}', interval 1 day) as t(day)
    )
    , metered as materialized (
      select
        day.day,
        resource.resource,
        resource.covered_by,
        resource.code,
        resource.price,
        resource.public_price,
        ${quantityMicro(source, seed, month, delivery)} as micro
      from resource
      cross join day
      where ${month.index} >= first_month and ${month.index} < last_month
        and (pause_start is null or day < pause_start or day >= pause_end)
        ${delivery === 'first' ? lateRowsMissing(source, month) : ''}
    )
    , priced as (
      select
        metered.day,
        metered.resource,
        case when plan.plan is not null then 'SavingsPlanCoveredUsage'
          when reservation.reservation is not null then 'DiscountedUsage' else 'Usage' end as kind,
        plan.plan,
        reservation.reservation,
        (micro::decimal(18,0) * 0.000001::decimal(6,6))::decimal(18,6) as quantity,
        metered.price,
        metered.public_price,
        (metered.price * 0.72::decimal(3,2))::decimal(18,6) as plan_rate,
        reservation.upfront_hourly,
        reservation.recurring_hourly,
        metered.code,
        (quantity::decimal(28,6) * metered.price)::decimal(18,10) as gross
      from metered
      left join plan
        on 'sp' || plan.slot = metered.covered_by and metered.day >= plan.starts and metered.day < plan.ends
      left join reservation
        on 'ri' || reservation.slot = metered.covered_by and metered.day >= reservation.starts and metered.day < reservation.ends
      where micro > 0
    )
    , costed as (
      select
        *,
        case when kind = 'DiscountedUsage' then 0 else gross end::decimal(18,10) as unblended,
        case when public_price = price then gross else (quantity::decimal(28,6) * public_price)::decimal(18,10) end as list_cost,
        case when kind = 'SavingsPlanCoveredUsage' then (quantity * plan_rate)::decimal(18,10) end as plan_effective,
        (quantity * upfront_hourly)::decimal(18,10) as reserved_upfront,
        (quantity * recurring_hourly)::decimal(18,10) as reserved_recurring
      from priced
    )
    , discounted as (
      select *, ${discountColumns(discounted)} from costed
    )
    select
      * exclude (code, gross),
      coalesce(private_discount + bundled_discount + enterprise_discount, 0)::decimal(18,10) as total_discount,
      case kind when 'SavingsPlanCoveredUsage' then plan_effective when 'DiscountedUsage' then reserved_upfront + reserved_recurring
        else unblended + coalesce(private_discount + bundled_discount + enterprise_discount, 0) end::decimal(18,10) as effective
    from discounted
    order by day, resource`;
}

/** Opposite of every covered row, to the last decimal. */
export const negationLines = `insert into line by name
    select day, resource, 'SavingsPlanNegation' as kind, plan, quantity, price, price as public_price, plan_rate,
      -unblended as unblended, 0 as list_cost, 0 as total_discount, 0 as effective
    from line
    where kind = 'SavingsPlanCoveredUsage'
    order by day, resource`;

/** Millionths of a unit used: hours of the day, or the daily size with growth, week rhythm, jitter and the stories. */
function quantityMicro(source: AwsSource, seed: number, month: Month, delivery: Delivery): string {
  const jitter = roll(seed, `${source.source}:jitter`, 'resource.resource, day.day', 201);
  const growth = 1000 + 28 * month.index;
  return `case
          when hourly and env = 'prod' then 24000000
          when hourly and weekend then 0
          when hourly then 12000000
          else daily_micro * size_permille // 1000 * ${growth} // 1000
            * case when not weekend then 1000 when env = 'prod' then 640 else 180 end // 1000
            * (900 + ${jitter}) // 1000${story(source, month, delivery)}
        end`;
}

function story(source: AwsSource, month: Month, delivery: Delivery): string {
  if (source.source === 'aws-retail' && month.period === anomaly.start.slice(0, 7)) {
    return `
            * case when resource.resource = 0 and day.day >= date '${anomaly.start}' and day.day < date '${anomaly.end}' then ${anomaly.factor} else 1 end`;
  }
  if (delivery === 'first' && isRestated(source, month)) {
    return `
            * case when resource.resource = 0 and day.day = date '${restatedMonth}-10' then 6 else 1 end`;
  }
  return '';
}

/** The first delivery lacks the last two days of log ingestion. */
function lateRowsMissing(source: AwsSource, month: Month): string {
  return isRestated(source, month)
    ? `and not (resource.code = 'AmazonCloudWatch' and day.day >= date '${restatedMonth}-29')`
    : '';
}

/** True for the month that is delivered twice. */
export function isRestated(source: AwsSource, month: Month): boolean {
  return source.source === 'aws-logistics' && month.period === restatedMonth;
}

function discountColumns(discounted: boolean): string {
  const amount = (share: string) => `-(unblended * ${share}::decimal(3,2))::decimal(18,10)`;
  const cut = (code: string, share: string) =>
    `case when kind = 'Usage' then case code when '${code}' then ${amount(share)} else 0 end end`;
  if (!discounted) {
    const none = 'null::decimal(18,10)';
    return `${none} as private_discount, ${none} as bundled_discount, ${none} as enterprise_discount`;
  }
  return `${cut('AmazonCloudFront', discountShares.cloudFront)} as private_discount,
        ${cut('AWSDataTransfer', discountShares.dataTransfer)} as bundled_discount,
        case when kind <> 'Usage' then null
          when code = ${literal(marketplaceCode)} then 0
          else -((unblended + private_discount + bundled_discount) * ${discountShares.enterprise}::decimal(3,2))::decimal(18,10)
          end as enterprise_discount`;
}
