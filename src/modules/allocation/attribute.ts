import {
  absDecimal,
  addDecimal,
  assert,
  compareDecimal,
  type Decimal,
  formatDecimal,
  isZero,
  must,
  parseDecimal,
  type Scope,
  subtractDecimal,
  zero,
} from '../../platform/kernel/index.ts';
import type { Row, Session } from '../../platform/warehouse/index.ts';
import { type BillRequest, type MonthBill, selectBill } from './attribute-bill.ts';
import { rowFinding } from './attribute-findings.ts';
import { nodeUses, type ResolvedNodes, resolveNodes } from './attribute-nodes.ts';
import {
  addLines,
  costOfNodes,
  costPerRule,
  countNodes,
  dropLines,
  flawedRows,
  madeNodes,
  makeCells,
  sumOfBill,
  sumOfCells,
} from './attribution-cells-sql.ts';
import { bridgesOf, type CurrencyBridge, type MonthBridge } from './bridge.ts';
import { bridgeSums } from './bridge-sql.ts';
import { errors } from './errors.ts';
import type { GraphDocument, GraphFinding, GraphNode } from './model.ts';
import type { UsedSnapshot } from './run-model.ts';

/** As many nodes as a graph may declare. */
const mostNodes = 200_000;

export interface AttributionRequest extends BillRequest {
  readonly session: Session;
  /** Name of the temporary table of cells; give another where two live on one session. Lower case, digits and `_`. */
  readonly table?: string | undefined;
}

/** What a rule took, in one currency; `rule` null: rows that none took. Credits are negative. */
export interface RuleTotal {
  readonly rule: string | null;
  readonly currency: string;
  readonly rows: number;
  readonly charges: string;
  readonly credits: string;
}

/** What was attributed in one currency: cost = charges + credits (which are negative). */
export interface AttributedTotal {
  readonly currency: string;
  readonly rows: number;
  readonly cost: string;
  readonly charges: string;
  readonly credits: string;
}

export interface Attribution {
  /** Temporary table of the session with the cells: see `makeCells` for its columns. */
  readonly table: string;
  /** Nodes that templates made: reached by cost and not in the document, in the order of their ids by code point. */
  readonly nodes: readonly GraphNode[];
  /** What was read: give it (with its sources) to read the same bills again. */
  readonly snapshots: readonly UsedSnapshot[];
  /** Manifest generation in which they were found. */
  readonly generation: number;
  readonly totals: readonly AttributedTotal[];
  /** In the order of the rules; rules that took nothing are not listed. */
  readonly rules: readonly RuleTotal[];
  readonly bridge: readonly CurrencyBridge[];
  /** Σ cells − Σ metric of the bill, by a query of its own; `difference` is the largest of any currency. */
  readonly check: { readonly name: 'attribution'; readonly ok: boolean; readonly difference: string };
  readonly findings: readonly GraphFinding[];
}

/**
 * Sends every cost row of a month to the node of the first rule that fits, and adds up what reaches each node, day, dimension,
 * currency and side. A charge's cost is spread over its days as in a cost query by day.
 *
 * Σ Cost of the cells = Σ of the metric over the rows that are no recoverable tax, to the twelfth decimal, in every currency.
 * Refusals: as `selectBill`; `allocation.unfitRule`, `unfitTemplate`, `unfitDimension` where the document and the bill's columns
 * do not fit; `allocation.tooManyNodes`.
 *
 * A row of 3 on the 5th with `Tags.app` = shop and the rule `app:{Tags.app}`: one cell, 2026-10-05, `app:shop`, 3.
 */
export async function attributeMonth(request: AttributionRequest): Promise<Attribution> {
  const { session, scope, document, table = 'attribution' } = request;
  assert(/^[a-z][a-z0-9_]*$/.test(table), `'${table}' is no name of a temporary table`);
  const bill = await selectBill(request);
  await addLines(session, table, { bill, scope, document });
  await refuseTooManyNodes(session, table, document);
  const nodes = resolveNodes(document, nodeUses(await madeNodes(session, table)));
  const names = document.rules.map(({ id }) => id);
  await makeCells(session, table, nodes.cells, names);
  const rules = ruleTotals(await costPerRule(session, table), names);
  const { bridges, without } = bridgesOf(
    await bridgeSums(session, bill, scope, document.method),
    document.method.metric,
  );
  const findings = [
    ...billFindings(bill, document, without),
    ...nodes.findings,
    ...(await flawFindings(session, table, document)),
    ...(await archivedFindings(session, table, nodes)),
  ];
  const check = await checkSums({ session, table, bill, scope, document });
  await dropLines(session, table);
  return {
    table,
    nodes: nodes.made,
    snapshots: bill.snapshots,
    generation: bill.generation,
    totals: totalsOf(rules),
    rules,
    bridge: bridges,
    check,
    findings,
  };
}

async function refuseTooManyNodes(session: Session, table: string, { rules }: GraphDocument): Promise<void> {
  const { count, rule } = await countNodes(session, table);
  if (count <= mostNodes) return;
  throw errors.tooManyNodes({ count, most: mostNodes, rule: rules[rule]?.id ?? '' });
}

