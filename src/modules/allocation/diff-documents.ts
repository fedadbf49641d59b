import {
  type AttributionRule,
  edgeIdOf,
  type GraphDocument,
  type GraphEdge,
  type GraphMetric,
  type GraphNode,
  type SiblingGroup,
} from './model.ts';

/** A field that differs: `params.percent`, `overrides.Compute.params.metric`. What is absent is undefined. */
export interface FieldChange {
  readonly field: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** A thing that both documents have under one id, with other content. */
export interface ChangedPart {
  readonly id: string;
  readonly fields: readonly FieldChange[];
}

/** What one kind of thing gained, lost and changed; each list by id. */
export interface PartDiff<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  readonly changed: readonly ChangedPart[];
}

/** A rule that stands elsewhere among the rules that both documents have; places are 1, 2, 3, … of all rules. */
export interface MovedRule {
  readonly id: string;
  readonly before: number;
  readonly after: number;
}

/** What the second document has that the first has not, and the other way round. Two that say the same have an empty one. */
export interface GraphDiff {
  readonly method: readonly FieldChange[];
  readonly nodes: PartDiff<GraphNode>;
  readonly edges: PartDiff<GraphEdge>;
  readonly groups: PartDiff<SiblingGroup>;
  readonly rules: PartDiff<AttributionRule> & { readonly moved: readonly MovedRule[] };
  readonly metrics: PartDiff<GraphMetric>;
}

/**
 * Compares two documents thing by thing, by id; the order of the lists counts for rules only. An edge without an id has the one
 * of its ends (`edgeIdOf`), so that to write that id down is no change. Where a draft has one id twice, the second is compared
 * with the second.
 *
 * Of rules that both have, the fewest are told as moved that explain the new order: a, b, c → c, a, b moves c alone.
 */
export function diffDocuments(a: GraphDocument, b: GraphDocument): GraphDiff {
  return {
    method: changedFields(a.method, b.method),
    nodes: diffParts(a.nodes, b.nodes, ({ id }) => id),
    edges: diffParts(a.edges, b.edges, edgeIdOf),
    groups: diffParts(a.groups, b.groups, groupIdOf),
    rules: { ...diffParts(a.rules, b.rules, ({ id }) => id), moved: movedRules(a.rules, b.rules) },
    metrics: diffParts(a.metrics, b.metrics, ({ id }) => id),
  };
}

/** True when both documents say the same. */
export function isSameGraph({ method, rules, ...parts }: GraphDiff): boolean {
  const isEmpty = ({ added, removed, changed }: PartDiff<unknown>) =>
    added.length + removed.length + changed.length === 0;
  return method.length + rules.moved.length === 0 && [rules, ...Object.values(parts)].every(isEmpty);
}

/** `a/shared` for the group `shared` of node a, `a` for its group without a name. */
function groupIdOf({ node, name }: SiblingGroup): string {
  return name === '' ? node : `${node}/${name}`;
}

function diffParts<T extends object>(
  before: readonly T[],
  after: readonly T[],
  idOf: (part: T) => string,
): PartDiff<T> {
  const old = keyed(before, idOf);
  const now = keyed(after, idOf);
  const added: T[] = [];
  const changed: ChangedPart[] = [];
  for (const key of [...now.keys()].sort()) {
    const part = now.get(key) as T;
    const was = old.get(key);
    if (was === undefined) added.push(part);
    else {
      const fields = changedFields({ ...was, id: undefined }, { ...part, id: undefined });
      if (fields.length > 0) changed.push({ id: idOf(part), fields });
    }
  }
  const gone = [...old.keys()].filter((key) => !now.has(key)).sort();
  return { added, removed: gone.map((key) => old.get(key) as T), changed };
}

/** Things by id; the second of one id under a key of its own. */
function keyed<T>(parts: readonly T[], idOf: (part: T) => string): Map<string, T> {
  const all = new Map<string, T>();
  const seen = new Map<string, number>();
  for (const part of parts) {
    const id = idOf(part);
    const before = seen.get(id) ?? 0;
    seen.set(id, before + 1);
    all.set(before === 0 ? id : `${id}\u0000${before}`, part);
  }
  return all;
}

