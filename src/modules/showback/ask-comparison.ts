import {
  addDecimal,
  type Caller,
  type Decimal,
  formatDecimal,
  isZero,
  must,
  parseDecimal,
  subtractDecimal,
  sumDecimals,
  zero,
} from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import {
  countedIn,
  coverageOf,
  isWholeQuestion,
  labelsOf,
  monthsAsked,
  type Plans,
  statementOf,
  sumsOfPricings,
  usedIn,
  watermarkOf,
  whoseCosts,
  withPricings,
} from './ask-costs.ts';
import { type CompareRow, readComparison, type SidedPricing } from './compare-sql.ts';
import type { ComparisonAnswer, ComparisonItem, CostsAsked } from './cost-contract.ts';
import type { CostStatement } from './cost-sql.ts';
import type { PricingWorld } from './ensure-pricings.ts';
import { errors } from './errors.ts';
import type { PricingAsk, PricingPlan } from './plan-pricings.ts';

type Side = SidedPricing['side'];
type SidedAsk = readonly [Side, PricingAsk];

/**
 * Compares two views of the same months, or two months: every group on both sides, and what its difference is made of. The parts
 * add up to the difference exactly; under `actual`, which has no prices, there are none.
 *
 * Refusals: as `askCosts`; `showback.nothingToCompare` without a comparison.
 */
export async function askComparison(
  world: PricingWorld,
  caller: Caller,
  asked: CostsAsked,
): Promise<ComparisonAnswer> {
  return must(await answerComparison(world, caller, asked), 'nobody said that the answer is known');
}

/** As `askComparison`, but undefined where the watermark says that whoever asks has the answer already. */
export async function answerComparison(
  world: PricingWorld,
  caller: Caller,
  asked: CostsAsked,
  isKnown?: (watermark: string) => boolean,
): Promise<ComparisonAnswer | undefined> {
  const sided = asksOf(asked);
  const kind = asked.compare && 'views' in asked.compare ? 'views' : 'months';
  const asks = sided.map(([, ask]) => ask);
  return withPricings(world, caller, asks, async (tx, plans) => {
    if (isKnown?.(await watermarkOf(tx, caller, plans, asked))) return undefined;
    const whose = await whoseCosts(tx, asked);
    const pricings: SidedPricing[] = [];
    for (const [index, plan] of plans.entries()) {
      const side = sided[index]?.[0] ?? 'a';
      const { counted } = await countedIn(tx, plan.used, asked);
      pricings.push(...counted.map((one) => ({ ...one, side })));
    }
    const { pricings: _, ...statement } = statementOf(caller, asked, whose, []);
    const compared = await comparisonOf(tx, { ...statement, pricings }, { kind, plans });
    return {
      context: {
        ...{ kind, groupBy: asked.groupBy, mode: asked.mode, months: monthsOf(asked) },
        a: sideOf(plans[0], asked, 0),
        b: sideOf(plans[1], asked, 1),
      },
      ...compared,
    };
  });
}

/** Groups on both sides with what their differences are made of, and their sums. */
export async function comparisonOf(
  tx: Tx,
  statement: SidedStatement,
  { kind, plans }: { readonly kind: 'months' | 'views'; readonly plans: Plans },
): Promise<Pick<ComparisonAnswer, 'items' | 'totals'>> {
  const rows = await readComparison(tx, statement, kind);
  const hasParts = plans.every((plan) => plan.used.every(({ version }) => version > 0));
  return {
    items: await itemsOf(tx, rows, statement.groupBy, hasParts),
    totals: totalsOf(rows, { statement, plans, hasParts }),
  };
}

function monthsOf(asked: CostsAsked): string[] {
  return asked.compare && 'months' in asked.compare ? [...asked.compare.months] : monthsAsked(asked.months);
}

function sideOf(
  plan: PricingPlan | undefined,
  asked: CostsAsked,
  index: 0 | 1,
): ComparisonAnswer['context']['a'] {
  const { compare } = asked;
  const view = compare && 'views' in compare ? compare.views[index] : (asked.view ?? 'calendar');
  const months = compare && 'months' in compare ? [compare.months[index]] : monthsAsked(asked.months);
  return { view, months, used: usedIn(plan?.used ?? []) };
}

/** The first two asks are the sides; what follows is what their difference is taken apart with. */
function asksOf(asked: CostsAsked): readonly SidedAsk[] {
  const { compare, mode } = asked;
  const view = asked.view ?? null;
  if (!compare) throw errors.nothingToCompare({ months: monthsAsked(asked.months) });
  if ('months' in compare) {
    const [from, to] = compare.months;
    const crossed = { view, mode: 'constant' } as const;
    return [
      ['a', { periods: [from], view, mode }],
      ['b', { periods: [to], view, mode }],
      ['q', { ...crossed, periods: [to], pricesOf: from }],
      ['p', { ...crossed, periods: [from], pricesOf: to }],
    ];
  }
  const [a, b] = compare.views;
  const periods = monthsAsked(asked.months);
  const pricesOf = asked.pricesOf ?? periods[0];
  const common = mode === 'constant' ? { periods, mode, pricesOf } : { periods, mode };
  if (asked.weights !== 'derived')
    return [
      ['a', { ...common, view: a }],
      ['b', { ...common, view: b }],
      ['x', { ...common, view: b }],
    ];
  return [
    ['a', { ...common, view: a, weights: a }],
    ['b', { ...common, view: b, weights: b }],
    ['x', { ...common, view: b, weights: a }],
  ];
}

