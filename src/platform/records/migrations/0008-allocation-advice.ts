import type { Migration } from './migration.ts';

const id = `text collate "C"`;
const period = (table: string) => `constraint ${table}_period check (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$')`;

/** Rows of an entity; null: the installation's. Whoever sees the application reads them too. */
const owned = (table: string) => `
alter table ${table} enable row level security;
alter table ${table} force row level security;
create policy ${table}_entity on ${table}
  using (finops_sees_entity(entity_id)) with check (finops_sees_entity(entity_id));
create policy ${table}_also_read on ${table} for select using (finops_sees_application(application_id));`;

/**
 * What is laid beside allocated cost: revenue as somebody else's books have it, and what a month's figures advise to do.
 *
 * A recommendation is known by its key, which says what it is about and nothing of a month: so that what people decided of it
 * outlives every computation. The figures of a month are rows of their own, replaced whenever that month is looked at again.
 */
export const allocationAdvice: Migration = {
  number: 8,
  name: 'allocation-advice',
  sql: `
create table revenue (
  id bigint generated always as identity constraint revenue_pkey primary key,
  graph_id ${id} not null constraint revenue_graph references graph,
  entity_id ${id} constraint revenue_entity references entity,
  period text not null ${period('revenue')},
  -- The system that it came from: a month of it is replaced as a whole.
  source text not null constraint revenue_source check (source ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'),
  node_id ${id} constraint revenue_node_size check (length(node_id) between 1 and 200),
  -- What it was given for, or the node's: who sees the application sees its revenue.
  application_id ${id},
  currency text not null constraint revenue_currency check (currency ~ '^[A-Z]{3}$'),
  -- Positive: earned. Negative: given back.
  amount numeric(38, 12) not null,
  -- Where it stood in the file or list, the header of a file being row 1.
  row_number integer not null constraint revenue_row check (row_number > 0),
  imported_at timestamptz not null,
  imported_by text not null,
  constraint revenue_of_something check (node_id is not null or application_id is not null)
);
create unique index revenue_once on revenue
  (graph_id, period, source, coalesce(node_id, ''), coalesce(case when node_id is null then application_id end, ''), currency);
create index revenue_of_application on revenue (application_id);
create index revenue_of_entity on revenue (entity_id);

create table recommendation (
  id ${id} constraint recommendation_pkey primary key,
  graph_id ${id} not null constraint recommendation_graph references graph,
  entity_id ${id} constraint recommendation_entity references entity,
  application_id ${id},
  kind text not null constraint recommendation_kind check (kind ~ '^[a-z]+(_[a-z]+)*$'),
  -- What it is about, the same in every month.
  key text not null constraint recommendation_key_size check (length(key) between 1 and 600),
  node_id ${id},
  status text not null default 'open'
    constraint recommendation_status check (status in ('open', 'accepted', 'dismissed', 'done')),
  reason text constraint recommendation_reason_size check (length(reason) between 1 and 1000),
  version integer not null default 1 constraint recommendation_version check (version > 0),
  created_at timestamptz not null,
  decided_at timestamptz,
  decided_by text,
  constraint recommendation_said_why check (status <> 'dismissed' or reason is not null),
  constraint recommendation_decided check ((status = 'open' and version = 1) or decided_at is not null)
);
create unique index recommendation_once on recommendation (graph_id, key);
create index recommendation_of_entity on recommendation (entity_id);

create table recommendation_month (
  recommendation_id ${id} not null
    constraint recommendation_month_recommendation references recommendation,
  graph_id ${id} not null,
  entity_id ${id} constraint recommendation_month_entity references entity,
  application_id ${id},
  period text not null ${period('recommendation_month')},
  -- The allocation run whose figures it was computed from.
  run_id text not null,
  currency text not null constraint recommendation_month_currency check (currency ~ '^[A-Z]{3}$'),
  -- What the rows cost that it is about, in the run's metric.
  cost numeric(38, 12) not null,
  -- Null: it saves nothing, and says how much money it is about.
  saving numeric(38, 12),
  title text not null,
  formula text,
  facts jsonb not null constraint recommendation_month_facts check (jsonb_typeof(facts) = 'object'),
  -- The cost that it would save: nodes, and what of a node where it is not the whole.
  basis jsonb not null constraint recommendation_month_basis check (jsonb_typeof(basis) = 'array'),
  evidence jsonb not null constraint recommendation_month_evidence check (jsonb_typeof(evidence) = 'array'),
  evidence_rows integer not null constraint recommendation_month_rows check (evidence_rows >= 0),
  computed_at timestamptz not null,
  constraint recommendation_month_pkey primary key (recommendation_id, period),
  constraint recommendation_month_saving check (saving is null or (saving >= 0 and saving <= cost))
);
create index recommendation_month_of_graph on recommendation_month (graph_id, period);
create index recommendation_month_of_entity on recommendation_month (entity_id);

${owned('revenue')}
${owned('recommendation')}
${owned('recommendation_month')}

grant select, insert, delete on revenue to finops_app;
grant usage on sequence revenue_id_seq to finops_app;
grant select, insert on recommendation to finops_app;
grant update (entity_id, application_id, node_id, status, reason, version, decided_at, decided_by)
  on recommendation to finops_app;
grant select, insert, delete on recommendation_month to finops_app;
`,
};
