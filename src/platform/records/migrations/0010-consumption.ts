import type { Migration } from './migration.ts';

const id = `text collate "C"`;
const month = (table: string, column: string) =>
  `constraint ${table}_${column} check (${column} ~ '^[0-9]{4}-(0[1-9]|1[0-2])$')`;

const ofEntity = (table: string, alsoReads = '') => `
alter table ${table} enable row level security;
alter table ${table} force row level security;
create policy ${table}_entity on ${table}
  using (finops_sees_entity(entity_id)) with check (finops_sees_entity(entity_id));
${alsoReads === '' ? '' : `create policy ${table}_also_read on ${table} for select using (${alsoReads});`}`;

/** Partitions by year: a month is replaced in a small table, and a question over two years opens two. */
const byYear = (table: string) =>
  [
    `create table ${table}_before partition of ${table} for values from (minvalue) to ('2023');`,
    ...Array.from(
      { length: 13 },
      (_, year) =>
        `create table ${table}_${2023 + year} partition of ${table} for values from ('${2023 + year}') to ('${2024 + year}');`,
    ),
    `create table ${table}_after partition of ${table} for values from ('2036') to (maxvalue);`,
  ]
    .map((create) => {
      const [, partition = ''] = /^create table (\S+)/.exec(create) ?? [];
      return `${create}\nalter table ${partition} enable row level security;\nalter table ${partition} force row level security;`;
    })
    .join('\n');

/**
 * What applications consumed: a quantity of a product in a month, and where the figures come from. Sums by month are kept
 * beside them and change in the same transaction; the watermark of an entity's month says which facts they are of.
 */
