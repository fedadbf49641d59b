import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import type { PartKind } from './graph-parts.ts';

/** Which parts of a version to list; what is left out narrows nothing. */
export interface PartsAsked {
  readonly key?: string | undefined;
  /** Found anywhere in what people wrote of it: id, name, labels, conditions, note. Upper and lower case are one. */
  readonly text?: string | undefined;
  /** Of nodes and of what a rule makes. */
  readonly type?: string | undefined;
  readonly application?: string | undefined;
  /** Of edges. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly strategy?: string | undefined;
  readonly group?: string | undefined;
  /** An end of an edge, whose group it is, where a rule sends its rows. */
  readonly node?: string | undefined;
}

/** A part as a list shows it. */
export interface ListedPart {
  readonly key: string;
  readonly position: number | null;
  readonly body: unknown;
}

/** What `text` looks at, by kind. */
const searched: Readonly<Record<PartKind, readonly string[]>> = {
  method: [],
  node: ['name', 'application', 'labels'],
  edge: ['from', 'to', 'strategy'],
  group: [],
  rule: ['node', 'where', 'application', 'note'],
  metric: ['unit', 'where'],
};

/** A page of the parts of a version by key, rules by place, and how many fit in all. */
export async function listParts(
  tx: Tx,
  at: { readonly graph: string; readonly number: number; readonly kind: PartKind },
  asked: PartsAsked,
  page: { readonly after?: string | undefined; readonly limit: number },
): Promise<{ readonly items: ListedPart[]; readonly count: number }> {
  const narrowing = sql.join(conditionsOf(at, asked), sql` and `);
  const order = at.kind === 'rule' ? sql`position` : sql`key`;
  const after =
    page.after === undefined
      ? sql`true`
      : sql`${order} > ${at.kind === 'rule' ? Number(page.after) : page.after}`;
  const { rows: items } = await sql<ListedPart>`
    select key, position, body
    from graph_part
    where ${narrowing} and ${after}
    order by ${order}
    limit ${page.limit}`.execute(tx);
  const { rows: counts } = await sql<{ count: number }>`
    select count(*)::integer as count from graph_part where ${narrowing}`.execute(tx);
  return { items, count: counts[0]?.count ?? 0 };
}

function conditionsOf(
  { graph, number, kind }: { readonly graph: string; readonly number: number; readonly kind: PartKind },
  asked: PartsAsked,
): RawBuilder<unknown>[] {
  const { key, text, type, application, from, to, strategy, group, node } = asked;
  const where: RawBuilder<unknown>[] = [
    sql`graph_id = ${graph} and kind = ${kind}`,
    sql`since <= ${number} and (until is null or until > ${number})`,
  ];
  const field = (name: string, value: string | undefined) => {
    if (value !== undefined) where.push(sql`body ->> ${name} = ${value}`);
  };
  if (key !== undefined) where.push(sql`key = ${key}`);
  field('type', type);
  field('application', application);
  field('strategy', strategy);
  field('group', group);
  if (from !== undefined) where.push(sql`from_node = ${from}`);
  if (to !== undefined) where.push(sql`to_node = ${to}`);
  if (node !== undefined && kind === 'edge') where.push(sql`(from_node = ${node} or to_node = ${node})`);
  else field('node', node);
  if (text !== undefined) {
    const cells = [sql`key`, ...searched[kind].map((name) => sql`body ->> ${name}`)];
    where.push(sql`strpos(lower(concat_ws(' ', ${sql.join(cells)})), lower(${text})) > 0`);
  }
  return where;
}

/**
 * Ids of nodes that a mistyped one may have meant, before they are measured: they begin as it does or hold it; those that
 * agree the longest come first.
 */
export async function similarNodes(tx: Tx, graph: string, number: number, id: string): Promise<string[]> {
  const wanted = id.toLowerCase();
  const beginsLike = (length: number) =>
    sql`starts_with(lower(key), ${wanted.slice(0, Math.max(2, Math.ceil(length)))})`;
  const { rows } = await sql<{ key: string }>`
    select key
    from graph_part
    where graph_id = ${graph} and kind = 'node' and since <= ${number} and (until is null or until > ${number})
      and (${beginsLike(2)} or strpos(lower(key), ${wanted}) > 0)
    order by
      case
        when ${beginsLike(wanted.length - 1)} then 0
        when ${beginsLike(wanted.length - 3)} then 1
        when ${beginsLike(wanted.length / 2)} then 2
        else 3
      end,
      abs(length(key) - ${wanted.length}), key
    limit 500`.execute(tx);
  return rows.map(({ key }) => key);
}
