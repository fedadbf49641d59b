import type { Migration } from './migration.ts';

/** Ids that people choose. Sorted by code point, so that a page of a list is one stretch of the key. */
const id = `text collate "C"`;
const shape = (table: string) =>
  `constraint ${table}_id_shape check (id ~ '^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$')`;

/** What every object of the organization has. `active`: not retired; nothing is ever deleted. */
const common = (table: string) => `
  label text not null constraint ${table}_label_size check (length(label) between 1 and 200),
  retired_at timestamptz,
  active boolean not null generated always as (retired_at is null) stored,
  version integer not null default 1 constraint ${table}_version check (version > 0)`;

/** Rows that everybody reads and only callers without limits write: they belong to the installation. */
const shared = (table: string) => `
alter table ${table} enable row level security;
alter table ${table} force row level security;
create policy ${table}_read on ${table} for select using (true);
create policy ${table}_insert on ${table} for insert with check (finops_sees_all());
create policy ${table}_update on ${table} for update using (finops_sees_all()) with check (finops_sees_all());`;

/** Rows of an entity. `alsoReads`: who else reads them. */
const ofEntity = (table: string, column: string, alsoReads = '') => `
alter table ${table} enable row level security;
alter table ${table} force row level security;
create policy ${table}_entity on ${table}
  using (finops_sees_entity(${column})) with check (finops_sees_entity(${column}));
${alsoReads === '' ? '' : `create policy ${table}_also_read on ${table} for select using (${alsoReads});`}`;

/**
 * The legal entities of the group and what belongs to them; the catalogue of products; who answered for an application when.
 * Dated rows hold from `valid_from` until `valid_to`, which is the first day that they no longer hold.
 */
