import { literal } from '../../platform/warehouse/index.ts';
import { awsTemplates, instanceTypes, marketplaceCode, templateOf } from './aws-catalog.ts';
import { type AwsSource, scaled } from './aws-sources.ts';
import type { DemoScale } from './group.ts';
import { roll, rowsOf, token } from './roll-sql.ts';

/**
 * Statements that make the tables of one AWS organization: `resource` (what runs, with every text of its bill lines),
 * `plan` (savings plans with their hourly commitment) and `reservation`. Everything follows from the seed.
 */
export function awsResourceStatements(source: AwsSource, seed: number, scale: DemoScale): readonly string[] {
  return [
    templateTable(source),
    `create or replace temp table region as select * from (values ${rowsOf(source.regions)}) as t(number, code, location, prefix)`,
    `create or replace temp table account as select * from (values ${rowsOf(source.accounts)}) as t(number, id, name)`,
    applicationTable(source),
    instanceTable(),
    placedTable(source, seed, scale),
    resourceTable(source, seed),
    planTable(source, seed),
    reservationTable(source, seed),
  ];
}

function templateTable(source: AwsSource): string {
  let bound = 0;
  const rows = awsTemplates.map((t) => {
    const low = bound;
    // The organization without a shared cluster spreads the nodes' weight like any other template.
    bound += t.usageType === 'BoxUsage:m6i.2xlarge' && source.clusterNodes > 0 ? 0 : t.weight;
    const units = t.dailyUnits === null ? null : t.dailyUnits;
    return [
      t.code,
      t.name,
      t.family,
      t.usageType,
      t.operation,
      t.unit,
      t.price,
      units,
      t.resource,
      t.commitment,
      t.instanceType,
      low,
      bound,
    ] as const;
  });
  return `create or replace temp table template as
    select number, code, name, family, usage_type, operation, unit, price::decimal(18,10) as price, daily_units::bigint as daily_units,
      shape, commitment, instance_type, low, high, max(high) over () as weights
    from (values ${rowsOf(rows)})
      as t(number, code, name, family, usage_type, operation, unit, price, daily_units, shape, commitment, instance_type, low, high)`;
}

function applicationTable(source: AwsSource): string {
  const rows = source.applications.map((a) => [a.app, a.team, a.costCenter] as const);
  return `create or replace temp table application as
    select * from (values ${rowsOf(rows)}) as t(number, app, team, cost_center)`;
}

function instanceTable(): string {
  return `create or replace temp table instance as
    select * from (values ${rowsOf(instanceTypes)}) as t(number, instance_type, vcpu, memory, normal_units)`;
}

/**
 * Resource 0 is the story's resource, then come the nodes of the untagged cluster and their disks, then one resource of
 * every template that is there in every month (the `stable` ones end here), then the rest by weight.
 */
function placedTable(source: AwsSource, seed: number, scale: DemoScale): string {
  const nodes = scaled(source.clusterNodes, scale, 2);
  const dice = (salt: string, sides: number) => roll(seed, `${source.source}:${salt}`, 'r', sides);
  const last = source.accounts.length - 1;
  const stable = 2 * nodes + awsTemplates.length;
  return `create or replace temp table placed as
    with numbered as (select range::integer as r from range(${scaled(source.resources, scale, stable + 8)}))
    , drawn as (
      select
        r,
        r between 1 and ${2 * nodes} as in_cluster,
        r <= ${stable} as stable,
        case
          when r = 0 then ${source.storyTemplate}
          when r between 1 and ${nodes} then ${templateOf('BoxUsage:m6i.2xlarge')}
          when r between 1 and ${2 * nodes} then ${templateOf('EBS:VolumeUsage.gp3')}
          when r <= ${stable} then r - ${2 * nodes + 1}
        end as fixed_template,
        ${dice('template', 1_000_000)} as drawn_template
      from numbered
    )
    , chosen as (
      select drawn.r, drawn.in_cluster, drawn.stable, template.*
      from drawn
      join template
        on coalesce(drawn.fixed_template = template.number,
          drawn.drawn_template % template.weights >= template.low and drawn.drawn_template % template.weights < template.high)
    )
    , committed as (
      select
        *,
        case when commitment <> '' and not in_cluster and ${dice('committed', 100)} < 66 then commitment else '' end as covered_by
      from chosen
    )
    select
      r as resource,
      * exclude (r, low, high, weights, commitment, stable),
      case
        when r = 0 or in_cluster then 'prod'
        when ${dice('env', 100)} < 72 then 'prod'
        when ${dice('env', 100)} < 88 then 'staging'
        else 'dev'
      end as env,
      case
        when in_cluster then ${last}
        when r = 0 then 0
        when env <> 'prod' then 1
        when ${dice('account', 100)} < 75 then 0
        else 2
      end as account,
      case
        when r = 0 or in_cluster or covered_by in ('sp2', 'ri1', 'ri2') then 0
        when ${dice('region', 100)} < 60 then 0
        else 1 + ${dice('other-region', 1000)} % ${source.regions.length - 1}
      end as region,
      case
        when in_cluster then null
        when r = 0 then 1
        when ${dice('untagged', 100)} < 7 then null
        else ${dice('application', source.applications.length)}
      end as application,
      500 + ${dice('size', 1300)} as size_permille,
      case when stable or covered_by <> '' or ${dice('born', 100)} < 72 then 0 else 1 + ${dice('birth', 12)} end as first_month,
      case when not stable and covered_by = '' and ${dice('dies', 100)} < 8 then 6 + ${dice('death', 7)} else 99 end as last_month,
      case
        when covered_by = 'sp1' and ${dice('paused', 100)} < 30 then date '2026-02-10'
        when covered_by = 'ri1' and ${dice('paused', 100)} < 30 then date '2026-05-11'
      end as pause_start,
      case covered_by when 'sp1' then date '2026-03-20' when 'ri1' then date '2026-06-01' end as pause_end
    from committed
    order by r`;
}

