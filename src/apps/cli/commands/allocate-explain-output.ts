import type {
  BillExplanationAnswer,
  ExplainRowsAnswer,
  ExplainTree,
  ExplanationAnswer,
} from '../../../modules/allocation/index.ts';
import {
  addDecimal,
  currencyExponent,
  type Decimal,
  formatDecimal,
  parseDecimal,
  roundHalfUp,
  subtractDecimal,
  tryParseDecimal,
  zero,
} from '../../../platform/kernel/index.ts';
import { type Column, counted, moneyText, type TableData } from '../output.ts';

type Ends = ExplanationAnswer['currencies'][number];
type BillEnds = BillExplanationAnswer['nodes'][number]['currencies'][number];
type Step = NonNullable<ExplainTree['step']>;

const money = { kind: 'money', currencyColumn: 'currency' } as const;
const text = (name: string, header = name): Column => ({ name, header, kind: 'text' });

/** The tree of a figure and the list of its sources, currency by currency; of what is booked for closed months, if anything is. */
export function explainTables(answer: ExplanationAnswer, isRounded: boolean): [TableData, ...TableData[]] {
  const { node, context, currencies, restated } = answer;
  const where = `${node.node} (${node.type}), ${context.month}, graph ${context.graph}`;
  const tables = currencies.flatMap((ends) => {
    const { direct, inflow, outflow, retained, holistic, currency } = ends;
    const places = isRounded ? (currencyExponent(currency) ?? 2) : undefined;
    const whole = rounded(holistic.net, places);
    const [own, came, stays, went] = [
      ...apportioned([direct.net, inflow.net], whole, places),
      ...apportioned([retained.net, outflow.net], whole, places),
    ].map((amount) => (isRounded ? moneyText(parseDecimal(amount), currency) : amount));
    const sum = `direct ${own} + inflow ${came} = retained ${stays} + passed on ${went}`;
    return [treeTable(`${where}: ${sum} ${currency}`, ends, isRounded), endsTable(ends, context.direction)];
  });
  const [first, ...others] = [...tables, ...restatedTable(restated)];
  return [first ?? emptyTable(where), ...others];
}

/** What to ask next of a node: sentences with commands that can be run as they stand. */
export function nextQuestions(
  { node, context, currencies, restated }: ExplanationAnswer,
  { depth, hasRows }: { readonly depth: number; readonly hasRows: boolean },
): string[] {
  const { graph, month, direction } = context;
  const command = (id: string, more = '', of = month) =>
    `finops allocate explain ${shellWord(id)} --month ${of}${graph === 'main' ? '' : ` --graph ${shellWord(graph)}`}${more}`;
  const ends = currencies.flatMap(({ items }) => items).filter((item) => !item.hidden);
  const other = ends.find((item) => item.node !== node.node);
  const isIn = direction === 'in';
  const held = currencies.some(({ unallocated }) => unallocated?.causes.length);
  return [
    ...(isIn && ends.length > 0 && !hasRows
      ? [`Rows of the bill behind it: ${command(node.node, ' --rows')}`]
      : []),
    ...(other && isIn ? [`Where all of ${other.node} went: ${command(other.node, ' --out')}`] : []),
    ...(other && !isIn ? [`All that ${other.node} is made of: ${command(other.node)}`] : []),
    ...(held
      ? [`What stayed unallocated, and what would change it: finops allocate coverage --month ${month}`]
      : []),
    ...(currencies.some(({ tree }) => isCut(tree))
      ? [
          `The tree ends after ${counted(depth, 'step')}, the list does not: --depth ${depth * 2} shows more of it.`,
        ]
      : []),
    ...[...new Set(restated.map((row) => row.month))].map(
      (closed) => `How ${closed} was booked when it was closed: ${command(node.node, '', closed)}`,
    ),
  ];
}

/** True where a branch with cost of others is not drawn to its end. */
function isCut({ own, children, type }: ExplainTree): boolean {
  return own === null ? type !== 'product' : children.some(isCut);
}

