import type { Migration } from './migration.ts';

const id = `text collate "C"`;
const month = (table: string, column: string) =>
  `constraint ${table}_${column} check (${column} ~ '^[0-9]{4}-(0[1-9]|1[0-2])$')`;

/** Millions of rows: the scope is read once a statement, not once a row. */
const large = (table: string, alsoReads: boolean) => `
alter table ${table} enable row level security;
alter table ${table} force row level security;
create policy ${table}_entity on ${table}
  using ((select finops_sees_all()) or entity_id = any((select finops_entities())::text[]))
  with check ((select finops_sees_all()) or entity_id = any((select finops_entities())::text[]));
${alsoReads ? `create policy ${table}_also_read on ${table} for select using (application_id = any((select finops_applications())::text[]));` : ''}`;

const small = (table: string) => `
alter table ${table} enable row level security;
alter table ${table} force row level security;
create policy ${table}_entity on ${table}
  using (finops_sees_entity(entity_id)) with check (finops_sees_entity(entity_id));
create policy ${table}_also_read on ${table} for select using (finops_sees_some_application_of(entity_id));`;

/**
 * Costs of applications. A pricing is the consumption of an entity's month under one version of a price view: its costs follow
 * from these two, are computed again when either changes, and stay for ever once the month is frozen with them.
 */