function ruleTotals(rows: readonly Row[], names: readonly string[]): RuleTotal[] {
  const totals = new Map<string, RuleTotal>();
  for (const row of rows) {
    const currency = String(row['currency']);
    const rule = names[Number(row['rule'])] ?? null;
    const key = `${row['rule']} ${currency}`;
    const before = totals.get(key) ?? { rule, currency, rows: 0, charges: '0', credits: '0' };
    const side = row['is_credit'] === true ? 'credits' : 'charges';
    totals.set(key, { ...before, rows: before.rows + Number(row['rows']), [side]: String(row['cost']) });
  }
  return [...totals.values()].sort((a, b) => orderOf(a.rule, names) - orderOf(b.rule, names));
}

function orderOf(rule: string | null, names: readonly string[]): number {
  return rule === null ? names.length : names.indexOf(rule);
}

function totalsOf(rules: readonly RuleTotal[]): AttributedTotal[] {
  const currencies = [...new Set(rules.map(({ currency }) => currency))].sort();
  return currencies.map((currency) => {
    const ours = rules.filter((rule) => rule.currency === currency);
    const sum = (amounts: readonly string[]) => amounts.map(parseDecimal).reduce(addDecimal, zero);
    const charges = sum(ours.map((rule) => rule.charges));
    const credits = sum(ours.map((rule) => rule.credits));
    return {
      currency,
      rows: ours.reduce((count, { rows }) => count + rows, 0),
      cost: formatDecimal(addDecimal(charges, credits)),
      charges: formatDecimal(charges),
      credits: formatDecimal(credits),
    };
  });
}

function billFindings(
  { period, absent, undelivered }: MonthBill,
  { method }: GraphDocument,
  without: MonthBridge['without'],
): GraphFinding[] {
  return [
    ...absent.map((source) => rowFinding('billMissing', `sources/${source}`, { source, period })),
    ...undelivered.map(({ path, column }) => rowFinding('columnNotDelivered', path, { column })),
    ...without.map(({ currency, rows, billed }) =>
      rowFinding(
        'costMissing',
        'method/metric',
        { metric: method.metric, currency, rows },
        {
          [currency]: billed,
        },
      ),
    ),
  ];
}

async function flawFindings(
  session: Session,
  table: string,
  { rules }: GraphDocument,
): Promise<GraphFinding[]> {
  const groups = groupBy(await flawedRows(session, table), (row) => `${row['flaw']} ${row['rule']}`);
  return groups.map((rows) => {
    const [first] = rows;
    const rule = must(rules[Number(first?.['rule'])], 'the rule of a flaw').id;
    const params = { rule, rows: rowCount(rows) };
    const amounts = amountsOf(rows);
    if (first?.['flaw'] === 'reserved')
      return rowFinding('reservedNodeMade', `rules/${rule}`, params, amounts);
    const specimen = String(first?.['specimen']);
    return rowFinding('unfitNodeId', `rules/${rule}`, { ...params, specimen }, amounts);
  });
}

async function archivedFindings(
  session: Session,
  table: string,
  { archived }: ResolvedNodes,
): Promise<GraphFinding[]> {
  const groups = groupBy(await costOfNodes(session, table, archived), (row) => String(row['node']));
  return groups.map((rows) => {
    const node = String(rows[0]?.['node']);
    return rowFinding('costOnArchivedNode', `nodes/${node}`, { node, rows: rowCount(rows) }, amountsOf(rows));
  });
}

function groupBy(rows: readonly Row[], keyOf: (row: Row) => string): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return [...groups.values()];
}

function rowCount(rows: readonly Row[]): number {
  return rows.reduce((sum, row) => sum + Number(row['rows']), 0);
}

function amountsOf(rows: readonly Row[]): Record<string, string> {
  return Object.fromEntries(rows.map((row) => [String(row['currency']), String(row['cost'])]));
}

/** Both sides of the check, currency by currency: no code in common but the condition that tells recoverable tax. */
async function checkSums({
  session,
  table,
  bill,
  scope,
  document,
}: {
  readonly session: Session;
  readonly table: string;
  readonly bill: MonthBill;
  readonly scope: Scope;
  readonly document: GraphDocument;
}): Promise<Attribution['check']> {
  const cells = amountsOf(await sumOfCells(session, table));
  const billed = amountsOf(await sumOfBill(session, bill, scope, document.method));
  const currencies = new Set([...Object.keys(cells), ...Object.keys(billed)]);
  let largest: Decimal = zero;
  for (const currency of currencies) {
    const difference = subtractDecimal(
      parseDecimal(cells[currency] ?? '0'),
      parseDecimal(billed[currency] ?? '0'),
    );
    if (compareDecimal(absDecimal(difference), absDecimal(largest)) > 0) largest = difference;
  }
  return { name: 'attribution', ok: isZero(largest), difference: formatDecimal(largest) };
}