/** Fields that differ, those of objects one by one, lists as a whole; by name. */
function changedFields(before: unknown, after: unknown, field = ''): FieldChange[] {
  if (before === after) return [];
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) =>
      changedFields(own(before, name), own(after, name), field === '' ? name : `${field}.${name}`),
    );
  }
  if (canonical(before) === canonical(after)) return [];
  return [{ field, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}

function own(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON with sorted names, so that the order in which an object was written is no difference. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part: unknown) =>
    isRecord(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

/** The rules outside a longest run of common rules that keep their order; ids that a document has twice do not count. */
function movedRules(before: readonly AttributionRule[], after: readonly AttributionRule[]): MovedRule[] {
  const places = new Map(before.map(({ id }, at) => [id, at]));
  const common: { readonly id: string; readonly before: number; readonly after: number }[] = [];
  const seen = new Set<string>();
  after.forEach(({ id }, at) => {
    const place = places.get(id);
    if (place !== undefined && !seen.has(id)) common.push({ id, before: place + 1, after: at + 1 });
    seen.add(id);
  });
  const kept = longestAscending(common.map((rule) => rule.before));
  return common.filter((_, at) => !kept.has(at));
}

/** Positions of a longest ascending subsequence of different numbers: 3, 1, 2 → {1, 2}. */
function longestAscending(numbers: readonly number[]): ReadonlySet<number> {
  const lastOf: number[] = [];
  const previous: number[] = [];
  numbers.forEach((number, at) => {
    let length = lastOf.findIndex((end) => (numbers[end] as number) >= number);
    if (length < 0) length = lastOf.length;
    previous[at] = length === 0 ? -1 : (lastOf[length - 1] as number);
    lastOf[length] = at;
  });
  const kept = new Set<number>();
  for (let at = lastOf.at(-1) ?? -1; at >= 0; at = previous[at] as number) kept.add(at);
  return kept;
}

/**
 * A diff as lines for people, in the order method, nodes, groups, edges, metrics, rules: `+ node app:x (product)`,
 * `- edge a -> b`, `~ edge a -> c` with `params.percent: 30 → 40` under it.
 */
export function formatGraphDiff({ method, nodes, edges, groups, rules, metrics }: GraphDiff): string[] {
  return [
    ...(method.length === 0 ? [] : ['~ method', ...method.map(fieldLine)]),
    ...partLines('node', nodes, ({ id, type }) => `${id} (${type})`),
    ...partLines('group', groups, (group) =>
      group.percent === undefined ? groupIdOf(group) : `${groupIdOf(group)} (${group.percent} %)`,
    ),
    ...partLines('edge', edges, (edge) => `${edgeIdOf(edge)} (${edge.strategy}${paramsText(edge)})`),
    ...partLines('metric', metrics, ({ id, from }) => `${id} (from ${from})`),
    ...partLines('rule', rules, ({ id, node }) => `${id} (to ${node})`),
    ...rules.moved.flatMap(({ id, before, after }) => [
      `~ rule ${id}`,
      fieldLine({ field: 'position', before, after }),
    ]),
  ];
}

function partLines<T>(
  kind: string,
  { added, removed, changed }: PartDiff<T>,
  text: (part: T) => string,
): string[] {
  return [
    ...removed.map((part) => `- ${kind} ${text(part)}`),
    ...added.map((part) => `+ ${kind} ${text(part)}`),
    ...changed.flatMap(({ id, fields }) => [`~ ${kind} ${id}`, ...fields.map(fieldLine)]),
  ];
}

function paramsText({ params }: GraphEdge): string {
  const said = Object.entries(params).filter(([, value]) => value !== undefined);
  return said.length === 0
    ? ''
    : `, ${said.map(([name, value]) => `${name} ${valueText(value)}`).join(', ')}`;
}

function fieldLine({ field, before, after }: FieldChange): string {
  return `    ${field}: ${valueText(before)} → ${valueText(after)}`;
}

function valueText(value: unknown): string {
  if (value === undefined) return '(none)';
  const isPlain = typeof value === 'string' && /^[^\p{C}]+$/u.test(value);
  return isPlain ? value : (canonical(value) ?? '(none)');
}
