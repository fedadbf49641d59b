import { isZero, mutable, parseDecimal } from '../../platform/kernel/index.ts';
import type { CurrencyBridge } from './bridge.ts';
import { addRecords, addSums, addText, type OriginSums, subtractText } from './checks.ts';
import { quotientText } from './economics-ratio.ts';
import { type GraphFinding, heldCauses, qualities } from './model.ts';
import type { Check, CurrencyResult, RunResult } from './run-model.ts';
import type { PreparedMonth } from './run-prepare.ts';
import { type RunPart, rowsOfParts } from './write-run.ts';

/**
 * A run's figures per currency, from what was read back from its files. Rows of other months of origin than the run's are what
 * it books for closed months: they are part of every figure, and named.
 *
 * 100 of charges of which 80 rest on products, and a credit of −10 that rests on one: total 90, allocated 70, unallocated 20,
 * coverage 0.8.
 */
export function currencyResults(
  sums: readonly OriginSums[],
  { period, bridge }: { readonly period: string; readonly bridge: readonly CurrencyBridge[] },
): CurrencyResult[] {
  const currencies = [...new Set(sums.map(({ currency }) => currency))].sort();
  return currencies.map((currency) => {
    const ours = sums.filter((one) => one.currency === currency);
    const sum = (name: 'direct' | 'allocated' | 'charges' | 'allocatedCharges') =>
      ours.map((one) => one[name]).reduce(addText, '0');
    const [total, allocated, charges, allocatedCharges] = [
      sum('direct'),
      sum('allocated'),
      sum('charges'),
      sum('allocatedCharges'),
    ];
    const causes = ours.map((one) => one.causes).reduce(addRecords, {});
    const carried = ours.map((one) => one.qualities).reduce(addRecords, {});
    return {
      currency,
      total,
      allocated,
      unallocated: subtractText(total, allocated),
      coverage: quotientText(parseDecimal(allocatedCharges), parseDecimal(charges)),
      charges,
      allocatedCharges,
      causes: heldCauses.flatMap((cause) => named('cause', cause, causes)) as CurrencyResult['causes'],
      qualities: qualities.flatMap((one) => named('quality', one, carried)) as CurrencyResult['qualities'],
      bridge: [...(bridge.find((one) => one.currency === currency)?.lines ?? [])],
      restated: ours
        .filter(({ origin }) => origin !== period)
        .map(({ origin, direct }) => ({ period: origin, amount: direct })),
    };
  });
}

function named(kind: string, name: string, amounts: Readonly<Record<string, string>>) {
  const amount = amounts[name];
  return amount === undefined || isZero(parseDecimal(amount)) ? [] : [{ [kind]: name, amount }];
}

/** As many nodes and findings are kept with a run; their number is told. */
const kept = 1000;

/** What is kept of a computed month. */
export function resultOf({
  month,
  parts,
  checks,
  reused,
  findings,
  period,
}: {
  readonly month: PreparedMonth;
  readonly parts: readonly RunPart[];
  readonly checks: readonly Check[];
  readonly reused: number;
  readonly findings: readonly GraphFinding[];
  readonly period: string;
}): RunResult {
  const { attribution, graph, days } = month;
  const made = attribution.nodes.map(({ id, type, application }) => ({
    id,
    type,
    application: application ?? null,
  }));
  return {
    currencies: currencyResults(addSums(parts.map(({ written }) => written)), {
      period,
      bridge: attribution.bridge,
    }),
    checks: [...checks],
    findings: mutable(findings.slice(0, kept)),
    made: { count: made.length, nodes: made.slice(0, kept) },
    nodes: graph.nodeIds.length,
    edges: graph.edgeIds.length,
    dimensions: graph.dimensions.length,
    days: days.length,
    reusedDays: reused,
    rows: rowsOfParts(parts),
  };
}
