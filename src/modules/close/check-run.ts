import {
  addDecimal,
  type Caller,
  type Decimal,
  formatDecimal,
  isZero,
  parseDecimal,
  Refusal,
  zero,
} from '../../platform/kernel/index.ts';
import { type Row, StatementError } from '../../platform/warehouse/index.ts';
import { type AllocationRun, type RunRows, selectRun } from '../allocation/index.ts';
import { costDataset } from '../focus/index.ts';
import { compare, type LineHead, remark, tell } from './check-line.ts';
import type { CheckLine, CloseStep } from './contract.ts';
import { graphRun, type KnownRun } from './month-run.ts';
import type { CloseMonth, CloseWorld } from './month-state.ts';
import { attributionSums, billSums, heldSums, nodeSums, unionOf } from './run-sql.ts';

/** What a run left with an entity, in one currency. Signed decimal text. */
export interface RetainedCost {
  /** Null: of no entity. */
  readonly entity: string | null;
  readonly currency: string;
  readonly amount: string;
}

/** Lines about the allocation of a month, and what later steps hold against theirs. */
export interface RunChecked {
  readonly lines: readonly CheckLine[];
  /** Id of the run; null: there is none, or not for the caller. */
  readonly run: string | null;
  /** As far as the caller sees it; undefined without a run that can be read. */
  readonly retained: readonly RetainedCost[] | undefined;
}

/** Which run to look at: the published one of a graph's month, or one that was computed and is not published (`run`). */
export interface RunAsked {
  readonly graph: string;
  readonly run?: string | undefined;
}

/**
 * Lines about a month's allocation: the bills against what rules attributed, that against the direct costs of nodes, these against
 * what they retain, and the figures that are recorded of the run against its files. Each side is a statement of its own over files
 * of its own.
 */
export async function runLines(
  world: CloseWorld,
  caller: Caller,
  month: CloseMonth,
  asked: RunAsked,
): Promise<RunChecked> {
  const known = await graphRun(world, caller, month, asked);
  const { run, isVisible, published } = known;
  if (published === undefined && run === undefined) return absent(month, asked);
  const disagreement = disagreementOf(month, asked, known);
  const snapshot = asked.run === undefined ? published : (run?.snapshot ?? undefined);
  if (snapshot === undefined) return { lines: disagreement, run: run?.id ?? null, retained: undefined };
  try {
    const rows = await selectRun(world.workspace, caller.scope, {
      graph: asked.graph,
      month: month.period,
      snapshot,
    });
    const read = await readRun(world, rows, month.period);
    const retained = retainedOf(read.nodes);
    if (!isVisible || run === undefined)
      return { lines: isVisible ? disagreement : partly(month, asked), run: null, retained };
    const of = { month, asked, run, read };
    const lines = [
      ...disagreement,
      ...(await attributedLines(world, caller, of, known)),
      ...allocatedLines(of),
    ];
    return { lines, run: run.id, retained };
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    const head = headOf('attributed', 'files of the run', month, asked, run);
    const note = `Files of the lake cannot be read. 'finops snapshots verify' names them; compute the month again.`;
    const line = remark(head, 'broken', { left: 'run', right: 'lake', note });
    return { lines: [...disagreement, line], run: run?.id ?? null, retained: undefined };
  }
}

function headOf(
  step: CloseStep,
  what: string,
  { period }: CloseMonth,
  { graph }: RunAsked,
  run: AllocationRun | undefined,
): LineHead {
  return {
    step,
    what,
    subject: { graph },
    link:
      run === undefined
        ? `/api/v1/allocation/runs?graph=${graph}&month=${period}`
        : `/api/v1/allocation/runs/${run.id}`,
    command: `finops allocate runs --month ${period}${graph === 'main' ? '' : ` --graph ${graph}`}`,
  };
}

function absent(month: CloseMonth, asked: RunAsked): RunChecked {
  const command = `finops allocate run --month ${month.period} --publish`;
  const note = `No run of the graph '${asked.graph}' is published for the month.`;
  const lines = (['attributed', 'allocated'] as const).map((step) =>
    remark({ ...headOf(step, 'a published run', month, asked, undefined), command }, 'missing', {
      left: 'bills',
      right: 'run',
      note,
    }),
  );
  return { lines, run: null, retained: undefined };
}

