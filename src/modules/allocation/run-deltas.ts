import type { Decimal } from '../../platform/kernel/index.ts';
import type { Lake, Session } from '../../platform/warehouse/index.ts';
import { selectBill } from './attribute-bill.ts';
import { sumOfBill } from './attribution-cells-sql.ts';
import { type ExpectedCost, subtractText } from './checks.ts';
import { filesOfRuns } from './late-costs.ts';
import { bookedCost, deltaWriters } from './late-costs-sql.ts';
import type { MonthInputs } from './run-inputs.ts';
import type { AllocationRun, RestatedMonth } from './run-model.ts';
import type { RunPlan } from './run-plan.ts';
import { type PartWriting, type RunPart, rowsOfParts, writePart } from './write-run.ts';

/** A closed month that has changed since it was published. */
export interface Restatement {
  readonly month: RestatedMonth;
  /** The month with the costs of now; not published. */
  readonly now: AllocationRun;
  /** What it was closed with. */
  readonly base: AllocationRun;
  /** The plan of `now`. */
  readonly plan: RunPlan;
}

/** Everything that is booked for a closed month: its own run, and what later months have booked. */
function bookedRuns({ month, base, plan }: Restatement): AllocationRun[] {
  const others = new Set(month.booked.map(({ run }) => run));
  return [base, ...plan.published.filter(({ id }) => others.has(id))];
}

/** Writes what closed months come to now minus what is booked for them, month by month; without a difference there is nothing. */
export async function deltaParts(
  lake: Lake,
  writing: PartWriting,
  { restatements, attempt }: { readonly restatements: readonly Restatement[]; readonly attempt: string },
): Promise<RunPart[]> {
  const { session, place } = writing;
  const parts: RunPart[] = [];
  for (const restatement of restatements) {
    const { period } = restatement.month;
    const runs = bookedRuns(restatement);
    const files = { now: await filesOfRuns(lake, [restatement.now]), booked: await filesOfRuns(lake, runs) };
    const head = { graph: place.graph, period: place.period };
    // Direct costs are rounded to units on both sides, so that their difference may be off by less than two.
    const scale = Math.min(...[restatement.now, ...runs].map(({ method }) => method.scale));
    const unit: Decimal = { units: 2n, scale };
    const part = await writePart(
      { ...writing, unit },
      { part: period, hash: null, notes: [], file: `${attempt}-late-${period}` },
      deltaWriters(session, head, period, files),
    );
    const { attribution, allocation, flow } = rowsOfParts([part]);
    if (attribution + allocation + flow > 0) parts.push(part);
  }
  return parts;
}

/**
 * What a run must come to, by statements over the bills that know no graph: Σ of the metric of its month; and for each closed
 * month that has changed, Σ of the metric now − what is booked.
 */
export async function expectedCosts(
  session: Session,
  lake: Lake,
  {
    plan,
    inputs,
    restatements,
  }: {
    readonly plan: RunPlan;
    readonly inputs: MonthInputs;
    readonly restatements: readonly Restatement[];
  },
): Promise<ExpectedCost[]> {
  const expected = await billedCosts(session, lake, plan, inputs.cost);
  for (const restatement of restatements) {
    const { period } = restatement.month;
    const now = await billedCosts(session, lake, restatement.plan, restatement.now.inputs.cost);
    const files = await filesOfRuns(lake, bookedRuns(restatement));
    const booked = new Map(
      (await bookedCost(session, files, period)).map((row) => [String(row['currency']), String(row['cost'])]),
    );
    const currencies = new Set([...booked.keys(), ...now.map(({ currency }) => currency)]);
    for (const currency of currencies) {
      const is = now.find((one) => one.currency === currency)?.cost ?? '0';
      expected.push({ origin: period, currency, cost: subtractText(is, booked.get(currency) ?? '0') });
    }
  }
  return expected;
}

async function billedCosts(
  session: Session,
  lake: Lake,
  { graph, document, period, scope }: RunPlan,
  cost: MonthInputs['cost'],
): Promise<ExpectedCost[]> {
  const snapshots = cost.filter((used) => used.period === period);
  const sources = snapshots.map(({ source }) => source);
  const bill = await selectBill({ lake, scope, graph, document, period, sources, snapshots });
  const rows = await sumOfBill(session, bill, scope, document.method);
  return rows.map((row) => ({
    origin: period,
    currency: String(row['currency']),
    cost: String(row['cost']),
  }));
}
