import type { Migration } from './migration.ts';

/**
 * Long work: the run is the truth, the queue only wakes workers. One run of a (kind, entity, key) is under way at a time;
 * `attempt` fences: a worker writes only what it began. A run without an entity is seen by those who see everything.
 */
export const jobs: Migration = {
  number: 4,
  name: 'jobs',
  sql: `
create table run (
  id text constraint run_pkey primary key,
  kind text not null constraint run_kind check (kind ~ '^[a-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*)+$'),
  key text,
  entity_id text,
  schedule text,
  place text not null constraint run_place check (place in ('queue', 'here')),
  detached boolean not null,
  state text not null constraint run_state
    check (state in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  input jsonb not null,
  result jsonb,
  problem jsonb,
  actor_kind text not null constraint run_actor_kind check (actor_kind in ('owner', 'person', 'token', 'system')),
  actor_id text not null,
  actor_name text not null,
  attempt integer not null default 0 constraint run_attempt check (attempt >= 0),
  failures integer not null default 0 constraint run_failures check (failures >= 0),
  max_failures integer not null constraint run_max_failures check (max_failures between 1 and 20),
  interruptions integer not null default 0 constraint run_interruptions check (interruptions >= 0),
  worker text,
  alive_at timestamptz,
  cancel_requested_by text,
  progress jsonb,
  rows_in bigint not null default 0 constraint run_rows_in check (rows_in >= 0),
  rows_out bigint not null default 0 constraint run_rows_out check (rows_out >= 0),
  created_at timestamptz not null default clock_timestamp(),
  due_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  constraint run_worked check ((state = 'running') = (worker is not null and alive_at is not null)),
  constraint run_ended check ((state in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null)),
  constraint run_said_why check (state <> 'failed' or problem is not null)
);
create unique index run_single_flight on run (kind, coalesce(entity_id, ''), key)
  where state in ('queued', 'running');
create index run_open on run (state, due_at) where state in ('queued', 'running');

create table run_step (
  run_id text not null constraint run_step_run references run,
  entity_id text,
  attempt integer not null,
  number integer not null constraint run_step_number check (number > 0),
  name text not null,
  state text not null constraint run_step_state
    check (state in ('running', 'succeeded', 'failed', 'cancelled')),
  rows_in bigint not null default 0 constraint run_step_rows_in check (rows_in >= 0),
  rows_out bigint not null default 0 constraint run_step_rows_out check (rows_out >= 0),
  started_at timestamptz not null,
  finished_at timestamptz,
  constraint run_step_pkey primary key (run_id, attempt, number)
);

create table run_log (
  id bigint generated always as identity constraint run_log_pkey primary key,
  run_id text not null constraint run_log_run references run,
  entity_id text,
  attempt integer not null,
  at timestamptz not null default clock_timestamp(),
  level text not null constraint run_log_level check (level in ('info', 'warning', 'error')),
  message text not null
);
create index run_log_of_run on run_log (run_id, id);

create table run_schedule (
  name text constraint run_schedule_pkey primary key
    constraint run_schedule_name check (name ~ '^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$'),
  kind text not null,
  entity_id text,
  key text,
  asked jsonb not null,
  input jsonb not null,
  cron text not null,
  time_zone text not null,
  enabled boolean not null,
  next_at timestamptz,
  last_at timestamptz,
  last_run_id text,
  set_by text not null,
  set_at timestamptz not null default clock_timestamp(),
  constraint run_schedule_next check (next_at is not null or not enabled)
);
create index run_schedule_due on run_schedule (next_at) where enabled;

alter table run enable row level security;
alter table run force row level security;
create policy run_scope on run
  using (finops_sees_entity(entity_id)) with check (finops_sees_entity(entity_id));
alter table run_step enable row level security;
alter table run_step force row level security;
create policy run_step_scope on run_step
  using (finops_sees_entity(entity_id)) with check (finops_sees_entity(entity_id));
alter table run_log enable row level security;
alter table run_log force row level security;
create policy run_log_scope on run_log
  using (finops_sees_entity(entity_id)) with check (finops_sees_entity(entity_id));
alter table run_schedule enable row level security;
alter table run_schedule force row level security;
create policy run_schedule_scope on run_schedule
  using (finops_sees_entity(entity_id)) with check (finops_sees_entity(entity_id));

grant select, insert, update on run, run_step, run_log to finops_app;
grant select, insert, update, delete on run_schedule to finops_app;
`,
};
