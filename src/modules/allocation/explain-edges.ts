import type { Session } from '../../platform/warehouse/index.ts';
import type { MoneyEnds } from './explain-lists.ts';
import type { Step, StepEdge } from './explain-paths.ts';
import { amongSql, edgesBetween } from './explain-sql.ts';
import { stepsOf, type TreeNode } from './explain-tree.ts';
import type { Walk } from './explain-walk.ts';
import { cachedEdges } from './trace-cache-sql.ts';

/** Puts the ids of edges into all steps: of one day first, and of the whole run where that day has none. */
export async function nameEdges(
  session: Session,
  flow: string,
  { nodes, day, behind, slots }: Walk,
  lists: readonly MoneyEnds[],
): Promise<MoneyEnds[]> {
  const indexes = new Map(nodes.map(({ id, index }) => [id, index]));
  const steps = lists.flatMap(({ items, tree }) => [
    ...items.flatMap(({ path }) => path.steps),
    ...stepsOf(tree),
  ]);
  const wanted = new Map(steps.map((step) => [keyOf(indexes, step), step]));
  const found = new Map<string, readonly StepEdge[]>();
  for (const looked of behind || day === undefined ? [undefined] : [day, undefined]) {
    const missing = [...wanted].filter(([key]) => !found.has(key)).map(([, step]) => step);
    if (missing.length === 0) break;
    const from = missing.map((step) => indexes.get(step.from) ?? -1);
    const to = missing.map((step) => indexes.get(step.to) ?? -1);
    const rows = await (behind
      ? cachedEdges(
          session,
          behind.links,
          `${amongSql('t', new Set(to))} and ${amongSql('f', new Set(from))}`,
        )
      : edgesBetween(session, flow, { from, to, day: looked, origin: slots.parts.origin }));
    for (const row of rows)
      found.set(`${row['f']} ${row['t']}`, (JSON.parse(String(row['edges'])) as string[]).map(unknownEdge));
  }
  return withEdges(lists, (step) => found.get(keyOf(indexes, step)) ?? []);
}

function unknownEdge(id: string): StepEdge {
  return { id, strategy: null, metric: null, overrides: [] };
}

/** The same lists with the edges of their steps replaced. */
export function withEdges<List extends MoneyEnds>(
  lists: readonly List[],
  edgesOf: (step: Step) => readonly StepEdge[],
): List[] {
  const named = (step: Step): Step => ({ ...step, edges: edgesOf(step) });
  const grown = (node: TreeNode): TreeNode => ({
    ...node,
    step: node.step && named(node.step),
    children: node.children.map(grown),
  });
  return lists.map((list) => ({
    ...list,
    items: list.items.map((item) => ({ ...item, path: { ...item.path, steps: item.path.steps.map(named) } })),
    tree: grown(list.tree),
  }));
}

/** Every edge that lists name. */
export function edgesIn(lists: readonly MoneyEnds[]): ReadonlySet<string> {
  const steps = lists.flatMap(({ items, tree }) => [
    ...items.flatMap(({ path }) => path.steps),
    ...stepsOf(tree),
  ]);
  return new Set(steps.flatMap(({ edges }) => edges.map(({ id }) => id)));
}

function keyOf(indexes: ReadonlyMap<string, number>, { from, to }: Step): string {
  return `${indexes.get(from)} ${indexes.get(to)}`;
}