/** The run is of more than the caller sees. */
function partly(month: CloseMonth, asked: RunAsked): CheckLine[] {
  return (['attributed', 'allocated'] as const).map((step) =>
    remark(headOf(step, 'a published run', month, asked, undefined), 'info', {
      left: 'bills',
      right: 'run',
      note: 'The graph allocates bills of others too: whoever sees all of them can hold the run against them.',
    }),
  );
}

/** What everybody reads is the run that the records call published. */
function disagreementOf(month: CloseMonth, asked: RunAsked, known: KnownRun): CheckLine[] {
  const { run, isVisible, published } = known;
  if (!isVisible || asked.run !== undefined || run?.snapshot === published) return [];
  const head = headOf('attributed', 'the published run is the one that everybody reads', month, asked, run);
  return [
    remark(head, 'broken', {
      left: `records: ${run?.snapshot ?? 'none'}`,
      right: `lake: ${published ?? 'none'}`,
      note: `Publish the right one again: finops allocate publish ${run?.id ?? 'RUN'}.`,
    }),
  ];
}

interface RunRead {
  readonly attribution: readonly Row[];
  readonly nodes: readonly Row[];
  readonly held: readonly Row[];
}

async function readRun({ workspace }: CloseWorld, rows: RunRows, period: string): Promise<RunRead> {
  const engine = await workspace.engine();
  return engine.session(async (session) => ({
    attribution: await attributionSums(session, rows.attribution, period),
    nodes: await nodeSums(session, rows.allocation),
    held: await heldSums(session, rows.flow),
  }));
}

function retainedOf(nodes: readonly Row[]): RetainedCost[] {
  return nodes.map((row) => ({
    entity: (row['entity'] as string | null) || null,
    currency: String(row['currency']),
    amount: String(row['retained']),
  }));
}

interface RunToCheck {
  readonly month: CloseMonth;
  readonly asked: RunAsked;
  readonly run: AllocationRun;
  readonly read: RunRead;
}

async function attributedLines(
  world: CloseWorld,
  caller: Caller,
  of: RunToCheck,
  known: KnownRun,
): Promise<CheckLine[]> {
  const { month, asked, run, read } = of;
  const head = (what: string) => headOf('attributed', what, month, asked, run);
  const { used, current } = known;
  const now = await billCost(world, caller, run, current);
  const then = known.isClosed ? await billCost(world, caller, run, used) : now;
  if (now === undefined || then === undefined) {
    const note = 'The bills that the run has read are gone, or have other columns now.';
    return [remark(head('bill = attributed'), 'info', { left: 'bills', right: 'run', note })];
  }
  const metric = `bills, ${run.method.metric}`;
  const changed =
    known.isChanged && !known.isClosed ? 'Bills were imported after the run was computed. ' : '';
  const lines = currenciesOf([then, read.attribution]).map((currency) =>
    compare(
      head('bill = attributed'),
      {
        left: [metric, text(then, currency, 'cost')],
        right: ['attributed', text(read.attribution, currency, 'own')],
        currency,
      },
      {
        ties: changed,
        broken: `${changed}Compute and publish the month again: finops allocate run --month ${month.period} --publish.`,
      },
    ),
  );
  const direct = currenciesOf([read.attribution, read.nodes]).map((currency) =>
    compare(
      head('attributed = direct'),
      {
        left: [
          'attributed',
          formatDecimal(
            addDecimal(sum(read.attribution, currency, 'own'), sum(read.attribution, currency, 'restated')),
          ),
        ],
        right: ['direct', text(read.nodes, currency, 'direct')],
        currency,
      },
      { broken: recompute },
    ),
  );
  return [...lines, ...lateLines(of, { now, then }), ...restatedLines(of), ...direct];
}

const recompute =
  "The run's files were changed, or are of two runs. 'finops snapshots verify' names files that were changed; compute the month again.";

/** Cost that bills have brought since the month was closed: the next open month books it. */
function lateLines(
  { month, asked, run }: RunToCheck,
  { now, then }: { readonly now: readonly Row[]; readonly then: readonly Row[] },
): CheckLine[] {
  return currenciesOf([now, then])
    .filter((currency) => text(now, currency, 'cost') !== text(then, currency, 'cost'))
    .map((currency) =>
      tell(
        headOf('attributed', 'bills since the month was closed', month, asked, run),
        {
          left: ['bills now', text(now, currency, 'cost')],
          right: ['bills then', text(then, currency, 'cost')],
          currency,
        },
        'Closed means closed: the next open month books the difference.',
      ),
    );
}