async function itemsOf(
  tx: Tx,
  rows: readonly CompareRow[],
  groupBy: readonly string[],
  hasParts: boolean,
): Promise<ComparisonItem[]> {
  const shown = rows.filter((row) => row.shown);
  const named = await labelsOf(tx, shown, groupBy);
  return shown.map((row, index) => ({ ...named(index), ...figuresOf(row, hasParts) }));
}

function figuresOf(row: CompareRow, hasParts: boolean) {
  const plain = (text: string) => formatDecimal(parseDecimal(text));
  const [a, b] = [parseDecimal(row.a), parseDecimal(row.b)];
  const delta = subtractDecimal(b, a);
  const parts = {
    volume: plain(row.volume),
    mix: plain(row.mix),
    weight: plain(row.weight),
    price: plain(row.price),
    joint: plain(row.joint),
  };
  const sum = Object.values(parts).reduce((total, part) => addDecimal(total, parseDecimal(part)), zero);
  if (hasParts && !isZero(subtractDecimal(delta, sum)))
    throw errors.unbalanced({
      month: 'the comparison',
      what: 'the difference of its parts',
      difference: formatDecimal(subtractDecimal(delta, sum)),
    });
  return {
    currency: row.currency,
    a: formatDecimal(a),
    b: formatDecimal(b),
    delta: formatDecimal(delta),
    deltaRatio: isZero(a) ? null : ratioText(delta, a),
    parts: hasParts ? parts : null,
    coverageA: coverageOf({ lines: row.linesA, unpriced: row.unpricedA }),
    coverageB: coverageOf({ lines: row.linesB, unpriced: row.unpricedB }),
  };
}

/** delta ÷ |a| to six places, toward zero: 120 after 100 is 0.2. */
function ratioText(delta: ReturnType<typeof parseDecimal>, a: ReturnType<typeof parseDecimal>): string {
  const scale = Math.max(delta.scale, a.scale);
  const at = ({ units, scale: own }: typeof a) => units * 10n ** BigInt(scale - own);
  const base = at(a) < 0n ? -at(a) : at(a);
  return formatDecimal({ units: (at(delta) * 1_000_000n) / base, scale: 6 });
}

/**
 * Sums of all groups. Where nothing narrows the question they are held against the sums that the pricings keep of themselves; refuses
 * with `showback.unbalanced` where these differ.
 */
function totalsOf(
  rows: readonly CompareRow[],
  {
    statement,
    plans,
    hasParts,
  }: { readonly statement: SidedStatement; readonly plans: Plans; readonly hasParts: boolean },
): ComparisonAnswer['totals'] {
  const currencies = [...new Set(rows.map(({ currency }) => currency))];
  return currencies.map((currency) => {
    const here = rows.filter((row) => row.currency === currency);
    const total = sumOfRows(here);
    const other = sumOfRows(here.filter(({ shown }) => !shown));
    const residual =
      isWholeQuestion(statement) && plans.length > 0 ? residualOf(total, statement.pricings, plans) : zero;
    if (!isZero(residual))
      throw errors.unbalanced({
        month: 'the comparison',
        what: 'the total of its groups',
        difference: `${formatDecimal(residual)} ${currency}`,
      });
    return {
      ...figuresOf(total, hasParts),
      other: formatDecimal(subtractDecimal(parseDecimal(other.b), parseDecimal(other.a))),
      residual: formatDecimal(residual),
    };
  });
}

type SidedStatement = Omit<CostStatement, 'pricings'> & { readonly pricings: readonly SidedPricing[] };

/** (b − a) of the pricings themselves − (b − a) of the groups. */
function residualOf(total: CompareRow, pricings: readonly SidedPricing[], plans: Plans): Decimal {
  const used = new Map(plans.flatMap((plan) => plan.used).map((one) => [one.id, one]));
  const sideOf = (side: 'a' | 'b') => {
    const mine = pricings.filter((one) => one.side === side && one.currency === total.currency);
    const known = mine.flatMap(({ id }) => used.get(id) ?? []);
    return parseDecimal(sumsOfPricings(mine, known)[0]?.cost ?? '0');
  };
  const kept = subtractDecimal(sideOf('b'), sideOf('a'));
  return subtractDecimal(kept, subtractDecimal(parseDecimal(total.b), parseDecimal(total.a)));
}

function sumOfRows(rows: readonly CompareRow[]): CompareRow {
  const sum = (of: (row: CompareRow) => string) =>
    formatDecimal(sumDecimals(rows.map((row) => parseDecimal(of(row)))));
  const count = (of: (row: CompareRow) => number) => rows.reduce((total, row) => total + of(row), 0);
  return {
    ...{ keys: [], shown: true, currency: rows[0]?.currency ?? '' },
    a: sum(({ a }) => a),
    b: sum(({ b }) => b),
    volume: sum(({ volume }) => volume),
    mix: sum(({ mix }) => mix),
    weight: sum(({ weight }) => weight),
    price: sum(({ price }) => price),
    joint: sum(({ joint }) => joint),
    linesA: count(({ linesA }) => linesA),
    unpricedA: count(({ unpricedA }) => unpricedA),
    linesB: count(({ linesB }) => linesB),
    unpricedB: count(({ unpricedB }) => unpricedB),
  };
}
