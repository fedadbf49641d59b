import fc from 'fast-check';
import { type GraphDocument, type GraphDocumentInput, graphDocumentSchema } from '../model.ts';
import { type MadeUp, type MadeUpOptions, madeUpAllocations } from './random-allocation.ts';

/** Ways to write an allocation differently, so that a test can say what that must not change. */

/** Chooses a number below another. */
export type Draw = (below: number) => number;

/** A strategy with its parameters. */
export interface Rule {
  readonly strategy: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The same with another document; defaults are filled in. */
export function withDocument(made: MadeUp, changes: object): MadeUp {
  const document = graphDocumentSchema.parse({ ...made.document, ...changes } as GraphDocumentInput);
  return { ...made, document };
}

/** Nodes, edges, groups and usage in another order. */
export function shuffle(made: MadeUp, draw: Draw): MadeUp {
  const shuffled = <T>(items: readonly T[]): T[] => {
    const left = [...items];
    return items.map(() => left.splice(draw(left.length), 1)[0] as T);
  };
  const { nodes, edges, groups } = made.document;
  const changes = { nodes: shuffled(nodes), edges: shuffled(edges), groups: shuffled(groups) };
  return { ...withDocument(made, changes), usage: shuffled(made.usage) };
}

/** Every value of usage put through a function. */
export function withUsage(made: MadeUp, change: (value: number) => number): MadeUp {
  return { ...made, usage: made.usage.map((row) => ({ ...row, value: change(row.value) })) };
}

/** Every row of usage as two that add up to it. */
export function splitUsage(made: MadeUp, draw: Draw): MadeUp {
  const usage = made.usage.flatMap((row) => {
    const part = Math.min(row.value, draw(9973));
    return [part, row.value - part].map((value) => ({ ...row, value }));
  });
  return { ...made, usage };
}

/** Groups that fall back as named hold instead. */
export function withoutFallback(made: MadeUp, name: string): MadeUp {
  const groups = made.document.groups.map((group) =>
    group.fallback === name ? { ...group, fallback: 'hold' } : group,
  );
  return withDocument(made, { groups });
}

/** Groups with their percentages alone. */
export function plainGroups(made: MadeUp): MadeUp {
  const groups = made.document.groups.map(({ node, name, percent }) => ({ node, name, percent }));
  return withDocument(made, { groups });
}

/** Every rule put through a function, those of overrides too. */
export function withRules(made: MadeUp, change: (rule: Rule) => Rule): MadeUp {
  return withDocument(made, { edges: made.document.edges.map((edge) => rewritten(edge, change)) });
}

function rewritten(edge: GraphDocument['edges'][number], change: (rule: Rule) => Rule): object {
  const overrides = Object.entries(edge.overrides).map(([name, rule]) => [name, change(rule)]);
  const { strategy, params } = change(edge);
  return { ...edge, strategy, params, overrides: Object.fromEntries(overrides) };
}

/** Edges between nodes that are not archived: they are live on the days that they say. */
function usableEdges({ nodes, edges }: GraphDocument): GraphDocument['edges'] {
  const archived = new Set(nodes.flatMap((node) => (node.archived ? [node.id] : [])));
  return edges.filter(({ from, to }) => !archived.has(from) && !archived.has(to));
}

/** One more sibling of some edge, live on the same days: to the product `zero`, which uses `usageOf` what others do. */
export function withSibling(
  made: MadeUp,
  draw: Draw,
  change: (rule: Rule) => Rule,
  usageOf?: (value: number) => number,
): MadeUp {
  const { nodes, edges } = made.document;
  const usable = usableEdges(made.document);
  const sibling = usable[draw(Math.max(1, usable.length))];
  if (sibling === undefined) return made;
  const more = withDocument(made, {
    nodes: [...nodes, { id: 'zero', type: 'product' }],
    edges: [...edges, { ...rewritten(sibling, change), id: 'zero', to: 'zero' }],
  });
  const usage = usageOf
    ? made.usage.map(({ metric, day, value }) => ({ node: 'zero', metric, day, value: usageOf(value) }))
    : [];
  return { ...more, usage: [...made.usage, ...usage] };
}

/** Where an edge leads to a node that passes cost on, one of 0 % back beside what that node has: circles that carry nothing. */
export function withIdleCircles(made: MadeUp): MadeUp {
  const usable = usableEdges(made.document);
  const back = usable.flatMap(({ from, to }, at) => {
    const sibling = usable.find((edge) => edge.from === to);
    if (sibling === undefined) return [];
    const { group, validFrom, validTo } = sibling;
    const own = { group, validFrom, validTo, strategy: 'fixed_percent', params: { percent: '0' } };
    return [{ id: `back${at}`, from: to, to: from, ...own }];
  });
  return withDocument(made, { edges: [...made.document.edges, ...back] });
}

/** Direct cost of one node, moved to two others that pass all of it on to it. */
export function throughFeeders(made: MadeUp, draw: Draw): MadeUp {
  const { nodes, edges } = made.document;
  const usable = nodes.filter(({ archived }) => !archived);
  const target = usable[draw(Math.max(1, usable.length))]?.id;
  if (target === undefined) return made;
  const feeders = ['feeder1', 'feeder2'];
  const direct = [...made.direct].flatMap(([key, units]): [string, number][] => {
    const [day, id, lane] = key.split(' ');
    if (id !== target) return [[key, units]];
    const part = Math.min(units, draw(9973));
    return [part, units - part].map((own, at) => [`${day} ${feeders[at]} ${lane}`, own]);
  });
  const document = {
    nodes: [...nodes, ...feeders.map((id) => ({ id, type: 'shared' }))],
    edges: [...edges, ...feeders.map((from) => ({ from, to: target, strategy: 'equal' }))],
  };
  return { ...withDocument(made, document), direct: new Map(direct) };
}

/** Two dimensions, each with charges and with credits of the same amounts. */
export function mirrored(made: MadeUp): MadeUp {
  const lanes = ['Compute', 'Other'].flatMap((dimension) =>
    (['charge', 'credit'] as const).map((side) => ({ dimension, currency: 'EUR', side })),
  );
  const direct = [...made.direct].flatMap(([key, units]): [string, number][] => {
    const [day, id, lane] = key.split(' ');
    if (Number(lane) > 1) return [];
    return [0, 1].map((side) => [`${day} ${id} ${2 * Number(lane) + side}`, units]);
  });
  return { ...made, lanes, direct: new Map(direct) };
}

/** One of its days, as all that there is. */
export function onlyDay(made: MadeUp, day: number): MadeUp {
  const direct = [...made.direct].flatMap(([key, units]): [string, number][] =>
    key.startsWith(`${day} `) ? [[key.replace(/^\d+/, '0'), units]] : [],
  );
  return { ...made, days: made.days.slice(day, day + 1), direct: new Map(direct) };
}

/** Random allocations of each kind, for `describe.each`: without circles, with circles that are stepped down, and solved. */
export const modes: readonly (readonly [string, MadeUpOptions])[] = [
  ['refuse', { mode: 'refuse', withCircles: false }],
  ['step_down', { mode: 'step_down', withCircles: true }],
  ['reciprocal', { mode: 'reciprocal', withCircles: true }],
];

/** Holds a property on 30 random allocations; `draw` makes its choices. A failing one is shown as it is found, not made smaller. */
export function always(options: MadeUpOptions, property: (made: MadeUp, draw: Draw) => void): void {
  const tapes = fc.array(fc.nat(9972), { minLength: 20, maxLength: 20 });
  fc.assert(
    fc.property(madeUpAllocations(options), tapes, (made, tape) => {
      let at = 0;
      property(made, (below) => (tape[at++ % tape.length] as number) % below);
    }),
    { numRuns: 30, endOnFailure: true },
  );
}
