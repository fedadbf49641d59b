import { createHash } from 'node:crypto';
import {
  type Caller,
  formatDecimal,
  isZero,
  must,
  type Period,
  parseDecimal,
  periodsBetween,
  subtractDecimal,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import type { CostAnswer, CostItem, CostsAsked, CostTotal } from './cost-contract.ts';
import {
  type CostRow,
  type CostStatement,
  type CountedPricing,
  knownApplications,
  organizationState,
  readCosts,
  readLabels,
  teamsBelow,
} from './cost-sql.ts';
import { ensureActuals, ensurePricings, type PricingWorld, readPublishedRuns } from './ensure-pricings.ts';
import { errors } from './errors.ts';
import { requireRate } from './fx-rates.ts';
import {
  type PricingAsk,
  type PricingPlan,
  type PublishedRuns,
  planPricings,
  type UsedPricing,
} from './plan-pricings.ts';

/** A rate that an answer was converted with. */
export type AnswerRate = CostAnswer['context']['rates'][number];

/** Pricings of several asks, in their order. */
export type Plans = readonly PricingPlan[];

/**
 * Answers from pricings that are current: what is missing or stale is computed first, then everything is read in one transaction, so
 * that the answer is of one moment. Refusal: `showback.contended` where facts change faster than they can be priced.
 */
export async function withPricings<T>(
  world: PricingWorld,
  caller: Caller,
  asks: readonly PricingAsk[],
  answer: (tx: Tx, plans: Plans) => Promise<T>,
): Promise<T> {
  const records = await world.records();
  const kept = new Set<string>();
  for (let attempt = 0; attempt < 4; attempt++) {
    const runs = await readPublishedRuns(world.workspace);
    const outcome = await records.read(caller, async (tx) => {
      const plans = await plansOf(tx, asks, runs);
      const missing = plans.flatMap((plan) => plan.missing);
      // Costs of a run may all lie beyond the caller's scope: once they are kept, none is an answer.
      const actuals = plans
        .flatMap((plan) => plan.missingActuals)
        .filter(({ snapshot }) => !kept.has(snapshot));
      if (missing.length > 0 || actuals.length > 0) return { missing, actuals, answered: undefined };
      return { missing, actuals, answered: { answer: await answer(tx, plans) } };
    });
    if (outcome.answered) return outcome.answered.answer;
    await ensurePricings(world, outcome.missing);
    await ensureActuals(world, outcome.actuals);
    for (const { snapshot } of outcome.actuals) kept.add(snapshot);
  }
  throw errors.contended({ months: [...new Set(asks.flatMap(({ periods }) => periods))] });
}

async function plansOf(tx: Tx, asks: readonly PricingAsk[], runs: PublishedRuns): Promise<PricingPlan[]> {
  const plans: PricingPlan[] = [];
  for (const ask of asks) plans.push(await planPricings(tx, ask, runs));
  return plans;
}

/**
 * What an answer follows from: the pricings that it adds up, the organization that it is broken down by, the question, and what
 * the caller sees. The same watermark is the same answer.
 */
export async function watermarkOf(
  tx: Tx,
  { scope }: Caller,
  plans: Plans,
  asked: CostsAsked,
): Promise<string> {
  const pricings = plans.map(({ used, gaps }) => [used.map(({ id }) => id), gaps]);
  const parts = [pricings, await organizationState(tx), asked, scope];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}

/** The months that a question names, in their order. */
export function monthsAsked(months: CostsAsked['months']): string[] {
  if (Array.isArray(months)) return [...new Set(months)].sort();
  return periodsBetween(months.from as Period, months.to as Period);
}

/** Whose costs are meant: what narrows a question beside its filters. */
export interface Whose {
  readonly applications: readonly string[] | null;
  readonly teams: readonly string[] | null;
}

/** Resolves ids, team and group. Refuses applications and teams that are not there, or not for the caller. */
export async function whoseCosts(tx: Tx, asked: CostsAsked): Promise<Whose> {
  const { applicationIds, team, groupRef } = asked;
  if (applicationIds !== undefined) {
    const known = await knownApplications(tx, applicationIds);
    const unknown = applicationIds.filter((id) => !known.has(id));
    if (unknown.length > 0) throw errors.unknownApplications({ applications: unknown });
  }
  const name = team ?? groupRef?.replace(/^group:/i, '').replace(/^.*\//, '');
  const teams = name === undefined ? null : await teamsBelow(tx, name);
  if (teams?.length === 0) throw errors.unknownTeam({ team: name ?? '' });
  return { applications: applicationIds ?? null, teams };
}

/** Answers a question about costs. Refusals: those of views, rates, teams and applications. */
export async function askCosts(world: PricingWorld, caller: Caller, asked: CostsAsked): Promise<CostAnswer> {
  return must(await answerCosts(world, caller, asked), 'nobody said that the answer is known');
}

/** As `askCosts`, but undefined, and nothing added up, where the watermark says that whoever asks has the answer already. */
export async function answerCosts(
  world: PricingWorld,
  caller: Caller,
  asked: CostsAsked,
  isKnown?: (watermark: string) => boolean,
): Promise<CostAnswer | undefined> {
  const months = monthsAsked(asked.months);
  const pricesOf = asked.mode === 'constant' ? (asked.pricesOf ?? months[0]) : undefined;
  const ask = { periods: months, view: asked.view ?? null, mode: asked.mode, pricesOf };
  return withPricings(world, caller, [ask], async (tx, [plan]) => {
    if (!plan) throw new RangeError('one question has one plan');
    if (isKnown?.(await watermarkOf(tx, caller, [plan], asked))) return undefined;
    const whose = await whoseCosts(tx, asked);
    const { counted, rates } = await countedIn(tx, plan.used, asked);
    const statement = statementOf(caller, asked, whose, counted);
    const rows = await readCosts(tx, statement);
    const items = await itemsOf(tx, rows, asked.groupBy);
    const totals = await totalsOf(tx, statement, rows, plan.used);
    return {
      context: {
        ...{ months, view: asked.view ?? 'calendar', mode: asked.mode, groupBy: asked.groupBy },
        used: usedIn(plan.used),
        gaps: plan.gaps.map(({ period, entity, reason }) => ({ month: period, entity, reason })),
        rates,
        applications: whose.applications?.length ?? null,
      },
      items,
      totals,
    };
  });
}

/** The statement of a question over pricings. */
export function statementOf(
  caller: Caller,
  { groupBy, filters, top }: CostsAsked,
  whose: Whose,
  pricings: readonly CountedPricing[],
): CostStatement {
  const byApplication = caller.scope.kind === 'some' && caller.scope.applications.length > 0;
  return { ...whose, pricings, groupBy, filters, top: top ?? null, byApplication };
}

/** What an answer says of the pricings that it used: one for each month, version and currency, of how many entities. */
export function usedIn(used: readonly UsedPricing[]): CostAnswer['context']['used'] {
  const groups = new Map<string, CostAnswer['context']['used'][number]>();
  for (const { period, entity, view, version, source, pricePeriod, currency, run, appliedAt } of used) {
    const key = [period, view, version, source, pricePeriod, currency, run].join(' ');
    const group = groups.get(key);
    if (group) group.entities.push(entity);
    else
      groups.set(key, {
        ...{
          month: period,
          entities: [entity],
          view,
          version,
          source,
          pricesOf: pricePeriod,
          currency,
          run,
          appliedAt,
        },
      });
  }
  return [...groups.values()];
}

/** Pricings with the rate into the answer's currency; 1 where none is asked for. Refuses a gap with `price.noRate`. */
export async function countedIn(
  tx: Tx,
  used: readonly UsedPricing[],
  { currency: quote, rateType }: Pick<CostsAsked, 'currency' | 'rateType'>,
): Promise<{ readonly counted: CountedPricing[]; readonly rates: AnswerRate[] }> {
  const rates = new Map<string, AnswerRate>();
  const counted: CountedPricing[] = [];
  for (const { id, period, currency } of used) {
    if (quote === undefined || currency === quote) {
      counted.push({ id, period, currency, rate: '1' });
      continue;
    }
    const key = `${period} ${currency}`;
    let rate = rates.get(key);
    if (!rate) {
      const wanted = { period, base: currency, quote, type: rateType };
      const { rate: text, source } = await requireRate(tx, wanted);
      rate = { month: period, base: currency, quote, type: rateType, rate: text, source };
      rates.set(key, rate);
    }
    counted.push({ id, period, currency: quote, rate: rate.rate });
  }
  return { counted, rates: [...rates.values()] };
}

async function itemsOf(tx: Tx, rows: readonly CostRow[], groupBy: readonly string[]): Promise<CostItem[]> {
  const shown = rows.filter((row) => row.shown);
  const named = await labelsOf(tx, shown, groupBy);
  return shown.map((row, index) => ({ ...figuresOf(row), ...named(index) }));
}

/** Key, labels and unit of the groups of an answer, by place in the list. */
export async function labelsOf(
  tx: Tx,
  rows: readonly { readonly keys: readonly (string | null)[] }[],
  groupBy: readonly string[],
): Promise<(index: number) => Pick<CostItem, 'key' | 'labels' | 'unit'>> {
  const names: Awaited<ReturnType<typeof readLabels>>[] = [];
  for (const [place, name] of groupBy.entries())
    names.push(await readLabels(tx, name, [...new Set(rows.flatMap(({ keys }) => keys[place] ?? []))]));
  return (index) => {
    const found = groupBy.map((_, place) => names[place]?.get(rows[index]?.keys[place] ?? ''));
    return {
      key: Object.fromEntries(groupBy.map((name, place) => [name, rows[index]?.keys[place] ?? null])),
      labels: Object.fromEntries(groupBy.map((name, place) => [name, found[place]?.label ?? null])),
      unit: found[groupBy.indexOf('product')]?.unit ?? null,
    };
  };
}

function figuresOf(row: CostRow) {
  const plain = (text: string) => formatDecimal(parseDecimal(text));
  return {
    currency: row.currency,
    cost: plain(row.cost),
    direct: plain(row.direct),
    indirect: plain(row.indirect),
    quantity: row.quantity === null ? null : plain(row.quantity),
    unit: null,
    quantityCoverage: coverageOf(row),
    lines: row.lines,
    unpriced: row.unpriced,
  };
}

/** Priced quantities ÷ all, counted, to four places and never rounded up to 1: 3 of 4 is 0.75. Nothing at all is 1. */
export function coverageOf({
  lines,
  unpriced,
}: {
  readonly lines: number;
  readonly unpriced: number;
}): string {
  if (lines === 0 || unpriced === 0) return '1';
  const tenThousandths = Math.floor(((lines - unpriced) * 10_000) / lines);
  return formatDecimal({ units: BigInt(tenThousandths), scale: 4 });
}

/**
 * Totals beside the groups, from another source where there is one: of a question that nothing narrows, the sums that each pricing
 * keeps of itself. Refuses with `showback.unbalanced` where groups and rest do not come to them.
 */
async function totalsOf(
  tx: Tx,
  statement: CostStatement,
  rows: readonly CostRow[],
  used: readonly UsedPricing[],
): Promise<CostTotal[]> {
  const isWhole = isWholeQuestion(statement);
  const whole = isWhole
    ? sumsOfPricings(statement.pricings, used)
    : await readCosts(tx, { ...statement, groupBy: [], top: null });
  return whole.map((total) => {
    const of = (shown: boolean) =>
      sumDecimals(
        rows
          .filter((row) => row.currency === total.currency && row.shown === shown)
          .map(({ cost }) => parseDecimal(cost)),
      );
    const other = of(false);
    const residual = subtractDecimal(subtractDecimal(parseDecimal(total.cost), of(true)), other);
    if (!isZero(residual))
      throw errors.unbalanced({
        month: [...new Set(statement.pricings.map(({ period }) => period))].join(', '),
        what: 'the total of its parts',
        difference: `${formatDecimal(residual)} ${total.currency}`,
      });
    return {
      ...figuresOf(total),
      unallocated: isWhole ? unallocatedIn(statement.pricings, used, total.currency) : '0',
      other: formatDecimal(other),
      residual: formatDecimal(residual),
    };
  });
}

/** True where every cost of the pricings counts. */
export function isWholeQuestion({
  applications,
  teams,
  filters,
  byApplication,
}: Omit<CostStatement, 'pricings'>): boolean {
  const narrowing = Object.values(filters).some((values) => values !== undefined);
  return applications === null && teams === null && !narrowing && !byApplication;
}

/** Σ by currency of what pricings keep as their sums. */
export function sumsOfPricings(pricings: readonly CountedPricing[], used: readonly UsedPricing[]): CostRow[] {
  const currencies = [...new Set(pricings.map(({ currency }) => currency))].sort();
  return currencies.map((currency) => {
    const mine = pricings.flatMap((pricing, index) => {
      const one = used[index];
      return one && pricing.currency === currency ? [{ one, rate: pricing.rate }] : [];
    });
    const sum = (of: (one: UsedPricing) => string) =>
      formatDecimal(sumDecimals(mine.map(({ one, rate }) => product(of(one), rate))));
    return {
      ...{ keys: [], shown: true, currency, quantity: null },
      cost: sum(({ cost }) => cost),
      direct: sum(({ direct }) => direct),
      indirect: sum(({ indirect }) => indirect),
      lines: mine.reduce((count, { one }) => count + one.lines, 0),
      unpriced: mine.reduce((count, { one }) => count + one.unpriced, 0),
    };
  });
}

function unallocatedIn(
  pricings: readonly CountedPricing[],
  used: readonly UsedPricing[],
  currency: string,
): string {
  const parts = pricings.flatMap((pricing, index) =>
    pricing.currency === currency ? [product(used[index]?.unallocated ?? '0', pricing.rate)] : [],
  );
  return formatDecimal(sumDecimals(parts));
}

/** a × b, exact. */
function product(a: string, b: string) {
  const [left, right] = [parseDecimal(a), parseDecimal(b)];
  return { units: left.units * right.units, scale: left.scale + right.scale };
}