function resourceTable(source: AwsSource, seed: number): string {
  const id = token(seed, `${source.source}:id`, 'p.resource');
  const sku = `upper(substr(md5(p.usage_type || region.code), 1, 16))`;
  return `create or replace temp table resource as
    select
      p.*,
      coalesce(p.daily_units * 1000000, 0)::bigint as daily_micro,
      p.daily_units is null as hourly,
      account.id as account_id,
      account.name as account_name,
      region.code as region_code,
      region.location,
      case when p.code = ${literal(marketplaceCode)} then '' else region.prefix end || p.usage_type as billed_usage_type,
      case when p.shape in ('i', 'vol', 'db', 'cache', 'nat') then region.code || substr('abc', 1 + p.resource % 3, 1) end as zone,
      application.app,
      application.team,
      application.cost_center,
      case when p.in_cluster then 'meridian-shared-eks' end as cluster,
      coalesce(application.app || '-', '') || p.shape || '-' || p.env || '-' || p.resource as tag_name,
      ${resourceIdentity(id)} as resource_identity,
      ${sku} as sku,
      ${sku} || '.JRTCKXETXF.6YS6EN2CT7' as rate_code,
      (1000000000 + hash(p.usage_type, region.code) % 9000000000)::varchar as rate_id,
      instance.vcpu,
      instance.memory,
      instance.normal_units,
      '$' || p.price || ' per ' || case when p.instance_type <> '' then
        case when p.usage_type like 'Spot%' then 'Spot' else 'On Demand' end || ' Linux ' || p.instance_type || ' Instance Hour'
        else p.unit || ' - ' || p.family end || ' in ' || region.location as description,
      case when p.code = ${literal(marketplaceCode)} then 'AWS Marketplace' else 'AWS' end as billing_entity,
      case p.shape when 'i' then case when p.usage_type like 'Spot%' then round(p.price * 2.66, 4) else p.price end else p.price end
        ::decimal(18,10) as public_price,
      ${tagMap()} as tags,
      ${productMap()} as product
    from placed as p
    join account on account.number = p.account
    join region on region.number = p.region
    left join application on application.number = p.application
    left join instance on instance.instance_type = p.instance_type
    order by p.resource`;
}

function resourceIdentity(id: string): string {
  const arn = (service: string, rest: string) =>
    `'arn:aws:${service}:' || region.code || ':' || account.id || ':${rest}'`;
  return `case p.shape
        when 'i' then 'i-0' || substr(${id}, 1, 16)
        when 'vol' then 'vol-0' || substr(${id}, 1, 16)
        when 'nat' then ${arn('ec2', 'natgateway/nat-0')} || substr(${id}, 1, 16)
        when 'snap' then ${arn('ec2', 'snapshot/snap-0')} || substr(${id}, 1, 16)
        when 'elb' then ${arn('elasticloadbalancing', 'loadbalancer/app/')} || coalesce(application.app, 'edge') || '/' || substr(${id}, 1, 16)
        when 'db' then ${arn('rds', 'db:')} || coalesce(application.app, 'legacy') || '-' || p.resource
        when 'cache' then ${arn('elasticache', 'cluster:')} || coalesce(application.app, 'legacy') || '-' || p.resource
        when 's3' then 'meridian-' || coalesce(application.app, 'archive') || '-' || substr(${id}, 1, 8)
        when 'fn' then ${arn('lambda', 'function:')} || case when p.resource = 0 then 'order-events-replay' else coalesce(application.app, 'cron') || '-' || substr(${id}, 1, 6) end
        when 'eks' then ${arn('eks', 'cluster/')} || coalesce(application.app, 'meridian-shared-eks')
        when 'table' then ${arn('dynamodb', 'table/')} || coalesce(application.app, 'sessions') || '-' || substr(${id}, 1, 6)
        when 'log' then ${arn('logs', 'log-group:/app/')} || coalesce(application.app, 'shared') || '/' || p.resource
        when 'cdn' then 'arn:aws:cloudfront::' || account.id || ':distribution/E' || upper(substr(${id}, 1, 13))
        when 'key' then ${arn('kms', 'key/')} || substr(${id}, 1, 8) || '-' || substr(${id}, 9, 4)
        when 'queue' then ${arn('sqs', '')} || coalesce(application.app, 'shared') || '-' || p.resource
        when 'model' then ${arn('bedrock', 'inference-profile/meridian-text')}
        else 'arn:aws:aws-marketplace:us-east-1:' || account.id || ':agreement/agmt-' || substr(${id}, 1, 16)
      end`;
}