/** A word as shells take it. */
function shellWord(text: string): string {
  return /^[\w.:@%+,/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The same of rows of a bill, node by node. */
export function billTables(answer: BillExplanationAnswer, isRounded: boolean): [TableData, ...TableData[]] {
  const { by, id, nodes, context } = answer;
  const tables = nodes.flatMap(({ node, rules, rows, currencies }) =>
    currencies.flatMap((ends) => {
      const sent = `${by} ${id}, ${context.month}: ${rows} ${rows === 1 ? 'row' : 'rows'} to ${node} by ${rules.map((rule) => rule ?? 'no rule').join(', ')}`;
      const rest = ends.rounding === '0' ? '' : `, of which ${ends.rounding} is below a unit`;
      return [
        treeTable(`${sent}: ${ends.cost} ${ends.currency}${rest}`, ends, isRounded),
        endsTable(ends, 'out'),
      ];
    }),
  );
  const [first, ...others] = tables;
  return [first ?? emptyTable(`${by} ${id}`), ...others];
}

/** Rows of the bill behind nodes. */
export function rowTables(answers: readonly ExplainRowsAnswer[]): TableData[] {
  return answers.map(({ context, rows, totals, next }) => ({
    title: `Rows of the bill on ${context.node}${next === undefined ? '' : ' (the largest)'}`,
    columns: [
      text('rowId', 'row'),
      text('rule'),
      text('serviceName', 'service'),
      text('resourceId', 'resource'),
      { name: 'amount', ...money },
      text('currency'),
    ],
    rows,
    totals: totals.map(({ currency, cost }) => ({ amount: cost, currency })),
  }));
}

function emptyTable(title: string): TableData {
  return { title, columns: [text('node'), text('amount')], rows: [] };
}

interface Line {
  readonly label: string;
  readonly amount: string;
  readonly share: string | null;
  readonly step: Step | null;
}

function treeTable(title: string, ends: Ends | BillEnds, isRounded: boolean): TableData {
  const { currency, tree } = ends;
  const places = isRounded ? (currencyExponent(currency) ?? 2) : undefined;
  const lines: Line[] = [];
  const whole = tree.amount.net;
  addBranch(lines, tree, { amount: rounded(whole, places), places, before: '', behind: '' });
  return {
    title,
    columns: [
      text('where'),
      { name: 'amount', ...money },
      text('currency'),
      text('share', 'of the figure'),
      text('passed', 'edge share'),
      text('by'),
    ],
    rows: lines.map(({ label, amount, share, step }) => ({
      where: label,
      amount,
      currency,
      share: share === null ? null : percent(share),
      passed: step?.share == null ? null : percent(step.share),
      by: step && howOf(step),
    })),
  };
}

interface Place {
  readonly amount: string;
  /** Decimals of the amounts shown; all when undefined. */
  readonly places: number | undefined;
  /** What stands before the node's own line, and before those of its branches. */
  readonly before: string;
  readonly behind: string;
}

/** Adds a node and its branches; rounded amounts of branches still sum to the node's, by cumulative rounding. */
function addBranch(lines: Line[], tree: ExplainTree, { amount, places, before, behind }: Place): void {
  lines.push({ label: `${before}${tree.node}`, amount, share: tree.share, step: tree.step });
  const { own, children, others, outside } = tree;
  const leaves = [
    ...(own && tree.amount.net !== own.amount.net ? [{ ...own, label: 'its own' }] : []),
    ...children.map((child) => ({ ...child, label: '', child })),
    ...(others ? [{ ...others, label: `${others.count} more` }] : []),
    ...(outside ? [{ ...outside, label: 'to nodes that you may not see' }] : []),
  ].filter((leaf) => 'child' in leaf || leaf.amount.net !== '0');
  const parts = apportioned(
    leaves.map((leaf) => leaf.amount.net),
    amount,
    places,
  );
  for (const [i, leaf] of leaves.entries()) {
    const isLast = i === leaves.length - 1;
    const line = `${behind}${isLast ? '└─ ' : '├─ '}`;
    const part = parts[i] ?? leaf.amount.net;
    if ('child' in leaf)
      addBranch(lines, leaf.child, {
        ...{ amount: part, places, before: line },
        behind: `${behind}${isLast ? '   ' : '│  '}`,
      });
    else lines.push({ label: `${line}${leaf.label}`, amount: part, share: leaf.share, step: null });
  }
}

function rounded(amount: string, places: number | undefined): string {
  return places === undefined ? amount : formatDecimal(roundHalfUp(parseDecimal(amount), places));
}

/** Amounts rounded so that they sum to the whole, which is rounded already: 1/3, 1/3, 1/3 of 1 are 0.33, 0.34, 0.33. */
function apportioned(amounts: readonly string[], whole: string, places: number | undefined): string[] {
  if (places === undefined) return [...amounts];
  let sum: Decimal = zero;
  let given: Decimal = zero;
  return amounts.map((amount, i) => {
    sum = addDecimal(sum, parseDecimal(amount));
    const upTo = i === amounts.length - 1 ? parseDecimal(whole) : roundHalfUp(sum, places);
    const part = subtractDecimal(upTo, given);
    given = upTo;
    return formatDecimal(part);
  });
}

/** `0.666667` is `66.6667 %`: all decimals of a share, so that shares that are shown sum to 100. */
function percent(share: string): string {
  const value = tryParseDecimal(share);
  return value ? `${formatDecimal({ units: value.units * 100n, scale: value.scale })} %` : share;
}

/** `proportional by requests (measured)`. */
function howOf({ edges, qualities }: Step): string {
  const strategies = [...new Set(edges.map(({ strategy, metric }) => nameOf(strategy, metric)))];
  const [first, ...rest] = qualities;
  const quality =
    rest.length === 0
      ? first?.quality
      : qualities.map((one) => `${one.quality} ${percent(one.share)}`).join(', ');
  return `${strategies.join(', ')} (${quality ?? 'unknown'})`;
}

function nameOf(strategy: string | null, metric: string | null): string {
  if (strategy === null) return 'edge';
  return metric === null ? strategy : `${strategy} by ${metric}`;
}

function endsTable(ends: Ends | BillEnds, direction: 'in' | 'out'): TableData {
  const { currency, items, others, outside } = ends;
  const rows = items.map((item) => ({
    node: item.node,
    type: item.type,
    amount: item.amount.net,
    currency,
    share: percent(item.share),
    path: item.hidden ? 'you may not see further' : pathOf(item),
    behind: direction === 'in' ? rulesOf(item) : item.causes.map(({ cause }) => cause).join(', '),
  }));
  const rest = [
    ...(others ? [{ node: `${others.count} more`, ...others }] : []),
    ...(outside ? [{ node: 'nodes that you may not see', ...outside }] : []),
  ].map(({ node, amount, share }) => ({ node, amount: amount.net, currency, share: percent(share) }));
  return {
    title: direction === 'in' ? 'Where it comes from' : 'Where it stayed',
    columns: [
      text('node'),
      text('type'),
      { name: 'amount', ...money },
      text('currency'),
      text('share'),
      text('path', 'main path'),
      text('behind', direction === 'in' ? 'rules' : 'why'),
    ],
    rows: [...rows, ...rest],
    totals: [{ amount: ends.tree.amount.net, currency }],
  };
}

function pathOf({ node, path }: Ends['items'][number]): string {
  const nodes = path.steps.length === 0 ? [node] : [path.steps[0]?.from, ...path.steps.map(({ to }) => to)];
  return `${nodes.join(' → ')}${path.share === '1' ? '' : ` (${percent(path.share)} of it)`}`;
}

function rulesOf({ rules }: Ends['items'][number]): string {
  return rules
    .filter(({ kind }) => kind !== 'rounding')
    .map(({ rule, source }) => `${rule ?? 'no rule'} (${source ?? ''})`)
    .join(', ');
}

function restatedTable(rows: ExplanationAnswer['restated']): TableData[] {
  if (rows.length === 0) return [];
  return [
    {
      title: 'Booked for closed months, beside the figures above',
      columns: [
        text('month'),
        { name: 'direct', ...money },
        { name: 'inflow', ...money },
        { name: 'outflow', ...money },
        { name: 'retained', ...money },
        text('currency'),
      ],
      rows,
    },
  ];
}
