import { scaled } from './aws-sources.ts';
import type { CloudSource } from './focus-catalog.ts';
import type { DemoScale } from './group.ts';
import { roll, rowsOf, token } from './roll-sql.ts';

/** Statements that make the table `cloud_resource`: what runs in the cloud, with every text of its bill rows. */
export function cloudResourceStatements(
  cloud: CloudSource,
  seed: number,
  scale: DemoScale,
): readonly string[] {
  const dice = (salt: string, sides: number) => roll(seed, `${cloud.source}:${salt}`, 'r', sides);
  let bound = 0;
  const templates = cloud.templates.map((t) => {
    const low = bound;
    bound += t.weight;
    const committed = t.committed ? 1 : 0;
    return [
      t.service,
      t.category,
      t.subcategory,
      t.meter,
      t.unit,
      t.listPrice,
      t.dailyUnits,
      t.resourceType,
      t.instanceType,
      committed,
      low,
      bound,
    ] as const;
  });
  return [
    `create or replace temp table cloud_resource as
    with template as (
      select * from (values ${rowsOf(templates)}) as t(template, service, category, subcategory, meter, unit, list_price, daily_units,
        resource_type, instance_type, committed, low, high)
    )
    , sub_account as (select * from (values ${rowsOf(cloud.subAccounts)}) as t(number, id, name))
    , region as (select * from (values ${rowsOf(cloud.regions)}) as t(number, id, name))
    , application as (
      select * from (values ${rowsOf(cloud.applications.map((a) => [a.app, a.team, a.costCenter]))}) as t(number, app, team, cost_center)
    )
    , drawn as (
      select
        range::integer as r,
        ${dice('template', bound)} as drawn,
        ${dice('sub-account', cloud.subAccounts.length)} as sub_account,
        ${dice('region', 100)} as region,
        case when ${dice('untagged', 100)} < 9 then null else ${dice('application', cloud.applications.length)} end as application,
        500 + ${dice('size', 1300)} as size_permille,
        case when ${dice('born', 100)} < 75 then 0 else 1 + ${dice('birth', 12)} end as first_month,
        case when ${dice('env', 100)} < 70 then 'prod' when ${dice('env', 100)} < 88 then 'staging' else 'dev' end as env,
        ${dice('covered', 100)} < 66 as drawn_covered,
        ${token(seed, `${cloud.source}:id`, 'range')} as id
      from range(${scaled(cloud.resources, scale, 24)})
    )
    select
      drawn.r as resource,
      template.* exclude (low, high, committed, list_price, daily_units),
      list_price::decimal(18,6) as list_price,
      (list_price::decimal(18,6) * ${cloud.contractedShare}::decimal(3,2))::decimal(18,6) as contracted_price,
      (list_price::decimal(18,6) * ${cloud.committedShare}::decimal(3,2))::decimal(18,6) as committed_price,
      daily_units is null as hourly,
      coalesce(daily_units::bigint * 1000000, 0) as daily_micro,
      committed = 1 and drawn_covered as covered,
      size_permille,
      case when committed = 1 and drawn_covered then 0 else first_month end as first_month,
      env,
      sub_account.id as sub_account_id,
      sub_account.name as sub_account_name,
      region.id as region_id,
      region.name as region_name,
      app,
      coalesce(app, 'shared') || '-' || env || '-' || r as resource_name,
      ${cloudResourceId(cloud)} as resource_id,
      upper(substr(md5(service || meter), 1, 12)) as sku,
      map_from_entries(list_filter([
        {'k': 'app', 'v': app}, {'k': 'cost-center', 'v': cost_center},
        {'k': 'env', 'v': case when app is not null then env end}, {'k': 'team', 'v': team}
      ], lambda e: e.v is not null)) as tags,
      case when instance_type <> '' then '{"InstanceType":"' || instance_type || '","OperatingSystem":"Linux"}' end as sku_details
    from drawn
    join template on drawn.drawn >= template.low and drawn.drawn < template.high
    join sub_account on sub_account.number = drawn.sub_account
    join region on region.number = case when template.committed = 1 or drawn.region < 65 then 0 else 1 end
    left join application on application.number = drawn.application
    order by r`,
  ];
}

function cloudResourceId(cloud: CloudSource): string {
  return cloud.source === 'azure'
    ? `lower(sub_account.id || '/resourceGroups/rg-' || coalesce(app, 'shared') || '-' || env || '/providers/meridian/' || replace(resource_type, ' ', '') || '/' || r)`
    : `'//cloud.example/projects/' || sub_account.id || '/' || lower(replace(resource_type, ' ', '-')) || 's/' || substr(drawn.id, 1, 12)`;
}