/** CUR 2.0 names a tag key by its prefix and snake case: `user:cost-center` is `user_cost_center`. */
function tagMap(): string {
  return `map_from_entries(list_filter([
        {'k': 'aws_eks_cluster_name', 'v': case when p.in_cluster then 'meridian-shared-eks' end},
        {'k': 'user_app', 'v': application.app},
        {'k': 'user_cost_center', 'v': application.cost_center},
        {'k': 'user_env', 'v': case when application.app is not null then p.env end},
        {'k': 'user_name', 'v': case when application.app is not null then application.app || '-' || p.shape || '-' || p.env || '-' || p.resource end},
        {'k': 'user_team', 'v': application.team}
      ], lambda e: e.v is not null))`;
}

function productMap(): string {
  return `map_from_entries(list_filter([
        {'k': 'product_name', 'v': p.name},
        {'k': 'region', 'v': region.code},
        {'k': 'servicename', 'v': p.name},
        {'k': 'vcpu', 'v': instance.vcpu::varchar},
        {'k': 'memory', 'v': instance.memory},
        {'k': 'operating_system', 'v': case when p.shape = 'i' and p.instance_type <> '' then 'Linux' end},
        {'k': 'database_engine', 'v': case when p.shape = 'db' then 'PostgreSQL' end}
      ], lambda e: e.v is not null))`;
}

/** The hourly commitment is what every covered resource takes when all run, rounded up to a tenth of a cent, as AWS sells it. */
function planTable(source: AwsSource, seed: number): string {
  const rows = source.plans.map(
    (p) => [p.slot, p.offering, p.payment, p.upfrontPermille, p.start, p.end, p.term] as const,
  );
  return `create or replace temp table plan as
    with sold as (
      select * from (values ${rowsOf(rows)}) as t(plan, slot, offering, payment, upfront_permille, starts, ends, term)
    )
    , needed as (
      select covered_by, sum((price * 0.72::decimal(3,2))::decimal(18,6)) as hourly
      from resource
      where hourly
      group by covered_by
    )
    select
      sold.* exclude (starts, ends),
      starts::date as starts,
      ends::date as ends,
      (ceil(coalesce(needed.hourly, 0.010) * 1000)::decimal(18,0) * 0.001::decimal(4,3))::decimal(18,3) as hourly,
      'arn:aws:savingsplans::${source.payer}:savingsplan/' || ${token(seed, `${source.source}:plan`, 'plan')} as arn,
      ${literal(source.regions[0]?.[0] ?? '')} as home_region
    from sold
    left join needed on needed.covered_by = 'sp' || sold.slot
    order by plan`;
}

function reservationTable(source: AwsSource, seed: number): string {
  const rows = source.reservations.map(
    (r) => [r.slot, r.template, r.payment, r.upfrontHourly, r.recurringHourly, r.start, r.end] as const,
  );
  return `create or replace temp table reservation as
    with bought as (
      select * from (values ${rowsOf(rows)}) as t(reservation, slot, template, payment, upfront_hourly, recurring_hourly, starts, ends)
    )
    , held as (
      select covered_by, count(*) as instances from resource group by covered_by
    )
    select
      bought.* exclude (starts, ends, upfront_hourly, recurring_hourly),
      starts::date as starts,
      ends::date as ends,
      upfront_hourly::decimal(9,4) as upfront_hourly,
      recurring_hourly::decimal(9,4) as recurring_hourly,
      -- One instance more than runs: the spare that nobody gave back.
      coalesce(held.instances, 0) + 1 as instances,
      'arn:aws:' || case slot when 1 then 'rds' else 'elasticache' end || ':${source.regions[0]?.[0]}:${source.payer}:'
        || case slot when 1 then 'ri:' else 'reserved-instance:' end || 'meridian-' || reservation
        || '-' || substr(${token(seed, `${source.source}:reservation`, 'reservation')}, 1, 8) as arn
    from bought
    left join held on held.covered_by = 'ri' || bought.slot
    order by reservation`;
}
