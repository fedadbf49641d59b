import type { AllocationRunAnswer, RunDiff } from '../../../modules/allocation/index.ts';
import { errors } from '../errors.ts';
import type { Column, TableData } from '../output.ts';

/**
 * A run as JSON prints it: the figures of the only currency on top, or of the one asked for; with several and none asked for
 * they are null there, because currencies are never added. `currencies` holds each.
 */
export function shownRun(answer: AllocationRunAnswer, wanted: string | undefined) {
  const { run, month, graph, version, state, currencies, checks, ...rest } = answer;
  const [only, ...others] = currencies;
  const named = currencies.find(({ currency }) => currency === wanted);
  if (wanted !== undefined && !named) {
    const known = currencies.map(({ currency }) => currency).join(', ') || 'none';
    throw errors.usage({ problem: `${month} has no costs in ${wanted}; it has ${known}.` });
  }
  const top = named ?? (others.length === 0 ? only : undefined);
  return {
    run,
    month,
    total: top?.total ?? null,
    allocated: top?.allocated ?? null,
    unallocated: top?.unallocated ?? null,
    coverage: top?.coverage ?? null,
    checks: checks.map(({ name, ok, difference }) => ({ name, ok, difference })),
    ...{ graph, version, state, currency: top?.currency ?? null },
    currencies: currencies.map(inOrder),
    ...rest,
  };
}

/** The queue keeps names in an order of its own. */
function inOrder({
  currency,
  total,
  allocated,
  unallocated,
  coverage,
  ...rest
}: AllocationRunAnswer['currencies'][number]) {
  return { currency, total, allocated, unallocated, coverage, ...rest };
}

const money = { kind: 'money', currencyColumn: 'currency' } as const;

/** Figures, checks that do not hold, causes of what is unallocated. */
export function runTables(answers: readonly AllocationRunAnswer[]): [TableData, ...TableData[]] {
  const figures = answers.flatMap(({ currencies, run, month, state, version, checks }) =>
    currencies.map((one) => ({
      ...{ month, version, state, currency: one.currency },
      ...{ total: one.total, allocated: one.allocated, unallocated: one.unallocated, coverage: one.coverage },
      balances: checks.every(({ ok }) => ok) ? 'yes' : 'no',
      run,
    })),
  );
  const columns: Column[] = [
    { name: 'month', kind: 'text' },
    { name: 'version', kind: 'number' },
    { name: 'state', kind: 'text' },
    { name: 'total', ...money },
    { name: 'allocated', ...money },
    { name: 'unallocated', ...money },
    { name: 'currency', kind: 'text' },
    { name: 'coverage', kind: 'share' },
    { name: 'balances', kind: 'text' },
    { name: 'run', kind: 'text' },
  ];
  return [{ columns, rows: figures }, ...brokenChecks(answers), ...causes(answers)];
}

function brokenChecks(answers: readonly AllocationRunAnswer[]): TableData[] {
  const rows = answers.flatMap(({ month, checks }) =>
    checks.filter(({ ok }) => !ok).map(({ name, difference }) => ({ month, name, difference })),
  );
  if (rows.length === 0) return [];
  const columns: Column[] = [
    { name: 'month', kind: 'text' },
    { name: 'name', header: 'check', kind: 'text' },
    { name: 'difference', kind: 'text' },
  ];
  return [{ title: 'The books do not balance', columns, rows }];
}

function causes(answers: readonly AllocationRunAnswer[]): TableData[] {
  const rows = answers.flatMap(({ month, currencies }) =>
    currencies.flatMap(({ currency, causes }) => causes.map((cause) => ({ month, ...cause, currency }))),
  );
  if (rows.length === 0) return [];
  const columns: Column[] = [
    { name: 'month', kind: 'text' },
    { name: 'cause', kind: 'text' },
    { name: 'amount', ...money },
    { name: 'currency', kind: 'text' },
  ];
  return [{ title: 'Why what is unallocated is', columns, rows }];
}

/** Node by node, the largest difference first, and their sums. */
export function diffTables({ order, items, totals }: RunDiff): [TableData, ...TableData[]] {
  const columns: Column[] = [
    { name: 'node', kind: 'text' },
    { name: 'type', kind: 'text' },
    { name: 'from', ...money },
    { name: 'to', ...money },
    { name: 'delta', ...money },
    ...order.map((name): Column => ({ name, ...money })),
    { name: 'currency', kind: 'text' },
  ];
  const rowOf = ({ effects, ...row }: RunDiff['items'][number]) => ({ ...row, ...effects });
  return [
    {
      columns,
      rows: items.map(rowOf),
      totals: totals.map((total) => rowOf({ node: 'total', type: '', ...total })),
    },
  ];
}
