import { setImmediate as turn } from 'node:timers/promises';
import type { Scope } from '../../platform/kernel/index.ts';
import { assert, formatDecimal, parseDecimal, sumDecimals } from '../../platform/kernel/index.ts';
import type { Row, Session, Workspace } from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { selectBill } from './attribute-bill.ts';
import {
  addShares,
  daysOf,
  declareNodes,
  fileColumns,
  fileSums,
  flowsOfDays,
  holdingsOfDays,
  makeClasses,
  makeParts,
  numberRun,
  originSums,
  type SplitAsked,
  splitColumns,
  splitSql,
} from './export-focus-sql.ts';
import { restatedSums } from './export-restated-sql.ts';
import { copyToFile, type FileForm } from './export-sql.ts';
import type { GraphDocument } from './model.ts';
import { type AskedRun, type RunRows, selectRun } from './query-run.ts';
import type { UsedSnapshot } from './run-model.ts';
import { spreader } from './trace-spread.ts';

/** Which bill to split, and by which run. */
export interface FocusAsked extends AskedRun {
  readonly document: GraphDocument;
  readonly bills: readonly UsedSnapshot[];
  /** AllocatedMethodId: what the allocation is known by. */
  readonly method: string;
}

/** A file that was written. */
export interface WrittenExport {
  readonly rows: number;
  readonly columns: readonly string[];
  readonly sums: readonly ColumnSum[];
}

/** A column of the bill, and of the file, in one currency. */
export interface ColumnSum {
  readonly currency: string;
  readonly column: string;
  readonly origin: string;
  readonly parts: string;
}

/**
 * Writes the bill of a month as FOCUS rows, each split among the nodes on which its cost stays: as its node's cost of the same days,
 * dimension and side was passed on in the run. Costs and quantities are split so that the parts of a row sum to it at twelve
 * decimals; everything else repeats. What the run books for closed months follows in rows of its own (`export-restated-sql.ts`), so
 * that the metric sums to what the run has allocated. The file is read back and its sums held against the bill's: a difference is a
 * defect.
 *
 * A row of 10 on `db`, of which a quarter went to `shop` and the rest to `blog`: 2.5 with AllocatedResourceId `shop`, 7.5 `blog`.
 */
export async function exportFocusSplit(
  workspace: Workspace,
  scope: Scope,
  asked: FocusAsked,
  form: FileForm,
): Promise<WrittenExport> {
  const { graph, month, document, bills, method } = asked;
  const run = await selectRun(workspace, scope, asked);
  const bill = await selectBill({
    ...{ lake: workspace.lake, scope, graph, document, period: month, snapshots: bills },
    sources: bills.filter(({ period }) => period === month).map(({ source }) => source),
  });
  const split: SplitAsked = {
    ...{ bill, scope, run },
    attributing: { rules: document.rules, method: document.method, period: month },
  };
  const engine = await workspace.engine();
  return engine.session(async (session) => {
    const nodes = await makeClasses(session, split);
    await shareDays(session, run, nodes);
    await makeParts(session);
    await declareNodes(session, document.nodes);
    const { tables, values } = splitSql(split, method);
    const columns = fileColumns();
    const rows = await copyToFile(session, 'rows_out', columns, { ...form, with: tables }, values);
    const origins = withRestated(
      await originSums(session, split),
      await restatedSums(session, split),
      document.method.metric,
    );
    const sums = columnSums(origins, await fileSums(session, form.file, form.format));
    for (const { currency, column, origin, parts } of sums)
      assert(origin === parts, `${column} in ${currency}: the parts come to ${parts}, the bill to ${origin}`);
    return { rows, columns: columns.map(({ name }) => name), sums };
  });
}

