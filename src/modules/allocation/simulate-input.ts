import { z } from 'zod';
import { type Decimal, parseDecimal, zero } from '../../platform/kernel/index.ts';
import {
  cycleModes,
  type GraphDocument,
  type GraphFinding,
  graphDocumentSchema,
  groupSchema,
  nodeIdSchema,
  nodeTypes,
  otherDimension,
} from './model.ts';

/** A decimal number as people write it. Exact as text; a number is read as its shortest decimal. */
const decimal = z
  .union([z.number(), z.string().max(60)])
  .transform((given) => String(given).trim())
  .refine(
    (text) => /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?$/.test(text),
    'write a number, such as 1234.56',
  )
  .transform((text) => parseDecimal(text));

const day = z.iso.date();

const nodeSchema = z.strictObject({
  id: nodeIdSchema,
  type: z.enum(nodeTypes),
  name: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  archived: z.boolean().optional(),
  /** One amount, or one for each dimension; negative is a credit. */
  direct: z
    .union([decimal, z.record(z.string().min(1).max(200), decimal)], {
      error: 'write an amount such as 1234.56, or one for each dimension',
    })
    .default(zero),
});

const usageSchema = z.strictObject({
  node: z.string(),
  metric: z.string().min(1).max(200),
  value: decimal.refine(({ units }) => units >= 0n, 'usage cannot be negative'),
  day: day.optional(),
  labels: z.record(z.string(), z.string()).default({}),
});

const inputSchema = z.strictObject({
  currency: z.string().regex(/^[A-Z]{3}$/, 'write a currency such as EUR'),
  nodes: z.array(nodeSchema).min(1, 'name at least one node'),
  edges: z.array(z.looseObject({ from: z.string(), to: z.string() })).default([]),
  groups: z.array(groupSchema).default([]),
  usage: z.array(usageSchema).default([]),
  cycles: z.enum(cycleModes).default('refuse'),
  /** Step-down: which nodes close first. */
  order: z.array(z.string()).default([]),
  /** The simulated day; the last day of the usage when absent. */
  day: day.optional(),
});

