import type { Migration } from './migration.ts';

/**
 * Who sees what, and what was done. The functions read the caller's scope, which the transaction sets; without one nobody
 * sees anything. Policies call them, so that scope is said in one place.
 */
export const audit: Migration = {
  number: 1,
  name: 'audit',
  sql: `
create function finops_sees_all() returns boolean language sql stable
return current_setting('finops.all', true) = 'on';

create function finops_sees_entity(id text) returns boolean language sql stable
return current_setting('finops.all', true) = 'on'
  or id = any(string_to_array(current_setting('finops.entities', true), ','));

create function finops_sees_company(id text) returns boolean language sql stable
return current_setting('finops.all', true) = 'on'
  or id = any(string_to_array(current_setting('finops.companies', true), ','));

create function finops_sees_application(id text) returns boolean language sql stable
return current_setting('finops.all', true) = 'on'
  or id = any(string_to_array(current_setting('finops.applications', true), ','));

create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  actor_kind text not null check (actor_kind in ('owner', 'person', 'token', 'system')),
  actor_id text not null,
  actor_name text not null,
  address text,
  action text not null,
  object_type text not null,
  object_id text not null,
  entity_id text,
  before jsonb,
  after jsonb,
  request_id text
);
create index audit_log_object on audit_log (object_type, object_id, id);
create index audit_log_at on audit_log (at);

create table audit_seal (
  position bigint primary key check (position > 0),
  audit_id bigint not null unique,
  previous_hash text not null check (previous_hash ~ '^[0-9a-f]{64}$'),
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  sealed_at timestamptz not null
);
create index audit_seal_sealed_at on audit_seal (sealed_at, position);

create function finops_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'table % is append-only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;
create trigger append_only before update or delete on audit_log
  for each row execute function finops_append_only();
create trigger append_only before update or delete on audit_seal
  for each row execute function finops_append_only();
create trigger append_only_all before truncate on audit_log
  for each statement execute function finops_append_only();
create trigger append_only_all before truncate on audit_seal
  for each statement execute function finops_append_only();

alter table audit_log enable row level security;
alter table audit_log force row level security;
create policy audit_log_read on audit_log for select
  using (finops_sees_all() or finops_sees_entity(entity_id));
create policy audit_log_write on audit_log for insert
  with check (true);

grant select, insert on audit_log to finops_app;
grant select on audit_seal to finops_app;
`,
};