/** Adds what is booked for closed months to the sums of the bill; it may be in a currency that the bill has not. */
function withRestated(bill: readonly Row[], restated: readonly Row[], metric: string): Row[] {
  const none = Object.fromEntries(costDataset.roles.costs.map((name) => [name, '0']));
  const others = restated.filter(({ currency }) => !bill.some((row) => row['currency'] === currency));
  return [...bill, ...others.map(({ currency }): Row => ({ currency: currency ?? null, ...none }))].map(
    (row) => {
      const own = restated.find(({ currency }) => currency === row['currency']);
      if (!own) return row;
      const parts = [row[metric] ?? '0', own['cost']].map((amount) => parseDecimal(String(amount)));
      return { ...row, [metric]: formatDecimal(sumDecimals(parts)) };
    },
  );
}

function columnSums(origins: readonly Row[], files: readonly Row[]): ColumnSum[] {
  return origins.flatMap((origin) => {
    const currency = String(origin['currency']);
    const file = files.find((row) => row['currency'] === currency);
    return splitColumns.flatMap((column): ColumnSum[] => {
      const [a, b] = [origin[column] ?? null, file?.[column] ?? null];
      return a === null && b === null ? [] : [{ currency, column, origin: String(a), parts: String(b) }];
    });
  });
}

/** Flows that are read at once: some 60 MB as arrays. */
const mostFlows = 2_000_000;
/** Shares that are appended at once. */
const portion = 131_072;
/** Work between two turns of the event loop. */
const turnMs = 20;

/** Finds, some days at a time, where the cost of the given nodes stays, and puts the shares into the session. */
async function shareDays(
  session: Session,
  { month, allocation, flow }: RunRows,
  nodes: readonly string[],
): Promise<void> {
  const { ids, lanes } = await numberRun(session, allocation.relation, month);
  const numbers = new Map(ids.map((id, n) => [id, n]));
  const starts = nodes.flatMap((id) => numbers.get(id) ?? []);
  const days = await daysOf(session, allocation.relation, month);
  const together = Math.max(1, Math.floor((mostFlows * days.length) / Math.max(1, flow.rows)));
  for (let at = 0; at < days.length; at += together) {
    const some = days.slice(at, at + together);
    const [first, last] = [some[0] as string, some.at(-1) as string];
    const read = { first, last, lanes, origin: month };
    const slots = ((Date.parse(last) - Date.parse(first)) / 86_400_000 + 1) * lanes;
    const totals = new Float64Array(ids.length * slots);
    const retained = new Float64Array(ids.length * slots);
    const held = await holdingsOfDays(session, { ...read, relation: allocation.relation });
    for (let row = 0; row < held.n.length; row++) {
      const place = (held.n[row] as number) * slots + (held.slot[row] as number);
      totals[place] = held.total[row] as number;
      retained[place] = held.retained[row] as number;
    }
    const { from, to, slot, amount } = await flowsOfDays(session, { ...read, relation: flow.relation });
    const moves = { count: from.length, near: from, far: to, slot, amount };
    const spread = spreader({ nodes: ids.length, lanes: slots, moves, totals, retained });
    await appendShares(session, read, starts, spread);
  }
}

async function appendShares(
  session: Session,
  read: { readonly first: string; readonly lanes: number },
  starts: readonly number[],
  spread: ReturnType<typeof spreader>,
): Promise<void> {
  let columns = emptyShares(portion);
  let count = 0;
  let since = performance.now();
  for (const start of starts) {
    spread(start, (stays, slot, share) => {
      if (count === columns.share.length) columns = grown(columns);
      columns.node[count] = start;
      columns.slot[count] = slot;
      columns.stays[count] = stays;
      columns.share[count] = share;
      count++;
    });
    if (count >= portion) {
      await addShares(session, read, columns, count);
      count = 0;
    }
    if (performance.now() - since < turnMs) continue;
    await turn();
    since = performance.now();
  }
  await addShares(session, read, columns, count);
}

function emptyShares(size: number) {
  return {
    node: new Int32Array(size),
    slot: new Int32Array(size),
    stays: new Int32Array(size),
    share: new Float64Array(size),
  };
}

function grown(columns: ReturnType<typeof emptyShares>): ReturnType<typeof emptyShares> {
  const larger = emptyShares(columns.share.length * 2);
  larger.node.set(columns.node);
  larger.slot.set(columns.slot);
  larger.stays.set(columns.stays);
  larger.share.set(columns.share);
  return larger;
}