/** What the run books for closed months, as recorded and as it lies in its files. */
function restatedLines({ month, asked, run, read }: RunToCheck): CheckLine[] {
  return run.result.currencies
    .filter(
      ({ restated, currency }) => restated.length > 0 || !isZero(sum(read.attribution, currency, 'restated')),
    )
    .map(({ currency, restated }) => {
      const recorded = restated.reduce((total, { amount }) => addDecimal(total, parseDecimal(amount)), zero);
      return compare(
        headOf('attributed', 'booked for closed months', month, asked, run),
        {
          left: ['as recorded', formatDecimal(recorded)],
          right: ['attributed', text(read.attribution, currency, 'restated')],
          currency,
        },
        { ties: `Of ${restated.map(({ period }) => period).join(', ')}.`, broken: recompute },
      );
    });
}

function allocatedLines({ month, asked, run, read }: RunToCheck): CheckLine[] {
  const { nodes, held } = read;
  const recorded = new Map(run.result.currencies.map((one) => [one.currency, one]));
  const currencies = [...new Set([...recorded.keys(), ...currenciesOf([nodes, held])])].sort();
  return currencies.flatMap((currency) => {
    const said = recorded.get(currency);
    const head = (what: string) => headOf('allocated', what, month, asked, run);
    const tie = (what: string, left: [string, string], right: [string, string]) =>
      compare(head(what), { left, right, currency }, { broken: recompute });
    const [allocated, unallocated] = [sum(nodes, currency, 'allocated'), sum(held, currency, 'held')];
    const rest = tie(
      'unallocated as recorded',
      ['as recorded', said?.unallocated ?? '0'],
      ['held in flows', formatDecimal(unallocated)],
    );
    return [
      tie(
        'retained = direct',
        ['retained', text(nodes, currency, 'retained')],
        ['direct', text(nodes, currency, 'direct')],
      ),
      tie(
        'total = allocated + unallocated',
        ['total, as recorded', said?.total ?? '0'],
        ['allocated + unallocated', formatDecimal(addDecimal(allocated, unallocated))],
      ),
      tie(
        'allocated as recorded',
        ['as recorded', said?.allocated ?? '0'],
        ['on products', formatDecimal(allocated)],
      ),
      ...(rest.state === 'broken' ? [rest] : []),
      ...(said === undefined ? [] : [coverageLine(said, head('coverage'), month.period)]),
    ];
  });
}

function coverageLine(
  { currency, charges, allocatedCharges, coverage, causes }: AllocationRun['result']['currencies'][number],
  head: LineHead,
  period: string,
): CheckLine {
  const why = causes.map(({ cause, amount }) => `${cause} ${amount}`).join(', ');
  const note =
    coverage === null
      ? 'There are no charges.'
      : `Allocation coverage ${coverage}${why === '' ? '' : `; what is unallocated: ${why}`}.`;
  const sides = {
    left: ['charges on products', allocatedCharges],
    right: ['charges', charges],
    currency,
  } as const;
  const link = `/api/v1/allocation/coverage?month=${period}`;
  return tell({ ...head, link, command: `finops allocate coverage --month ${period}` }, sides, note);
}

/** Σ of the run's metric over bills; undefined where one of them is gone, or has not the columns that the run's tax rule names. */
async function billCost(
  { workspace }: CloseWorld,
  { scope }: Caller,
  { method, period }: AllocationRun,
  bills: KnownRun['used'],
): Promise<readonly Row[] | undefined> {
  try {
    const selections = await Promise.all(
      bills.map(({ source, snapshot }) =>
        workspace.lake.selectMonth(scope, costDataset, { source, period, snapshot }),
      ),
    );
    const whole = unionOf(selections);
    if (whole === undefined) return [];
    const { metric, recoverableTax } = method;
    const engine = await workspace.engine();
    return await engine.session((session) => billSums(session, whole, { scope, metric, recoverableTax }));
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function sum(rows: readonly Row[], currency: string, column: string): Decimal {
  return rows
    .filter((row) => row['currency'] === currency)
    .reduce((total, row) => addDecimal(total, parseDecimal(String(row[column]))), zero);
}

function text(rows: readonly Row[], currency: string, column: string): string {
  return formatDecimal(sum(rows, currency, column));
}

function currenciesOf(lists: readonly (readonly Row[])[]): string[] {
  return [...new Set(lists.flatMap((rows) => rows.map((row) => String(row['currency']))))].sort();
}
