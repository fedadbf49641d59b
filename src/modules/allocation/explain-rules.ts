import type { Row, Session } from '../../platform/warehouse/index.ts';
import { type Amount, asAmount, type Sides, sizeOf } from './explain-amounts.ts';
import { slotAt, unitsOf } from './explain-slots.ts';
import { describeNodes, type NamedNode, readRules, ruleTotals } from './explain-sql.ts';
import type { Walk } from './explain-walk.ts';
import type { RunRows } from './query-run.ts';
import { nearestUnits } from './trace-apportion.ts';

/**
 * What one rule sent to a node. `rule` null with kind `unattributed`: rows that no rule took. Kind `rounding`: what the run's
 * unit adds to or takes from the node's direct cost, so that the parts sum to it.
 */
export interface RulePart {
  readonly kind: 'rule' | 'unattributed' | 'rounding';
  readonly rule: string | null;
  /** Source of the bills that the rows are of; null for `rounding`. */
  readonly source: string | null;
  /** What it sent to the node in the whole run, in this currency, to the twelfth decimal. */
  readonly cost: Amount;
  /** What of that is in the figure explained. */
  readonly amount: Amount;
}

/** A node at which cost begins, with the rules that sent it there. */
export interface SourceNode {
  readonly name: string;
  readonly type: string;
  readonly application: string | null;
  /** By currency: all direct cost of the node, and its parts. `cost` sums to `direct`, `amount` to what the node sends. */
  readonly monies: ReadonlyMap<string, { readonly direct: Amount; readonly rules: readonly RulePart[] }>;
}

/** A node of the walk, and what of it is in the figure: units by currency. */
export interface AskedSource {
  readonly node: number;
  readonly sides: ReadonlyMap<string, Sides>;
}

interface Sum {
  charges: number;
  credits: number;
}

/**
 * Finds who nodes are and, against the flow, the rules behind their direct cost; nodes that the caller may not see are not in the
 * answer.
 */
export async function rulesBehind(
  session: Session,
  run: RunRows,
  walked: Walk,
  asked: readonly AskedSource[],
): Promise<ReadonlyMap<number, SourceNode>> {
  const { nodes, slots, direction } = walked;
  const named = asked.map(({ node }) => ({
    place: node,
    id: nodes[node]?.id ?? '',
    index: walked.behind && nodes[node]?.index,
  }));
  const { attribution, allocation } = walked.behind ?? {
    attribution: run.attribution.relation,
    allocation: run.allocation.relation,
  };
  const described = await describeNodes(session, allocation, named, slots.parts.origin);
  const isIn = direction === 'in';
  const sent = isIn ? await sentByRules(session, attribution, named, walked) : new Map<string, Sum>();
  const totals = isIn ? await ruleTotals(session) : [];
  const found = new Map<number, SourceNode>();
  for (const { node, sides } of asked) {
    const own = described.filter((row) => row['place'] === node);
    const [first] = own;
    if (!first) continue;
    const monies = slots.currencies.map((currency) => {
      const inMoney = (rows: readonly Row[]) =>
        rows.filter((row) => row['place'] === node && row['currency'] === currency);
      const direct = sidesOf(inMoney(own), 'direct');
      const rules = partsOf(inMoney(totals), direct, {
        sent: (rule, from) => sent.get(JSON.stringify([node, currency, rule, from])),
        figure: sides.get(currency) ?? { charges: 0n, credits: 0n },
      });
      return [currency, { direct: asAmount(direct), rules }] as const;
    });
    found.set(node, {
      name: String(first['name'] ?? nodes[node]?.id),
      type: String(first['type']),
      application: typeof first['application'] === 'string' ? first['application'] : null,
      monies: new Map(monies),
    });
  }
  return found;
}

/** What of each rule's cost is in the figure, as binary numbers, by node, currency, rule and source. */
async function sentByRules(
  session: Session,
  attribution: string,
  named: readonly NamedNode[],
  { slots, totals, trace }: Walk,
): Promise<ReadonlyMap<string, Sum>> {
  const { node, code, cost, rule, source } = await readRules(session, attribution, named, slots.parts);
  const sums = new Map<string, Sum>();
  for (let row = 0; row < code.length; row++) {
    const slot = slotAt(slots, code[row] as number);
    if (slot < 0) continue;
    const at = (node[row] as number) * slots.count + slot;
    const total = totals[at] as number;
    const part = total > 0 ? ((cost[row] as number) * (trace.passing[at] as number)) / total : 0;
    const lane = slots.lanes[slots.laneOf[slot] as number];
    const key = JSON.stringify([node[row], lane?.currency, rule[row], source[row]]);
    const sum = sums.get(key) ?? { charges: 0, credits: 0 };
    if (lane?.side === 'credit') sum.credits += part;
    else sum.charges += part;
    sums.set(key, sum);
  }
  return sums;
}

function partsOf(
  totals: readonly Row[],
  direct: Sides,
  given: { readonly sent: (rule: string, source: string) => Sum | undefined; readonly figure: Sides },
): RulePart[] {
  const keys = [...new Set(totals.map((row) => JSON.stringify([row['rule'], row['source']])))];
  let [costLeft, figureLeft] = [direct, given.figure];
  const parts = keys.map((key): RulePart & { readonly size: bigint } => {
    const [rule, source] = JSON.parse(key) as [string, string];
    const cost = sidesOf(
      totals.filter((row) => row['rule'] === rule && row['source'] === source),
      'cost',
    );
    const { charges = 0, credits = 0 } = given.sent(rule, source) ?? {};
    const amount = { charges: nearestUnits(charges), credits: nearestUnits(credits) };
    costLeft = less(costLeft, cost);
    figureLeft = less(figureLeft, amount);
    return {
      kind: rule === '' ? 'unattributed' : 'rule',
      rule: rule === '' ? null : rule,
      source,
      cost: asAmount(cost),
      amount: asAmount(amount),
      size: sizeOf(amount),
    };
  });
  parts.sort((a, b) => (a.size === b.size ? 0 : a.size > b.size ? -1 : 1));
  const rules = parts.map(({ size: _, ...part }): RulePart => part);
  if (isNothing(costLeft) && isNothing(figureLeft)) return rules;
  const rounding = { kind: 'rounding', rule: null, source: null } as const;
  return [...rules, { ...rounding, cost: asAmount(costLeft), amount: asAmount(figureLeft) }];
}

function isNothing({ charges, credits }: Sides): boolean {
  return charges === 0n && credits === 0n;
}

function less(a: Sides, b: Sides): Sides {
  return { charges: a.charges - b.charges, credits: a.credits - b.credits };
}

function sidesOf(rows: readonly Row[], column: string): Sides {
  let [charges, credits] = [0n, 0n];
  for (const row of rows) {
    if (row['side'] === 'credit') credits += unitsOf(String(row[column]));
    else charges += unitsOf(String(row[column]));
  }
  return { charges, credits };
}
