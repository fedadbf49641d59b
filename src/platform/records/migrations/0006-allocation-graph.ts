import type { Migration } from './migration.ts';

const id = `text collate "C"`;

/**
 * Allocation graphs and their versions. A version copies nothing: a part has a span of versions in which it holds, from
 * `since` until `until`, which is the first version that no longer has it. So version n is what has `since <= n` and no
 * `until` or a later one, and a new version costs as many rows as it changes.
 *
 * What a published version shows cannot be changed by anybody, whoever owns the tables: triggers let nothing be made, ended or
 * removed but in the one open draft. They look at whole statements, because one statement brings tens of thousands of rows;
 * for the same reason a foreign key from part to version, which looks row by row, is left to them.
 */
export const allocationGraph: Migration = {
  number: 6,
  name: 'allocation-graph',
  sql: `
create table graph (
  id ${id} constraint graph_pkey primary key
    -- Partitions of the lake are named after it.
    constraint graph_id_shape check (id ~ '^[A-Za-z0-9]([._-]?[A-Za-z0-9])*$' and length(id) <= 40),
  -- Null: the installation's, over the bills of everybody.
  entity_id ${id} constraint graph_entity references entity,
  label text not null constraint graph_label_size check (length(label) between 1 and 200),
  retired_at timestamptz,
  active boolean not null generated always as (retired_at is null) stored,
  -- Raised by every change of the graph, its draft included.
  version integer not null default 1 constraint graph_version_positive check (version > 0)
);
create index graph_of_entity on graph (entity_id);

create table graph_version (
  graph_id ${id} not null constraint graph_version_graph references graph,
  number integer not null constraint graph_version_number check (number > 0),
  state text not null constraint graph_version_state check (state in ('draft', 'published')),
  -- SHA-256 of the canonical JSON of the whole document.
  content_hash text not null constraint graph_version_hash check (content_hash ~ '^[0-9a-f]{64}$'),
  nodes integer not null,
  edges integer not null,
  groups integer not null,
  rules integer not null,
  metrics integer not null,
  -- The version whose content it began with; null where it began empty.
  based_on integer,
  note text constraint graph_version_note_size check (length(note) between 1 and 1000),
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null,
  changed_at timestamptz not null default clock_timestamp(),
  published_at timestamptz,
  published_by text,
  constraint graph_version_pkey primary key (graph_id, number),
  constraint graph_version_base foreign key (graph_id, based_on) references graph_version (graph_id, number),
  constraint graph_version_published
    check ((state = 'published') = (published_at is not null) and (state = 'published') = (published_by is not null))
);
create unique index graph_version_one_draft on graph_version (graph_id) where state = 'draft';

create table graph_part (
  graph_id ${id} not null,
  kind text not null
    constraint graph_part_kind check (kind in ('method', 'node', 'edge', 'group', 'rule', 'metric')),
  -- Id of the node, edge, rule or metric; node and name of a group; empty for the method.
  key ${id} not null,
  since integer not null,
  until integer constraint graph_part_span check (since < until),
  -- Place among the rules.
  position integer constraint graph_part_position check ((kind = 'rule') = (position is not null)),
  -- Canonical JSON, kept to the byte (jsonb would sort names in another way): texts are compared, and hashed in order.
  body json not null,
  from_node ${id} generated always as (case when kind = 'edge' then body ->> 'from' end) stored,
  to_node ${id} generated always as (case when kind = 'edge' then body ->> 'to' end) stored,
  constraint graph_part_pkey primary key (graph_id, kind, key, since)
);
create unique index graph_part_one_now on graph_part (graph_id, kind, key) where until is null;
create index graph_part_since on graph_part (graph_id, since);
create index graph_part_until on graph_part (graph_id, until) where until is not null;
create index graph_part_from on graph_part (graph_id, from_node) where kind = 'edge';
create index graph_part_to on graph_part (graph_id, to_node) where kind = 'edge';

create function finops_graph_version_rule() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    -- Two who open a draft at once stand in line here.
    perform from graph where id = new.graph_id for update;
    if new.state <> 'draft'
      or new.number <> 1 + (select coalesce(max(number), 0) from graph_version where graph_id = new.graph_id)
    then
      raise exception 'a version of a graph begins as draft, numbered after the last one'
        using errcode = 'insufficient_privilege';
    end if;
    return new;
  end if;
  if old.state <> 'draft' then
    raise exception 'version % of graph % is published: it stays as it is', old.number, old.graph_id
      using errcode = 'insufficient_privilege';
  end if;
  if tg_op = 'UPDATE' then
    if (new.graph_id, new.number) is distinct from (old.graph_id, old.number) then
      raise exception 'a version of a graph keeps its number' using errcode = 'insufficient_privilege';
    end if;
    return new;
  end if;
  if exists (
    select from graph_part where graph_id = old.graph_id and (since = old.number or until = old.number)
  ) then
    raise exception 'version % of graph % still has parts', old.number, old.graph_id
      using errcode = 'insufficient_privilege';
  end if;
  return old;
end
$$;
create trigger graph_version_rule before insert or update or delete on graph_version
  for each row execute function finops_graph_version_rule();

-- Whoever changes parts holds the draft: it cannot be published meanwhile.
create function finops_graph_parts_made() returns trigger language plpgsql as $$
begin
  perform from graph_version
    where state = 'draft' and (graph_id, number) in (select distinct graph_id, since from made) for share;
  if exists (
    select from made
    where until is not null or (graph_id, since) not in (select graph_id, number from graph_version where state = 'draft')
  ) then
    raise exception 'parts of a graph are made in its open draft' using errcode = 'insufficient_privilege';
  end if;
  return null;
end
$$;
create trigger graph_parts_made after insert on graph_part referencing new table as made
  for each statement execute function finops_graph_parts_made();

create function finops_graph_parts_ended() returns trigger language plpgsql as $$
begin
  perform from graph_version
    where state = 'draft' and graph_id in (select distinct graph_id from now_so) for share;
  -- The same parts before and after, by hash: a join of the two was a nested loop, half a minute for ten thousand rows.
  if exists (
    select graph_id, kind, key, since, position, body::text from now_so
    except all
    select graph_id, kind, key, since, position, body::text from was_so
  ) or exists (
    select from (
      select graph_id, until from was_so
      union all
      select graph_id, until from now_so
    ) as spans
    where until is not null
      and (graph_id, until) not in (select graph_id, number from graph_version where state = 'draft')
  ) then
    raise exception 'a part of a graph ends with its open draft, and is not changed' using errcode = 'insufficient_privilege';
  end if;
  return null;
end
$$;
create trigger graph_parts_ended after update on graph_part referencing old table as was_so new table as now_so
  for each statement execute function finops_graph_parts_ended();

create function finops_graph_parts_removed() returns trigger language plpgsql as $$
begin
  perform from graph_version
    where state = 'draft' and (graph_id, number) in (select distinct graph_id, since from gone) for share;
  if exists (
    select from gone
    where (graph_id, since) not in (select graph_id, number from graph_version where state = 'draft')
  ) then
    raise exception 'a part of a published version of a graph stays' using errcode = 'insufficient_privilege';
  end if;
  return null;
end
$$;
create trigger graph_parts_removed after delete on graph_part referencing old table as gone
  for each statement execute function finops_graph_parts_removed();

create trigger graph_parts_stay before truncate on graph_part
  for each statement execute function finops_append_only();
create trigger graph_versions_stay before truncate on graph_version
  for each statement execute function finops_append_only();

alter table graph enable row level security;
alter table graph force row level security;
create policy graph_entity_scope on graph
  using (finops_sees_entity(entity_id)) with check (finops_sees_entity(entity_id));
-- The list of graphs is read once a statement, not once a row.
alter table graph_version enable row level security;
alter table graph_version force row level security;
create policy graph_version_scope on graph_version
  using (graph_id in (select id from graph)) with check (graph_id in (select id from graph));
alter table graph_part enable row level security;
alter table graph_part force row level security;
create policy graph_part_scope on graph_part
  using (graph_id in (select id from graph)) with check (graph_id in (select id from graph));

grant select, insert on graph, graph_version, graph_part to finops_app;
grant update (label, retired_at, version) on graph to finops_app;
grant update (state, content_hash, nodes, edges, groups, rules, metrics, note, changed_at, published_at, published_by)
  on graph_version to finops_app;
grant update (until) on graph_part to finops_app;
grant delete on graph_version, graph_part to finops_app;
`,
};
