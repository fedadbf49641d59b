import type { Migration } from './migration.ts';

const id = `text collate "C"`;

/**
 * Runs of an allocation: which graph was computed over which bills for which month, what came out, and whether it is published.
 * The figures themselves lie in the lake, under `snapshot_id`; this is their certificate. A run that failed, or whose figures the
 * lake has lost, may be computed again; a published one stays as it is until another takes its place.
 */
export const allocationRun: Migration = {
  number: 7,
  name: 'allocation-run',
  sql: `
create table allocation_run (
  -- A hash of everything that it was computed from: same inputs, same id.
  id ${id} constraint allocation_run_pkey primary key constraint allocation_run_id check (id ~ '^[0-9a-f]{32}$'),
  graph_id ${id} not null,
  version integer not null,
  -- Whose graph it is; null: the installation's.
  entity_id ${id} constraint allocation_run_entity references entity,
  period text not null constraint allocation_run_period check (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  state text not null constraint allocation_run_state
    check (state in ('computed', 'published', 'superseded', 'failed')),
  method jsonb not null,
  inputs jsonb not null,
  result jsonb not null,
  -- Of the lake; a run whose books do not balance leaves none.
  snapshot_id text constraint allocation_run_snapshot_id check (snapshot_id ~ '^[0-9a-z.-]{1,100}$'),
  computed_at timestamptz not null,
  computed_by text not null,
  -- When and by whom it was published last.
  published_at timestamptz,
  published_by text,
  constraint allocation_run_version foreign key (graph_id, version) references graph_version (graph_id, number),
  constraint allocation_run_failed check ((state = 'failed') = (snapshot_id is null)),
  constraint allocation_run_was_published check (
    (state in ('published', 'superseded')) = (published_at is not null)
    and (published_at is null) = (published_by is null)
  )
);
create unique index allocation_run_one_published on allocation_run (graph_id, period) where state = 'published';
create index allocation_run_of_month on allocation_run (graph_id, period, computed_at);
create index allocation_run_newest on allocation_run (computed_at, id);

create function finops_allocation_run_rule() returns trigger language plpgsql as $$
begin
  if (new.id, new.graph_id, new.version, new.entity_id, new.period) is distinct from
     (old.id, old.graph_id, old.version, old.entity_id, old.period)
    or (old.state = 'published'
      and (new.method, new.inputs, new.result, new.snapshot_id, new.computed_at, new.computed_by) is distinct from
          (old.method, old.inputs, old.result, old.snapshot_id, old.computed_at, old.computed_by))
  then
    raise exception 'allocation run % is published: its figures stay as they are', old.id using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
create trigger allocation_run_rule before update on allocation_run
  for each row execute function finops_allocation_run_rule();
create trigger allocation_runs_stay before truncate on allocation_run
  for each statement execute function finops_append_only();

alter table allocation_run enable row level security;
alter table allocation_run force row level security;
create policy allocation_run_scope on allocation_run
  using (finops_sees_entity(entity_id)) with check (finops_sees_entity(entity_id));

grant select, insert on allocation_run to finops_app;
grant update (state, method, inputs, result, snapshot_id, computed_at, computed_by, published_at, published_by)
  on allocation_run to finops_app;
`,
};
