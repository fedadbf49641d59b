import type { ShareRule, SiblingGroup, StrategyName } from './model.ts';
import type { FindingCode } from './validate-findings.ts';
import { hundred, percentText, percentUnits } from './validate-index.ts';

/**
 * What the live edges of one sibling group ask for in one dimension, counted so that an edge can come and go in constant time.
 * Percentages are whole ten-thousandths of a percent.
 */
export interface Totals {
  readonly strategies: Map<StrategyName, number>;
  /** Of the strategies that are not `fixed_percent`: metric → edges. */
  readonly metrics: Map<string, number>;
  readonly hybridPercents: Map<string, number>;
  readonly residualPercents: Map<number, number>;
  fixed: number;
  floors: number;
  caps: number;
  residual: number;
}

/** Nothing counted yet. */
export function emptyTotals(): Totals {
  return {
    strategies: new Map(),
    metrics: new Map(),
    hybridPercents: new Map(),
    residualPercents: new Map(),
    fixed: 0,
    floors: 0,
    caps: 0,
    residual: 0,
  };
}

/** Adds an edge's rule (`by` = 1) or takes it away again (`by` = −1). */
export function count(totals: Totals, rule: ShareRule, by: 1 | -1): void {
  tally(totals.strategies, rule.strategy, by);
  if ('metric' in rule.params) tally(totals.metrics, rule.params.metric, by);
  switch (rule.strategy) {
    case 'fixed_percent':
      totals.fixed += by * percentUnits(rule.params.percent);
      break;
    case 'min_floor_proportional':
      totals.floors += by * percentUnits(rule.params.floorPercent);
      break;
    case 'capped_proportional':
      totals.caps += by * percentUnits(rule.params.cap);
      break;
    case 'hybrid_fixed_proportional':
      tally(totals.hybridPercents, rule.params.fixedPercent, by);
      break;
    case 'residual_to_max':
      if (rule.params.percent !== undefined) {
        const units = percentUnits(rule.params.percent);
        totals.residual += by * units;
        tally(totals.residualPercents, units, by);
      }
      break;
  }
}

function tally<K>(counts: Map<K, number>, key: K, by: number): void {
  const sum = (counts.get(key) ?? 0) + by;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}

/** What is wrong or worth knowing about totals: a code, its own parameters, and which strategies' edges it speaks of. */
export interface Verdict {
  readonly code: FindingCode;
  readonly params: Readonly<Record<string, unknown>>;
  readonly about: readonly StrategyName[];
}

/** Judges the totals of a group with live edges: fixed 70 and 50 → `fixedOver100`, sum 120. */
export function judge(totals: Totals, group: SiblingGroup | undefined): Verdict[] {
  return [...judgeMixture(totals), ...judgePercents(totals, group)];
}

function judgeMixture(totals: Totals): Verdict[] {
  const strategies = others(totals);
  if (strategies.length > 1) {
    return [{ code: 'mixedStrategies', params: { strategies: strategies.sort() }, about: strategies }];
  }
  const verdicts: Verdict[] = [];
  if (totals.metrics.size > 1) {
    const metrics = [...totals.metrics.keys()].sort();
    verdicts.push({ code: 'mixedMetrics', params: { strategy: strategies[0], metrics }, about: strategies });
  }
  const percents = new Set([...totals.hybridPercents.keys()].map(percentUnits));
  if (percents.size > 1) {
    const texts = [...percents].sort((a, b) => a - b).map(percentText);
    verdicts.push({ code: 'hybridPercentsDiffer', params: { percents: texts }, about: strategies });
  }
  return verdicts;
}

function others({ strategies }: Totals): StrategyName[] {
  return [...strategies.keys()].filter((name) => name !== 'fixed_percent');
}

function judgePercents(totals: Totals, group: SiblingGroup | undefined): Verdict[] {
  const { fixed } = totals;
  const strategies = others(totals);
  const verdicts: Verdict[] = [];
  const add = (code: FindingCode, about: readonly StrategyName[], params: Verdict['params']) =>
    verdicts.push({ code, about, params });
  if (fixed > hundred) add('fixedOver100', ['fixed_percent'], { sum: percentText(fixed) });
  else if (strategies.length === 0 && fixed < hundred) {
    add('fixedBelow100', ['fixed_percent'], {
      sum: percentText(fixed),
      retained: percentText(hundred - fixed),
    });
  } else if (strategies.length > 0 && fixed === hundred) {
    add('fixedLeavesNothing', strategies, { sum: '100' });
  }
  const isCappedOnly = strategies.length === 1 && strategies[0] === 'capped_proportional';
  const sum = totals.caps + fixed;
  if (isCappedOnly && fixed < hundred && sum < hundred && (group?.residual ?? 'keep') === 'keep') {
    add('capsBelow100', strategies, { sum: percentText(sum), retained: percentText(hundred - sum) });
  }
  return [...verdicts, ...judgeFloors(totals, group), ...judgeHybrid(totals), ...judgeResidual(totals)];
}

function judgeFloors({ fixed, floors, strategies }: Totals, group: SiblingGroup | undefined): Verdict[] {
  if (!strategies.has('min_floor_proportional') || fixed > hundred || floors + fixed <= hundred) return [];
  const floor = ['min_floor_proportional'] as const;
  const both = [...floor, 'fixed_percent'] as const;
  const sum = percentText(floors + fixed);
  if (group?.infeasibleFloors === 'equal') return [{ code: 'floorsMadeEqual', params: { sum }, about: both }];
  if (floors > hundred)
    return [{ code: 'floorsOver100', params: { sum: percentText(floors) }, about: floor }];
  const params = { sum, fixed: percentText(fixed), floors: percentText(floors) };
  return [{ code: 'floorsAndFixedOver100', params, about: both }];
}

/** The part that is shared equally is one of the group's whole, as fixed percentages are. */
function judgeHybrid({ fixed, hybridPercents }: Totals): Verdict[] {
  const [percent] = hybridPercents.keys();
  const hybrid = percent === undefined ? 0 : percentUnits(percent);
  const isOther = percent === undefined || hybridPercents.size > 1 || fixed > hundred;
  if (isOther || fixed + hybrid <= hundred) return [];
  const params = {
    sum: percentText(fixed + hybrid),
    fixed: percentText(fixed),
    hybrid: percentText(hybrid),
  };
  return [{ code: 'hybridAndFixedOver100', params, about: ['hybrid_fixed_proportional', 'fixed_percent'] }];
}

/** Whoever is largest takes the rest; it is worst when that is the one with the smallest percentage, whose own does not count. */
function judgeResidual({ fixed, residual, residualPercents, strategies }: Totals): Verdict[] {
  if (residualPercents.size === 0) return [];
  const withPercent = [...residualPercents.values()].reduce((sum, edges) => sum + edges, 0);
  const everyOne = withPercent === strategies.get('residual_to_max');
  const least = everyOne ? Math.min(...residualPercents.keys()) : 0;
  const sum = residual - least + fixed;
  if (fixed > hundred || sum <= hundred) return [];
  return [
    {
      code: 'residualPercentsOver100',
      params: { sum: percentText(sum) },
      about: fixed > 0 ? ['residual_to_max', 'fixed_percent'] : ['residual_to_max'],
    },
  ];
}