export const applicationCost: Migration = {
  number: 11,
  name: 'application-cost',
  sql: `
create table pricing (
  id bigint generated always as identity constraint pricing_pkey primary key,
  -- Null: what belongs to no entity, such as shared cost of the group that reached nobody.
  entity_id ${id} constraint pricing_entity references entity,
  period text not null ${month('pricing', 'period')},
  view_id ${id} not null,
  -- Of the view; 0 under 'actual'.
  version integer not null,
  -- The month whose prices were taken; another than its own for constant prices.
  price_period text not null ${month('pricing', 'price_period')},
  -- The view and version under which derived weights were made; null: as they are stored.
  weights text,
  currency text not null constraint pricing_currency check (currency ~ '^[A-Z]{3}$'),
  -- Under 'actual': the published run.
  run_id text,
  -- Of the facts, catalogue and rates, or of the run: what it was computed from.
  inputs_hash text not null,
  cost numeric not null,
  direct numeric not null default 0,
  indirect numeric not null default 0,
  -- Amounts that no application has a weight for: part of the cost.
  unallocated numeric not null default 0,
  lines integer not null,
  unpriced integer not null,
  -- Number of the freeze that keeps it; null while it may be computed again.
  freeze_number integer,
  applied_at timestamptz not null,
  constraint pricing_frozen check (freeze_number > 0)
);
create unique index pricing_one_live
  on pricing (period, view_id, coalesce(entity_id, ''), version, price_period, coalesce(weights, ''), currency)
  where freeze_number is null;
create unique index pricing_one_frozen on pricing (period, coalesce(entity_id, ''), freeze_number, view_id, currency)
  where freeze_number is not null;

-- The price that each cell of a pricing was multiplied with, and the line of the view that it is from.
create table pricing_price (
  pricing_id bigint not null,
  entity_id ${id},
  product_id ${id} not null,
  environment text not null,
  region text not null,
  kind text not null constraint pricing_price_kind check (kind in ('unit', 'tiers', 'pool', 'none')),
  line_number integer,
  -- Price of one of the product's units = numerator / denominator, in the pricing's currency.
  numerator numeric,
  denominator numeric,
  -- The price as the line says it.
  line_unit text,
  line_amount numeric,
  line_currency text,
  rate numeric,
  rate_type text,
  rate_source text,
  -- Why there is none.
  reason text,
  constraint pricing_price_pkey primary key (pricing_id, product_id, environment, region)
);

create table application_cost (
  pricing_id bigint not null,
  entity_id ${id},
  -- '~unallocated': what no application has a weight for; '~node:ID': a product of the graph that is no application.
  application_id ${id} not null,
  product_id ${id} not null,
  environment text not null,
  region text not null,
  kind text not null,
  quantity numeric(38, 12) not null,
  -- Null: unpriced, which is not 0.
  cost numeric,
  constraint application_cost_pkey
    primary key (pricing_id, application_id, product_id, environment, region, kind)
);
create index application_cost_of_product on application_cost (pricing_id, product_id);

create table application_month_cost (
  pricing_id bigint not null,
  entity_id ${id},
  application_id ${id} not null,
  cost numeric not null,
  direct numeric not null,
  indirect numeric not null,
  lines integer not null,
  unpriced integer not null,
  constraint application_month_cost_pkey primary key (pricing_id, application_id)
);

create table product_month_cost (
  pricing_id bigint not null,
  entity_id ${id},
  product_id ${id} not null,
  environment text not null,
  kind text not null,
  quantity numeric(38, 12) not null,
  cost numeric not null,
  applications integer not null,
  lines integer not null,
  unpriced integer not null,
  constraint product_month_cost_pkey primary key (pricing_id, product_id, environment, kind)
);

-- What a month was closed with. Reopening ends a freeze and deletes nothing; closing again makes the next.
create table period_freeze (
  entity_id ${id} not null constraint period_freeze_entity references entity,
  period text not null ${month('period_freeze', 'period')},
  number integer not null constraint period_freeze_number check (number > 0),
  view_id ${id} not null,
  version integer not null,
  -- Of every cost that was kept.
  content_hash text not null,
  -- The published allocation run of the month then.
  run_id text,
  frozen_at timestamptz not null,
  frozen_by text not null,
  ended_at timestamptz,
  ended_by text,
  end_reason text,
  constraint period_freeze_pkey primary key (entity_id, period, number),
  constraint period_freeze_ended check (
    (ended_at is null) = (ended_by is null) and (ended_at is null) = (end_reason is null)
  )
);
create unique index period_freeze_one_now on period_freeze (entity_id, period) where ended_at is null;

-- Frozen costs stay.
create function finops_pricing_rule() returns trigger language plpgsql as $$
begin
  if old.freeze_number is not null then
    raise exception 'pricing % is frozen: its costs stay as they are', old.id using errcode = 'insufficient_privilege';
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end
$$;
create trigger pricing_rule before update or delete on pricing
  for each row execute function finops_pricing_rule();

create function finops_frozen_costs_rule() returns trigger language plpgsql as $$
begin
  if exists (select from touched join pricing on pricing.id = touched.pricing_id where freeze_number is not null) then
    raise exception 'costs of a frozen month stay as they are' using errcode = 'insufficient_privilege';
  end if;
  return null;
end
$$;
${['pricing_price', 'application_cost', 'application_month_cost', 'product_month_cost']
  .flatMap((table) => [
    `create trigger ${table}_made after insert on ${table} referencing new table as touched
  for each statement execute function finops_frozen_costs_rule();`,
    `create trigger ${table}_gone after delete on ${table} referencing old table as touched
  for each statement execute function finops_frozen_costs_rule();`,
    `create trigger ${table}_stay before truncate on ${table} for each statement execute function finops_append_only();`,
  ])
  .join('\n')}

${small('pricing')}
${small('pricing_price')}
${large('application_cost', true)}
${large('application_month_cost', true)}
${large('product_month_cost', false)}
${small('period_freeze')}

-- The names that tools for BI ask for. They run as their reader.
create view mv_drill with (security_invoker = true) as
  select period, entity_id, application_id, product.domain_id, product_id, environment, kind,
    sum(quantity) as quantity, sum(facts) as facts
  from consumption_summary
  join product on product.id = product_id
  group by period, entity_id, application_id, product.domain_id, product_id, environment, kind;
create view mv_app with (security_invoker = true) as
  select period, entity_id, application_id, product_id, kind, sum(quantity) as quantity, sum(facts) as facts
  from consumption_summary
  group by period, entity_id, application_id, product_id, kind;
create view mv_domain with (security_invoker = true) as
  select period, entity_id, product.domain_id, product_id, kind, sum(quantity) as quantity, sum(facts) as facts
  from consumption_product
  join product on product.id = product_id
  group by period, entity_id, product.domain_id, product_id, kind;
create view mv_total with (security_invoker = true) as
  select period, product_id, kind, sum(quantity) as quantity, sum(facts) as facts
  from consumption_product
  group by period, product_id, kind;
create view mv_application_cost with (security_invoker = true) as
  select pricing.period, pricing.view_id, pricing.version, pricing.freeze_number is not null as frozen, pricing.currency,
    cost.entity_id, cost.application_id, cost.cost, cost.direct, cost.indirect, cost.unpriced
  from application_month_cost as cost
  join pricing on pricing.id = cost.pricing_id
  where pricing.price_period = pricing.period and pricing.weights is null;

grant select, insert, delete on pricing, pricing_price, application_cost, application_month_cost, product_month_cost
  to finops_app;
grant update (cost, direct, indirect, unallocated, lines, unpriced, freeze_number) on pricing to finops_app;
grant select, insert on period_freeze to finops_app;
grant update (ended_at, ended_by, end_reason) on period_freeze to finops_app;
grant select on mv_drill, mv_app, mv_domain, mv_total, mv_application_cost to finops_app;
`,
};