/** Usage of a node; `day` is always there. */
export interface SimulatedUsage {
  readonly node: string;
  readonly metric: string;
  readonly value: Decimal;
  readonly day: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What a calculator is asked, read and checked for its form. */
export interface SimulationInput {
  readonly currency: string;
  readonly document: GraphDocument;
  readonly usage: readonly SimulatedUsage[];
  readonly day: string;
  /** Signed amounts by node and dimension. */
  readonly direct: readonly { readonly node: string; readonly dimension: string; readonly amount: Decimal }[];
}

/** The day of a simulation that names none and needs none. */
const anyDay = '2000-01-01';

/** Reads what a calculator is asked. Findings name the place: `edges/2/params/cap`. */
export function readSimulation(
  given: unknown,
): SimulationInput | { readonly findings: readonly GraphFinding[] } {
  const parsed = inputSchema.safeParse(given);
  if (!parsed.success) return { findings: findingsOf(parsed.error, given) };
  const { currency, nodes, groups, usage, cycles, order } = parsed.data;
  const edges = parsed.data.edges.map(plainEdge);
  const spelled = edges.flatMap(({ doubled }, index) =>
    doubled.map((name) => inputFinding(`edges/${index}/params/${name}`, 'is given twice, under two names')),
  );
  const document = graphDocumentSchema.safeParse({
    method: { cycles: { mode: cycles, order } },
    nodes: nodes.map(({ direct: _, ...node }) => node),
    edges: edges.map(({ edge }) => edge),
    groups,
  });
  if (!document.success) return { findings: [...spelled, ...findingsOf(document.error, given)] };
  const placed = placeUsage(parsed.data, document.data);
  const findings = [...spelled, ...placed.findings, ...unknownNodes(parsed.data)];
  if (findings.length > 0) return { findings };
  return {
    currency,
    document: { ...document.data, metrics: metricsOf(document.data, usage) },
    usage: placed.usage,
    day: placed.day,
    direct: nodes.flatMap(({ id, direct }) => amountsOf(direct).map((each) => ({ node: id, ...each }))),
  };
}

type Parsed = z.output<typeof inputSchema>;

function amountsOf(direct: Parsed['nodes'][number]['direct']): { dimension: string; amount: Decimal }[] {
  if (isDecimal(direct)) return [{ dimension: otherDimension, amount: direct }];
  return Object.entries(direct).map(([dimension, amount]) => ({ dimension, amount }));
}

function isDecimal(direct: Parsed['nodes'][number]['direct']): direct is Decimal {
  return typeof direct.units === 'bigint';
}

/** Which day is simulated, and usage with its day: a row that names none is of the simulated day. */
function placeUsage(
  { usage, day: wanted }: Parsed,
  { edges }: GraphDocument,
): { readonly usage: SimulatedUsage[]; readonly day: string; readonly findings: GraphFinding[] } {
  const last = usage.reduce<string | undefined>(
    (latest, row) => (row.day !== undefined && (latest === undefined || row.day > latest) ? row.day : latest),
    undefined,
  );
  const chosen = wanted ?? last;
  const isDated = edges.some(({ validFrom, validTo }) => validFrom !== undefined || validTo !== undefined);
  const findings =
    chosen === undefined && isDated
      ? [inputFinding('day', 'is needed: edges have dates, so that the day decides which of them hold')]
      : [];
  const later = usage.flatMap((row, index) =>
    row.day !== undefined && chosen !== undefined && row.day > chosen
      ? [inputFinding(`usage/${index}/day`, `lies after the simulated day, ${chosen}`)]
      : [],
  );
  const on = chosen ?? anyDay;
  return {
    usage: usage.map((row) => ({ ...row, day: row.day ?? on })),
    day: on,
    findings: [...findings, ...later],
  };
}

function unknownNodes({ nodes, usage }: Parsed): GraphFinding[] {
  const known = new Set(nodes.map(({ id }) => id));
  return usage.flatMap(({ node }, index) =>
    known.has(node) ? [] : [inputFinding(`usage/${index}/node`, `names '${node}', which is no node`)],
  );
}

/** All metrics that are named; a calculator has them from its usage. */
function metricsOf(
  document: GraphDocument,
  usage: readonly { readonly metric: string }[],
): GraphDocument['metrics'] {
  const names = new Set(usage.map(({ metric }) => metric));
  for (const edge of document.edges) {
    for (const { params } of [edge, ...Object.values(edge.overrides)])
      if ('metric' in params) names.add(params.metric);
  }
  return [...names].map((id) => ({ id, from: 'usage' as const }));
}

/** Other spellings of parameters, as other tools write them. */
const spellings: Readonly<Record<string, string>> = {
  window_days: 'windowDays',
  missing_days: 'missingDays',
  fixed_percent: 'fixedPercent',
  min_floor_percent: 'floorPercent',
  minFloorPercent: 'floorPercent',
  floor_percent: 'floorPercent',
  segment_filter: 'segment',
  segmentFilter: 'segment',
};

interface PlainEdge {
  readonly edge: Readonly<Record<string, unknown>>;
  /** Parameters that are there under two names. */
  readonly doubled: readonly string[];
}

function plainEdge(given: Readonly<Record<string, unknown>>): PlainEdge {
  const { overrides, ...edge } = given;
  const own = plainRule(edge);
  if (typeof overrides !== 'object' || overrides === null || Array.isArray(overrides)) {
    return { edge: overrides === undefined ? own.rule : { ...own.rule, overrides }, doubled: own.doubled };
  }
  const rules = Object.entries(overrides).map(([dimension, rule]) => [dimension, plainRule(rule)] as const);
  return {
    edge: {
      ...own.rule,
      overrides: Object.fromEntries(rules.map(([dimension, { rule }]) => [dimension, rule])),
    },
    doubled: [...own.doubled, ...rules.flatMap(([, { doubled }]) => doubled)],
  };
}

/** A rule in the graph's own words; without a strategy it is `equal`. What is no rule stays as it is, to be refused by name. */
function plainRule(given: unknown): {
  readonly rule: Record<string, unknown>;
  readonly doubled: readonly string[];
} {
  if (typeof given !== 'object' || given === null) return { rule: given as never, doubled: [] };
  const { strategy = 'equal', params, ...rest } = given as Record<string, unknown>;
  const name = strategy === 'proportional_on' ? 'proportional' : strategy;
  const { plain, doubled } = plainParams(params ?? {});
  return { rule: { ...rest, strategy: name, params: plain }, doubled };
}

function plainParams(params: unknown): { readonly plain: unknown; readonly doubled: readonly string[] } {
  if (typeof params !== 'object' || params === null || Array.isArray(params))
    return { plain: params, doubled: [] };
  const plain: Record<string, unknown> = {};
  const doubled: string[] = [];
  for (const [key, value] of Object.entries(params)) {
    const name = Object.hasOwn(spellings, key) ? (spellings[key] as string) : key;
    if (Object.hasOwn(plain, name)) doubled.push(key);
    plain[name] = name === 'segment' ? plainSegment(value) : value;
  }
  return { plain, doubled };
}

/** `value` beside `values`. */
function plainSegment(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || !Object.hasOwn(given, 'value')) return given;
  const { value, ...rest } = given as Record<string, unknown>;
  return Object.hasOwn(rest, 'values') ? given : { ...rest, values: [value] };
}

function findingsOf(error: z.ZodError, given: unknown): GraphFinding[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String).join('/');
    const of = ownerOf(given, issue.path);
    if (issue.code === 'unrecognized_keys') {
      const problem = `${of}is not known here`;
      return issue.keys.map((key) => inputFinding(path === '' ? key : `${path}/${key}`, problem));
    }
    return [inputFinding(path, `${of}is wrong: ${issue.message}`, textAt(given, issue.path))];
  });
}

/** Whose field it is, in the input's own words: `of the node 'db' `, `of the edge 'db -> shop' `. */
function ownerOf(given: unknown, [list, index]: readonly PropertyKey[]): string {
  if (index === undefined) return '';
  const text = (field: string) => textAt(given, [list as PropertyKey, index, field]) ?? '?';
  if (list === 'nodes') return `of the node '${text('id')}' `;
  if (list === 'edges') return `of the edge '${text('from')} -> ${text('to')}' `;
  return list === 'usage' ? `of the usage of '${text('node')}' ` : '';
}

/** What stands at a path, where it is short enough to be quoted. */
function textAt(given: unknown, path: readonly PropertyKey[]): string | undefined {
  let value = given;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 60) : undefined;
}

/** Something that cannot be read: `edges/2/params/cap is wrong: …`. */
function inputFinding(path: string, problem: string, value?: string): GraphFinding {
  const quoted = value === undefined ? '' : ` ('${value}')`;
  return {
    code: 'allocation.simulationInput',
    severity: 'error',
    path,
    message: `${path === '' ? 'The input' : path}${quoted} ${problem}.`,
    params: value === undefined ? {} : { value },
  };
}

/** The number of decimals that a text needs: 2 for `1.50`. */
export function decimalsOf({ units, scale }: Decimal): number {
  let digits = scale;
  for (let rest = units; digits > 0 && rest % 10n === 0n; digits--) rest /= 10n;
  return digits;
}
