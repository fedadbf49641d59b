import {
  type AttributionRule,
  edgeIdOf,
  type GraphDocument,
  type GraphEdge,
  type GraphMetric,
  type GraphNode,
  type Method,
  methodSchema,
  type SiblingGroup,
} from './model.ts';

/** What a graph is made of, each kept by itself: a version that changes one edge costs one row. */
const partKinds = ['method', 'node', 'edge', 'group', 'rule', 'metric'] as const;
export type PartKind = (typeof partKinds)[number];

/** The part of a document that each kind is. */
export interface PartValues {
  readonly method: Method;
  readonly node: GraphNode;
  readonly edge: GraphEdge;
  readonly group: SiblingGroup;
  readonly rule: AttributionRule;
  readonly metric: GraphMetric;
}

/** A part as it is kept: `text` is its canonical JSON, `position` a rule's place (1, 2, 3, …), null for the others. */
export interface Part {
  readonly kind: PartKind;
  readonly key: string;
  readonly position: number | null;
  readonly text: string;
}

/** How many parts of each kind a version has. */
export interface PartCounts {
  readonly nodes: number;
  readonly edges: number;
  readonly groups: number;
  readonly rules: number;
  readonly metrics: number;
}

/** Stands between node and name in the key of a group; ids of nodes have no control characters. */
const separator = '\u001f';

/** What names a part within its kind: its id; of a group its node and name; nothing for the method. */
function keyOf<K extends PartKind>(kind: K, value: PartValues[K]): string {
  switch (kind) {
    case 'method':
      return '';
    case 'edge':
      return edgeIdOf(value as GraphEdge);
    case 'group':
      return groupKey(value as SiblingGroup);
    default:
      return (value as { readonly id: string }).id;
  }
}

/** `db` for the group without name of the node db; node and name with a separator for the others. */
export function groupKey({ node, name }: Pick<SiblingGroup, 'node' | 'name'>): string {
  return name === '' ? node : `${node}${separator}${name}`;
}

/** A key for people: `db/reserved` for the group `reserved` of the node db. */
export function shownKey(key: string): string {
  return key.replace(separator, '/');
}

/** One part of a document. An edge without id gets the one that its ends make, so that both ways to write it are one. */
export function partOf<K extends PartKind>(
  kind: K,
  value: PartValues[K],
  position: number | null = null,
): Part {
  const key = keyOf(kind, value);
  return { kind, key, position, text: canonicalJson(kind === 'edge' ? { ...value, id: key } : value) };
}

/** Every part of a document: kinds in their order, each sorted by key, rules in their order. */
export function partsOf({ method, nodes, edges, groups, rules, metrics }: GraphDocument): Part[] {
  return sortParts([
    partOf('method', method),
    ...nodes.map((node) => partOf('node', node)),
    ...edges.map((edge) => partOf('edge', edge)),
    ...groups.map((group) => partOf('group', group)),
    ...rules.map((rule, index) => partOf('rule', rule, index + 1)),
    ...metrics.map((metric) => partOf('metric', metric)),
  ]);
}

/** The document that parts make, in the order in which they come. */
export function documentOf(parts: readonly Part[]): GraphDocument {
  const of = <K extends PartKind>(kind: K): PartValues[K][] =>
    JSON.parse(`[${textsOf(parts, kind).join(',')}]`) as PartValues[K][];
  const [method] = of('method');
  return {
    method: method ?? defaultMethod,
    nodes: of('node'),
    edges: of('edge'),
    groups: of('group'),
    rules: of('rule'),
    metrics: of('metric'),
  };
}

/** How a run reads the bill where nobody said anything. */
const defaultMethod: Method = methodSchema.parse({});

/** The document with nothing in it: what a first draft begins with. */
export const emptyDocument: GraphDocument = documentOf([]);

/** The texts of one kind, in order. */
export function textsOf(parts: readonly Part[], kind: PartKind): string[] {
  return parts.filter((part) => part.kind === kind).map(({ text }) => text);
}

/** How many parts of each kind there are. */
export function countsOf(parts: readonly Part[]): PartCounts {
  const count = (wanted: PartKind) => parts.reduce((sum, { kind }) => sum + (kind === wanted ? 1 : 0), 0);
  return {
    nodes: count('node'),
    edges: count('edge'),
    groups: count('group'),
    rules: count('rule'),
    metrics: count('metric'),
  };
}

/** Kinds in their order, each by key; rules by their place. */
export function sortParts<P extends Part>(parts: readonly P[]): P[] {
  return partKinds.flatMap((kind) => {
    const own = parts.filter((part) => part.kind === kind);
    return kind === 'rule'
      ? own.sort((a, b) => (a.position ?? 0) - (b.position ?? 0))
      : own.sort((a, b) => compareCodePoints(a.key, b.key));
  });
}

/**
 * -1, 0 or 1 by code point, which is the order of UTF-8 and of the records; `<` compares UTF-16, where 😀 comes before ﬁ.
 */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    // Halves of characters beyond 16 bits come after everything else.
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? Math.sign(x - y) : isSurrogate(x) ? 1 : -1;
  }
  return Math.sign(a.length - b.length);
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** JSON without blanks, names sorted by code point; what is undefined is left out: `{"a":1,"b":[2]}`. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = value as Readonly<Record<string, unknown>>;
  const cells = Object.keys(fields)
    .filter((name) => fields[name] !== undefined)
    .sort(compareCodePoints)
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(fields[name])}`);
  return `{${cells.join(',')}}`;
}

/** Something that cannot be kept, and where: `edges/a -> b`. */
export interface PartIssue {
  readonly path: string;
  readonly message: string;
}

const lists = {
  method: 'method',
  node: 'nodes',
  edge: 'edges',
  group: 'groups',
  rule: 'rules',
  metric: 'metrics',
} as const satisfies Readonly<Record<PartKind, string>>;

/** Where a part stands in its document: `edges/a -> b`, `groups/db/reserved`, `method`. */
export function pathOf({ kind, key }: Pick<Part, 'kind' | 'key'>): string {
  return kind === 'method' ? 'method' : `${lists[kind]}/${shownKey(key)}`;
}

/** A half of a character, or a NUL: no database and no file takes them. JSON writes both with a backslash. */
const unfitText = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;

/** Parts that cannot be kept: two under one key, and texts with characters that are none. All of them at once. */
export function issuesIn(parts: readonly Part[]): PartIssue[] {
  const seen = new Set<string>();
  const issues: PartIssue[] = [];
  for (const part of parts) {
    const path = pathOf(part);
    const id = `${part.kind} ${part.key}`;
    if (seen.has(id))
      issues.push({ path, message: `there are two of them; give each ${part.kind} an id of its own` });
    seen.add(id);
    if (unfitText.test(part.text))
      issues.push({ path, message: 'a text in it holds half of a character, or a NUL; remove it' });
  }
  return issues;
}
