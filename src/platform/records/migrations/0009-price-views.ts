import type { Migration } from './migration.ts';

const id = `text collate "C"`;
const month = (table: string, column: string) =>
  `constraint ${table}_${column} check (${column} ~ '^[0-9]{4}-(0[1-9]|1[0-2])$')`;

/**
 * Rows of a view's owner. A view of the installation (no entity) is read by everybody: prices are what they are charged. What it
 * charges one entity only (`shared`) is not for the others.
 */
const priced = (table: string, shared = 'entity_id is null') => `
alter table ${table} enable row level security;
alter table ${table} force row level security;
create policy ${table}_entity on ${table}
  using (finops_sees_entity(entity_id)) with check (finops_sees_entity(entity_id));
create policy ${table}_also_read on ${table} for select
  using ((${shared}) or finops_sees_some_application_of(entity_id));`;

/**
 * What is charged for a unit of a product: views, their numbered versions, the lines of each version, and which view holds in
 * which month. A published version and its lines stay as they are for ever: costs point at them.
 */
export const priceViews: Migration = {
  number: 9,
  name: 'price-views',
  sql: `
-- Months as whole numbers, so that spans of them are ranges: 2026-01 is 24312.
create function finops_month(period text) returns integer language sql immutable
return substr(period, 1, 4)::integer * 12 + substr(period, 6, 2)::integer - 1;

-- Callers who are limited to applications read what concerns the entity of one of them.
create function finops_sees_some_application_of(entity text) returns boolean language sql stable
return current_setting('finops.applications', true) <> ''
  and exists (
    select from application
    where entity_id = entity and id = any(string_to_array(current_setting('finops.applications', true), ','))
  );

create table price_view (
  id ${id} constraint price_view_pkey primary key
    constraint price_view_id_shape check (id ~ '^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$'),
  label text not null constraint price_view_label_size check (length(label) between 1 and 200),
  kind text not null constraint price_view_kind check (kind in ('budget', 'standard', 'actual', 'what-if')),
  -- Of its costs; null under 'actual', which keeps the currencies of the bills.
  currency text constraint price_view_currency check (currency ~ '^[A-Z]{3}$'),
  -- Which rate converts lines of another currency.
  rate_type text not null default 'average'
    constraint price_view_rate_type check (rate_type in ('average', 'closing', 'budget')),
  -- Whose applications it prices; null: all.
  entity_id ${id} constraint price_view_entity references entity,
  -- Under 'actual': whose published runs are the costs.
  graph_id ${id} constraint price_view_graph references graph,
  retired_at timestamptz,
  active boolean not null generated always as (retired_at is null) stored,
  version integer not null default 1 constraint price_view_version_number check (version > 0),
  constraint price_view_actual check (
    (kind = 'actual') = (graph_id is not null) and (kind = 'actual') = (currency is null)
  )
);
create index price_view_of_entity on price_view (entity_id);

create table price_view_version (
  view_id ${id} not null constraint price_view_version_view references price_view,
  number integer not null constraint price_view_version_positive check (number > 0),
  entity_id ${id},
  state text not null constraint price_view_version_state check (state in ('draft', 'published')),
  content_hash text not null constraint price_view_version_hash check (content_hash ~ '^[0-9a-f]{64}$'),
  lines integer not null,
  note text constraint price_view_version_note_size check (length(note) between 1 and 2000),
  -- The version whose lines it began with.
  based_on integer,
  -- The published version that it took the place of.
  supersedes integer,
  created_at timestamptz not null,
  created_by text not null,
  changed_at timestamptz not null,
  published_at timestamptz,
  published_by text,
  constraint price_view_version_pkey primary key (view_id, number),
  constraint price_view_version_published check (
    (state = 'published') = (published_at is not null) and (published_at is null) = (published_by is null)
  )
);
create unique index price_view_one_draft on price_view_version (view_id) where state = 'draft';

create table price_line (
  view_id ${id} not null,
  version integer not null,
  number integer not null constraint price_line_number check (number > 0),
  -- Of the view.
  entity_id ${id},
  level text not null constraint price_line_level check (level in ('product', 'family', 'domain', 'view')),
  -- Id of the product, family or domain; empty for the whole view.
  target text not null constraint price_line_target check ((level = 'view') = (target = '')),
  -- Narrower than all; empty: any.
  of_entity text not null default '',
  environment text not null default '',
  region text not null default '',
  kind text not null constraint price_line_kind check (kind in ('unit', 'pool')),
  -- Of the price; empty where the amount of a pool is spread.
  unit text not null,
  -- Price of one unit, or the amount of the pool; null where tiers say it.
  amount numeric(38, 12),
  tier_mode text constraint price_line_tier_mode check (tier_mode in ('graduated', 'all-units')),
  -- [{"from": "0", "price": "0.10"}, …], from ascending, the first 0.
  tiers jsonb constraint price_line_tiers_list check (jsonb_typeof(tiers) = 'array'),
  currency text not null constraint price_line_currency check (currency ~ '^[A-Z]{3}$'),
  valid_from text not null ${month('price_line', 'valid_from')},
  -- The first month that it no longer holds.
  valid_to text ${month('price_line', 'valid_to')},
  note text constraint price_line_note_size check (length(note) between 1 and 500),
  constraint price_line_pkey primary key (view_id, version, number),
  constraint price_line_version foreign key (view_id, version) references price_view_version (view_id, number),
  constraint price_line_months check (valid_from < valid_to),
  constraint price_line_price check (
    (tier_mode is null) = (tiers is null) and (amount is null) = (tiers is not null)
    and (kind = 'unit' or tiers is null) and (kind = 'unit') = (unit <> '') and (kind = 'unit' or level = 'product')
  ),
  constraint price_line_no_overlap exclude using gist (
    view_id with =, version with =, level with =, target with =, of_entity with =, environment with =, region with =,
    int4range(finops_month(valid_from), finops_month(valid_to)) with &&
  )
);

create function finops_price_version_rule() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform from price_view where id = new.view_id for update;
    if not exists (
      select from price_view where id = new.view_id and entity_id is not distinct from new.entity_id
    ) then
      raise exception 'a version belongs to the entity of its price view' using errcode = 'insufficient_privilege';
    end if;
    if new.state <> 'draft'
      or new.number <> 1 + (select coalesce(max(number), 0) from price_view_version where view_id = new.view_id)
    then
      raise exception 'a version of a price view begins as draft, numbered after the last one'
        using errcode = 'insufficient_privilege';
    end if;
    return new;
  end if;
  if old.state <> 'draft' then
    raise exception 'version % of price view % is published: it stays as it is', old.number, old.view_id
      using errcode = 'insufficient_privilege';
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end
$$;
create trigger price_version_rule before insert or update or delete on price_view_version
  for each row execute function finops_price_version_rule();

-- Whoever changes lines holds the draft: it cannot be published meanwhile.
create function finops_price_lines_rule() returns trigger language plpgsql as $$
begin
  perform from price_view_version
    where state = 'draft' and (view_id, number) in (select distinct view_id, version from touched) for share;
  if exists (
    select from touched
    where (view_id, version) not in (select view_id, number from price_view_version where state = 'draft')
  ) then
    raise exception 'lines of a published version of a price view stay' using errcode = 'insufficient_privilege';
  end if;
  if exists (
    select from touched
    join price_view_version as version on version.view_id = touched.view_id and version.number = touched.version
    where version.entity_id is distinct from touched.entity_id
  ) then
    raise exception 'lines belong to the entity of their price view' using errcode = 'insufficient_privilege';
  end if;
  return null;
end
$$;
create trigger price_lines_made after insert on price_line referencing new table as touched
  for each statement execute function finops_price_lines_rule();
create trigger price_lines_gone after delete on price_line referencing old table as touched
  for each statement execute function finops_price_lines_rule();
create trigger price_lines_stay before truncate on price_line
  for each statement execute function finops_append_only();
create trigger price_versions_stay before truncate on price_view_version
  for each statement execute function finops_append_only();

-- Which view holds in which month: an entity's own calendar before that of the installation.
create table price_calendar (
  id bigint generated always as identity constraint price_calendar_pkey primary key,
  entity_id ${id} constraint price_calendar_entity references entity,
  view_id ${id} not null constraint price_calendar_view references price_view,
  valid_from text not null ${month('price_calendar', 'valid_from')},
  valid_to text ${month('price_calendar', 'valid_to')},
  constraint price_calendar_months check (valid_from < valid_to),
  constraint price_calendar_one_view exclude using gist (
    coalesce(entity_id, '') with =, int4range(finops_month(valid_from), finops_month(valid_to)) with &&
  )
);

-- 1 base = rate quote. Never inverted, never chained.
create table fx_rate (
  period text not null ${month('fx_rate', 'period')},
  base text not null constraint fx_rate_base check (base ~ '^[A-Z]{3}$'),
  quote text not null constraint fx_rate_quote check (quote ~ '^[A-Z]{3}$'),
  type text not null constraint fx_rate_type check (type in ('average', 'closing', 'budget')),
  rate numeric not null constraint fx_rate_positive check (rate > 0),
  -- Where it was published: ECB.
  source text not null constraint fx_rate_source_size check (length(source) between 1 and 200),
  -- The day that it is of.
  as_of date not null,
  -- Raised by every change: costs that used it are computed again.
  version integer not null default 1,
  constraint fx_rate_pkey primary key (period, base, quote, type),
  constraint fx_rate_other check (base <> quote)
);

${priced('price_view')}
${priced('price_view_version')}
${priced('price_line', "entity_id is null and (of_entity = '' or finops_sees_entity(of_entity) or finops_sees_some_application_of(of_entity))")}
${priced('price_calendar')}
alter table fx_rate enable row level security;
alter table fx_rate force row level security;
create policy fx_rate_read on fx_rate for select using (true);
create policy fx_rate_insert on fx_rate for insert with check (finops_sees_all());
create policy fx_rate_update on fx_rate for update using (finops_sees_all()) with check (finops_sees_all());
create policy fx_rate_delete on fx_rate for delete using (finops_sees_all());

grant select, insert on price_view, price_view_version, price_line, price_calendar, fx_rate to finops_app;
grant update (label, rate_type, retired_at, version) on price_view to finops_app;
grant update (state, content_hash, lines, note, supersedes, changed_at, published_at, published_by)
  on price_view_version to finops_app;
grant delete on price_view_version, price_line, price_calendar, fx_rate to finops_app;
grant update (rate, source, as_of, version) on fx_rate to finops_app;
`,
};
