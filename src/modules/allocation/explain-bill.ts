import { formatDecimal, parseDecimal, type Scope, sumDecimals } from '../../platform/kernel/index.ts';
import type { Row, Session, Workspace } from '../../platform/warehouse/index.ts';
import { selectBill } from './attribute-bill.ts';
import { errors } from './errors.ts';
import { type BillRows, whereRowsGo } from './explain-bill-sql.ts';
import { endsOf } from './explain-ends.ts';
import { readNeighbours } from './explain-graph.ts';
import { listEnds, type MoneyEnds, noEnds } from './explain-lists.ts';
import { type NodeSlots, slotAt, slotsOf, unitScale, unitsOf } from './explain-slots.ts';
import { nodeRows, slotCode } from './explain-sql.ts';
import { type Figure, walk } from './explain-walk.ts';
import type { GraphDocument } from './model.ts';
import { type AskedRun, type RunRows, selectRun } from './query-run.ts';
import type { UsedSnapshot } from './run-model.ts';

/** Rows of a bill, in the run that has read them. */
export interface BillAsked extends AskedRun {
  readonly rows: BillRows;
  readonly document: GraphDocument;
  /** Versions of bills that the run has read. */
  readonly bills: readonly UsedSnapshot[];
  readonly depth?: number | undefined;
  readonly top?: number | undefined;
}

/** The rows of one node in one currency, and where their cost went: `items` + `others` + `outside` + `rounding` = `cost`. */
export interface BillMoney extends MoneyEnds {
  readonly currency: string;
  readonly cost: string;
  /** What is below a unit of the run, or was on days on which the node has less than a unit. */
  readonly rounding: string;
}

/** A node that the rules send rows to. */
export interface BillNode {
  readonly node: string;
  readonly rules: readonly (string | null)[];
  readonly sources: readonly string[];
  readonly rows: number;
  readonly currencies: readonly BillMoney[];
}

export interface BillExplanation {
  readonly context: { readonly graph: string; readonly month: string; readonly snapshot: string };
  readonly by: BillRows['by'];
  readonly id: string;
  readonly nodes: readonly BillNode[];
}

/**
 * Follows rows of a bill: to the node that the rules send them to, and from there, as the node's cost of the same days and lanes
 * was passed on, to the nodes on which it stayed. All parts sum exactly to what the rows cost in the run's metric.
 *
 * Refuses with `allocation.noAttributedRows` where no row of the run's bills that the caller sees has a cost, and as `explain`.
 */
export async function explainBill(
  workspace: Workspace,
  scope: Scope,
  asked: BillAsked,
): Promise<BillExplanation> {
  const run = await selectRun(workspace, scope, asked);
  const { graph, month, document, bills, rows } = asked;
  const bill = await selectBill({
    ...{ lake: workspace.lake, scope, graph, document, period: month, snapshots: bills },
    sources: bills.filter(({ period }) => period === month).map(({ source }) => source),
  });
  const attributing = { rules: document.rules, method: document.method, period: month };
  const engine = await workspace.engine();
  return engine.session(async (session) => {
    const cells = await whereRowsGo(session, { bill, scope, attributing, rows });
    if (cells.length === 0) throw errors.noAttributedRows({ ...rows, graph, period: month });
    const names = document.rules.map(({ id }) => id);
    const nodes: BillNode[] = [];
    for (const node of new Set(cells.map((cell) => String(cell['node'])))) {
      const own = cells.filter((cell) => cell['node'] === node);
      nodes.push(
        await followCells(session, run, { node, cells: own, names, asked, isWhole: scope.kind === 'all' }),
      );
    }
    return { context: { graph, month, snapshot: run.snapshot }, by: rows.by, id: rows.id, nodes };
  });
}

async function followCells(
  session: Session,
  run: RunRows,
  given: {
    readonly node: string;
    readonly cells: readonly Row[];
    readonly names: readonly string[];
    readonly asked: BillAsked;
    readonly isWhole: boolean;
  },
): Promise<BillNode> {
  const { node, cells, names, asked, isWhole } = given;
  const distinct = <Value>(values: readonly Value[]) => [...new Set(values)];
  const head = {
    node,
    rules: distinct(cells.map((cell) => names[Number(cell['rule'])] ?? null)),
    sources: distinct(cells.map((cell) => String(cell['source']))),
    rows: cells.reduce((sum, cell) => sum + Number(cell['rows']), 0),
  };
  const found = await nodeRows(session, run.allocation.relation, node);
  const slots = slotsOf(
    found.filter((row) => row['origin'] === run.month),
    run.month,
  );
  const figure = figureOf(slots, cells);
  const type = String(found[0]?.['type'] ?? '');
  const lists =
    slots.count === 0 ? [] : await followFigure(session, run, { node, type, slots, figure, asked, isWhole });
  const currencies = distinct(cells.map((cell) => String(cell['currency']))).sort();
  return {
    ...head,
    currencies: currencies.map((currency): BillMoney => {
      const list = lists[slots.currencies.indexOf(currency)];
      const own = cells.filter((cell) => cell['currency'] === currency);
      const cost = sumDecimals(own.map((cell) => parseDecimal(String(cell['cost']))));
      const followed = slots.lanes.reduce((sum, lane, l) => {
        const units = figure.units[l] ?? 0n;
        return lane.currency === currency ? sum + (lane.side === 'credit' ? -units : units) : sum;
      }, 0n);
      const rest = sumDecimals([cost, { units: -followed, scale: unitScale }]);
      const money = { currency, cost: formatDecimal(cost), rounding: formatDecimal(rest) };
      return { ...money, ...(list ?? noEnds(node, type)) };
    }),
  };
}

async function followFigure(
  session: Session,
  run: RunRows,
  given: {
    readonly node: string;
    readonly type: string;
    readonly slots: NodeSlots;
    readonly figure: Figure;
    readonly asked: BillAsked;
    readonly isWhole: boolean;
  },
): Promise<MoneyEnds[]> {
  const { node, type, slots, figure, asked, isWhole } = given;
  const { depth = 3, top = 10 } = asked;
  const direction = 'out' as const;
  const neighbours = await readNeighbours(session, run.flow.relation, { node, type, slots, direction });
  const walked = await walk(session, run, neighbours, { slots, direction, figure, isWhole });
  return listEnds(session, run, { walked, ends: endsOf(walked), depth, top });
}

/** The rows' costs in the slots of their node; what falls in none is rounding. */
function figureOf(slots: NodeSlots, cells: readonly Row[]): Figure {
  const units = slots.lanes.map(() => 0n);
  const followed = new Float64Array(slots.count);
  for (const cell of cells) {
    const text = (name: string) => String(cell[name]);
    const place = {
      day: text('day'),
      dimension: text('dimension'),
      currency: text('currency'),
      side: text('side'),
    };
    const known =
      slots.parts.dimensions.includes(place.dimension) && slots.parts.currencies.includes(place.currency);
    const slot = known ? slotAt(slots, slotCode(slots.parts, place)) : -1;
    if (slot < 0) continue;
    const lane = slots.laneOf[slot] as number;
    const cost = unitsOf(text('cost'));
    units[lane] = (units[lane] ?? 0n) + cost;
    (followed[slot] as number) += Number(cost) / 10 ** unitScale;
  }
  return { units, followed, retained: slots.lanes.map(() => 0n) };
}
