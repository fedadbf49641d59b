import {
  compareDecimal,
  type Decimal,
  formatDecimal,
  formatFixed,
  parseDecimal,
  subtractDecimal,
} from '../../platform/kernel/index.ts';
import { divide, multiply } from './economics-ratio.ts';
import type { Advice, EvidenceRow } from './recommend-model.ts';

/** How much a node was used by one metric, from the values that there are: a missing day is no idle day. */
export interface Utilisation {
  readonly node: string;
  readonly metric: string;
  /** The unit that the graph gives the metric: values of `percent` are hundredths of those of `ratio`. */
  readonly unit: 'percent' | 'ratio';
  /** Σ of all values, how many there are, and the largest. Decimal text. */
  readonly sum: string;
  readonly values: number;
  readonly peak: string;
  readonly measuredDays: number;
}

/** The node's own cost of the month in one currency: what the rules sent to it, charges less credits. */
export interface DirectCost {
  readonly node: string;
  readonly name: string;
  readonly currency: string;
  readonly cost: string;
}

export interface IdleParts {
  readonly utilisations: readonly Utilisation[];
  readonly costs: readonly DirectCost[];
  /** How used a node should be, 0 … 1. */
  readonly target: Decimal;
  /** What the cost is made of, for evidence. */
  readonly rowsOf: (node: string, currency: string) => readonly EvidenceRow[];
}

/** Fewer days say nothing of a month. */
const leastMeasuredDays = 7;

const levels = [
  { level: 'idle', below: parseDecimal('0.05') },
  { level: 'low', below: parseDecimal('0.3') },
  { level: 'medium', below: parseDecimal('0.5') },
] as const;

/**
 * Nodes that were little used. Of several metrics the busiest decides, because a machine with idle processors and a full memory
 * is not idle: so a node's cost is saved once, whatever the number of metrics. The busiest must be measured on seven days or more.
 *
 * Cost 200, processor 12 %, memory 24 %, target 60 %: saving 200 × (1 − 0.24 ÷ 0.6) = 120.
 */
export function idleAdvice({ utilisations, costs, target, rowsOf }: IdleParts): Advice[] {
  const measured = new Map<string, Measured[]>();
  for (const one of utilisations) measured.set(one.node, [...(measured.get(one.node) ?? []), meanOf(one)]);
  return costs.flatMap(({ node, name, currency, cost }) => {
    const metrics = measured.get(node) ?? [];
    const busiest = metrics.reduce<Measured | undefined>(
      (most, one) => (most && compareDecimal(most.mean, one.mean) >= 0 ? most : one),
      undefined,
    );
    if (!busiest || busiest.measuredDays < leastMeasuredDays) return [];
    const found = levels.find(({ below }) => compareDecimal(busiest.mean, below) < 0);
    const saving = savingOf(parseDecimal(cost), busiest.mean, target);
    if (!found || saving === undefined) return [];
    return [
      {
        kind: 'idle' as const,
        key: `idle:${currency}:${node}`,
        node,
        currency,
        cost: formatDecimal(parseDecimal(cost)),
        saving: formatDecimal(saving),
        title: `${name} was used ${percentText(busiest.mean)} at most (${busiest.metric}, ${busiest.measuredDays} days)`,
        formula: `cost × (1 − utilisation ÷ target) = ${formatDecimal(parseDecimal(cost))} × (1 − ${formatDecimal(busiest.mean)} ÷ ${formatDecimal(target)})`,
        facts: {
          level: found.level,
          metric: busiest.metric,
          utilisation: formatDecimal(busiest.mean),
          target: formatDecimal(target),
          measuredDays: busiest.measuredDays,
        },
        basis: [{ node }],
        ...evidenceOf(metrics, rowsOf(node, currency)),
      },
    ];
  });
}

interface Measured extends Utilisation {
  readonly mean: Decimal;
}

function meanOf(one: Utilisation): Measured {
  const divisor = { units: BigInt(one.values) * (one.unit === 'percent' ? 100n : 1n), scale: 0 };
  return { ...one, mean: divide(parseDecimal(one.sum), divisor) ?? { units: 0n, scale: 0 } };
}

/** Undefined where nothing is saved; never more than the cost. */
function savingOf(cost: Decimal, used: Decimal, target: Decimal): Decimal | undefined {
  const unused = subtractDecimal(target, used);
  if (used.units < 0n || unused.units <= 0n || cost.units <= 0n) return undefined;
  const saving = divide(multiply(cost, unused), target);
  return saving && saving.units > 0n ? saving : undefined;
}

function percentText(ratio: Decimal): string {
  return `${formatFixed({ units: ratio.units * 100n, scale: ratio.scale }, 1)} %`;
}

function evidenceOf(
  metrics: readonly Measured[],
  rows: readonly EvidenceRow[],
): Pick<Advice, 'evidence' | 'evidenceRows'> {
  const used = metrics.map(({ metric, unit, mean, peak, measuredDays, values }) => ({
    metric,
    unit,
    utilisation: formatDecimal(mean),
    peak: formatDecimal(parseDecimal(peak)),
    measuredDays,
    values,
  }));
  return { evidence: [...used, ...rows], evidenceRows: used.length + rows.length };
}