export const organization: Migration = {
  number: 2,
  name: 'organization',
  sql: `
create table entity (
  id ${id} constraint entity_pkey primary key ${shape('entity')},
  country text not null constraint entity_country check (country ~ '^[A-Z]{2}$'),
  currency text not null constraint entity_currency check (currency ~ '^[A-Z]{3}$'),
  vat_id text,
  billing_address_sealed text,
  time_zone text not null,
  ${common('entity')}
);
create index entity_vat_id on entity (vat_id) where vat_id is not null;

-- Which entity the bills of a source belong to: a caller's scope on the lake is made of it.
create table source (
  name ${id} constraint source_pkey primary key
    constraint source_name_shape check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'),
  entity_id ${id} not null constraint source_entity references entity,
  version integer not null default 1 constraint source_version check (version > 0)
);
create index source_of_entity on source (entity_id);

create table domain (
  id ${id} constraint domain_pkey primary key ${shape('domain')},
  ${common('domain')}
);

create table family (
  id ${id} constraint family_pkey primary key ${shape('family')},
  domain_id ${id} not null constraint family_domain references domain,
  ${common('family')},
  constraint family_in_domain unique (id, domain_id)
);
create index family_of_domain on family (domain_id);

create table product (
  id ${id} constraint product_pkey primary key ${shape('product')},
  domain_id ${id} not null constraint product_domain references domain,
  family_id ${id},
  unit text not null constraint product_unit_size check (length(unit) between 1 and 50),
  ${common('product')},
  constraint product_family foreign key (family_id, domain_id) references family (id, domain_id)
);
create index product_of_domain on product (domain_id);
create index product_of_family on product (family_id, domain_id);

create table team (
  id ${id} constraint team_pkey primary key ${shape('team')},
  parent_id ${id} constraint team_parent references team
    constraint team_parent_other check (parent_id <> id),
  ${common('team')}
);
create index team_of_parent on team (parent_id);

create table cost_centre (
  id ${id} constraint cost_centre_pkey primary key ${shape('cost_centre')},
  entity_id ${id} not null constraint cost_centre_entity references entity,
  ${common('cost_centre')},
  constraint cost_centre_in_entity unique (id, entity_id)
);
create index cost_centre_of_entity on cost_centre (entity_id);

create table application (
  id ${id} constraint application_pkey primary key ${shape('application')},
  entity_id ${id} not null constraint application_entity references entity,
  environments text[] not null
    constraint application_environments check (environments <@ array['prod', 'non_prod', 'unknown', 'n_a']),
  ${common('application')},
  constraint application_in_entity unique (id, entity_id)
);
create index application_of_entity on application (entity_id);

-- Who answered for an application, who paid for it and what was said of it, by date: one team and one cost centre at a time.
create table application_assignment (
  application_id ${id} not null,
  entity_id ${id} not null,
  valid_from date not null,
  valid_to date constraint application_assignment_dates check (valid_from < valid_to),
  team_id ${id} constraint application_assignment_team references team,
  cost_centre_id ${id},
  attributes jsonb not null constraint application_assignment_attributes check (jsonb_typeof(attributes) = 'object'),
  constraint application_assignment_pkey primary key (application_id, valid_from),
  constraint application_assignment_application
    foreign key (application_id, entity_id) references application (id, entity_id),
  constraint application_assignment_cost_centre
    foreign key (cost_centre_id, entity_id) references cost_centre (id, entity_id),
  constraint application_assignment_one_at_a_time
    exclude using gist (application_id with =, daterange(valid_from, valid_to) with &&)
);
create index application_assignment_of_team on application_assignment (team_id);
create index application_assignment_of_cost_centre on application_assignment (cost_centre_id, entity_id);

-- What an object was called when; the last row of each is its label now.
create table label_history (
  object_type text not null,
  object_id ${id} not null,
  entity_id ${id} constraint label_history_entity references entity,
  label text not null,
  valid_from date not null,
  valid_to date constraint label_history_dates check (valid_from < valid_to),
  constraint label_history_pkey primary key (object_type, object_id, valid_from)
);
create unique index label_history_one_now on label_history (object_type, object_id) where valid_to is null;

-- A month of an entity without a row is open.
create table period_state (
  entity_id ${id} not null constraint period_state_entity references entity,
  period text not null constraint period_state_period check (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  state text not null constraint period_state_state check (state in ('OPEN', 'CLOSED', 'LOCKED')),
  reason text,
  changed_at timestamptz not null,
  changed_by text not null,
  constraint period_state_pkey primary key (entity_id, period)
);

${shared('domain')}
${shared('family')}
${shared('product')}
${shared('team')}
${ofEntity('cost_centre', 'entity_id')}
${ofEntity('application', 'entity_id', 'finops_sees_application(id)')}
${ofEntity('application_assignment', 'entity_id', 'finops_sees_application(application_id)')}
${ofEntity('period_state', 'entity_id')}

-- Only callers without limits make entities and give them bills: nobody widens a scope of his own.
alter table entity enable row level security;
alter table entity force row level security;
create policy entity_read on entity for select using (finops_sees_entity(id));
create policy entity_insert on entity for insert with check (finops_sees_all());
create policy entity_update on entity for update
  using (finops_sees_entity(id)) with check (finops_sees_entity(id));

alter table source enable row level security;
alter table source force row level security;
create policy source_read on source for select using (finops_sees_entity(entity_id));
create policy source_insert on source for insert with check (finops_sees_all());
create policy source_update on source for update using (finops_sees_all()) with check (finops_sees_all());
create policy source_delete on source for delete using (finops_sees_all());

alter table label_history enable row level security;
alter table label_history force row level security;
create policy label_history_read on label_history for select
  using (
    entity_id is null or finops_sees_entity(entity_id)
    or (object_type = 'application' and finops_sees_application(object_id))
  );
create policy label_history_insert on label_history for insert
  with check (finops_sees_all() or finops_sees_entity(entity_id));
create policy label_history_delete on label_history for delete
  using (finops_sees_all() or finops_sees_entity(entity_id));

grant select, insert, update on entity, domain, family, product, team, cost_centre, application, period_state
  to finops_app;
grant select, insert, update, delete on source to finops_app;
grant select, insert, delete on application_assignment, label_history to finops_app;
`,
};