export const consumption: Migration = {
  number: 10,
  name: 'consumption',
  sql: `
-- Where the consumption of a product comes from: one origin at a time.
create table consumption_origin (
  id bigint generated always as identity constraint consumption_origin_pkey primary key,
  entity_id ${id} not null constraint consumption_origin_entity references entity,
  product_id ${id} not null constraint consumption_origin_product references product,
  kind text not null
    constraint consumption_origin_kind check (kind in ('import', 'focus', 'allocation', 'derived')),
  -- The importing system, or the name of the rule.
  source ${id} not null constraint consumption_origin_source check (source ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'),
  -- How quantities are made; empty for imports.
  definition jsonb not null constraint consumption_origin_definition check (jsonb_typeof(definition) = 'object'),
  valid_from text not null ${month('consumption_origin', 'valid_from')},
  valid_to text ${month('consumption_origin', 'valid_to')},
  declared_at timestamptz not null,
  declared_by text not null,
  constraint consumption_origin_months check (valid_from < valid_to),
  constraint consumption_origin_one exclude using gist (
    entity_id with =, product_id with =, int4range(finops_month(valid_from), finops_month(valid_to)) with &&
  )
);

-- One delivery of a source: what was read, taken and refused.
create table consumption_import (
  id bigint generated always as identity constraint consumption_import_pkey primary key,
  -- Whose facts it brought or took away; of a refused one whose they would be.
  entities text[] collate "C" not null,
  source ${id} not null,
  kind text not null constraint consumption_import_kind check (kind in ('import', 'focus', 'allocation', 'derived')),
  -- File, list, rule; for the sentence that explains a fact.
  origin text not null,
  periods text[] not null,
  content_hash text not null constraint consumption_import_hash check (content_hash ~ '^[0-9a-f]{64}$'),
  rows_read integer not null,
  rows_taken integer not null,
  rows_rejected integer not null,
  state text not null constraint consumption_import_state check (state in ('taken', 'refused')),
  imported_at timestamptz not null,
  imported_by text not null
);
create index consumption_import_newest on consumption_import (imported_at, id);

-- Rows that were not taken, whole.
create table consumption_reject (
  import_id bigint not null constraint consumption_reject_import references consumption_import,
  entity_id ${id},
  row_number integer not null,
  field text not null,
  message text not null,
  line text not null,
  constraint consumption_reject_pkey primary key (import_id, row_number, field)
);

-- Ids are checked by the import, set by set; foreign keys here would check each of millions of rows. Nothing they name is
-- ever deleted.
create table consumption (
  -- No more is asked of it: a pattern here takes a fifth of the time of an import.
  period text not null constraint consumption_period check (octet_length(period) = 7),
  entity_id ${id} not null,
  application_id ${id} not null,
  product_id ${id} not null,
  environment text not null
    constraint consumption_environment check (environment in ('prod', 'non_prod', 'unknown', 'n_a')),
  region text not null default 'n_a',
  -- A finer name within the cell: a machine, a bucket. Empty: the whole.
  resource text not null default '',
  kind text not null constraint consumption_kind check (kind in ('DIRECT', 'INDIRECT')),
  -- In the product's unit; a weight when INDIRECT.
  quantity numeric(38, 12) not null,
  import_id bigint not null,
  -- Row of the file or list; the file's header is row 1.
  row_number integer,
  -- Why this quantity; null: the import says it.
  explanation text,
  -- The facts of a product's month are all of one import (consumption_part says which). Its number stands before them, so that
  -- rows that take the place of others come behind them in the index: between them they take three times as long.
  constraint consumption_pkey
    primary key (period, import_id, entity_id, product_id, application_id, environment, region, resource),
  constraint consumption_weight check (kind = 'DIRECT' or quantity >= 0)
) partition by range (period);
${byYear('consumption')}

-- What a product's facts of an entity's month are: by the origin that was declared, in one unit, known by their hash.
create table consumption_part (
  entity_id ${id} not null constraint consumption_part_entity references entity,
  period text not null ${month('consumption_part', 'period')},
  product_id ${id} not null constraint consumption_part_product references product,
  origin_kind text not null
    constraint consumption_part_origin_kind check (origin_kind in ('import', 'focus', 'allocation', 'derived')),
  source ${id} not null,
  import_id bigint not null constraint consumption_part_import references consumption_import,
  kind text not null constraint consumption_part_kind check (kind in ('DIRECT', 'INDIRECT')),
  -- Of the product when they came.
  unit text not null,
  content_hash text not null constraint consumption_part_hash check (content_hash ~ '^[0-9a-f]{64}$'),
  facts integer not null constraint consumption_part_facts check (facts > 0),
  quantity numeric not null,
  constraint consumption_part_pkey primary key (entity_id, period, product_id)
);
create index consumption_part_of_source on consumption_part (source, period);

-- Facts without their resources.
create table consumption_summary (
  period text not null,
  entity_id ${id} not null,
  application_id ${id} not null,
  product_id ${id} not null,
  environment text not null,
  region text not null,
  kind text not null,
  quantity numeric(38, 12) not null,
  facts integer not null,
  import_id bigint not null default 0
) partition by range (period);
${byYear('consumption_summary')}
-- Rows of one product share an entry here, which makes a month a fifth quicker to write than a key of seven columns. Made by
-- grouping, they cannot be there twice; the verifier looks all the same.
create index consumption_summary_of_import on consumption_summary (period, import_id, entity_id, product_id);

-- Facts without their applications.
create table consumption_product (
  period text not null,
  entity_id ${id} not null,
  product_id ${id} not null,
  environment text not null,
  region text not null,
  kind text not null,
  quantity numeric(38, 12) not null,
  applications integer not null,
  facts integer not null,
  constraint consumption_product_pkey primary key (period, entity_id, product_id, environment, region, kind)
);

-- Changes with the facts, in their transaction: a reader who knows it knows what the sums are of.
create table consumption_watermark (
  entity_id ${id} not null constraint consumption_watermark_entity references entity,
  period text not null ${month('consumption_watermark', 'period')},
  facts_hash text not null,
  facts integer not null,
  changed_at timestamptz not null,
  constraint consumption_watermark_pkey primary key (entity_id, period)
);

create function finops_entities() returns text[] language sql stable
return string_to_array(current_setting('finops.entities', true), ',');
create function finops_applications() returns text[] language sql stable
return string_to_array(current_setting('finops.applications', true), ',');

${ofEntity('consumption_origin', 'finops_sees_some_application_of(entity_id)')}
${ofEntity('consumption_part', 'finops_sees_some_application_of(entity_id)')}
alter table consumption_import enable row level security;
alter table consumption_import force row level security;
create policy consumption_import_entity on consumption_import
  using (finops_sees_all() or (entities <> '{}' and entities <@ finops_entities()))
  with check (finops_sees_all() or (entities <> '{}' and entities <@ finops_entities()));
-- Where a fact comes from is told to whoever sees the fact.
create policy consumption_import_also_read on consumption_import for select
  using (
    entities && finops_entities()
    or exists (select from application where id = any(finops_applications()) and entity_id = any(entities))
  );
-- A line that names no application that there is may be anybody's: it is shown to who sees all that the file was about.
create function finops_sees_reject(entity text, import bigint) returns boolean language sql stable
return case
  when finops_sees_all() then true
  when entity is not null then finops_sees_entity(entity)
  else exists (
    select from consumption_import
    where id = import and entities <> '{}' and entities <@ finops_entities()
  )
end;
alter table consumption_reject enable row level security;
alter table consumption_reject force row level security;
create policy consumption_reject_entity on consumption_reject
  using (finops_sees_reject(entity_id, import_id)) with check (finops_sees_reject(entity_id, import_id));
${ofEntity('consumption_product')}
${ofEntity('consumption_watermark', 'finops_sees_some_application_of(entity_id)')}

-- Millions of rows: the scope is read once a statement, not once a row.
alter table consumption enable row level security;
alter table consumption force row level security;
create policy consumption_entity on consumption
  using ((select finops_sees_all()) or entity_id = any((select finops_entities())::text[]))
  with check ((select finops_sees_all()) or entity_id = any((select finops_entities())::text[]));
create policy consumption_also_read on consumption for select
  using (application_id = any((select finops_applications())::text[]));
alter table consumption_summary enable row level security;
alter table consumption_summary force row level security;
create policy consumption_summary_entity on consumption_summary
  using ((select finops_sees_all()) or entity_id = any((select finops_entities())::text[]))
  with check ((select finops_sees_all()) or entity_id = any((select finops_entities())::text[]));
create policy consumption_summary_also_read on consumption_summary for select
  using (application_id = any((select finops_applications())::text[]));

grant select, insert, delete on consumption_origin, consumption_part, consumption, consumption_summary,
  consumption_product, consumption_watermark to finops_app;
grant select, insert on consumption_import, consumption_reject to finops_app;
grant update (facts_hash, facts, changed_at) on consumption_watermark to finops_app;
grant update (valid_to) on consumption_origin to finops_app;
`,
};
