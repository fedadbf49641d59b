import {
  addDecimal,
  type Caller,
  formatDecimal,
  isZero,
  parseDecimal,
  Refusal,
  subtractDecimal,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import { actualView, type PricingPlan, type UsedPricing, withPricings } from '../showback/index.ts';
import { compare, type LineHead, remark, tell } from './check-line.ts';
import type { RetainedCost } from './check-run.ts';
import type { CheckLine, CloseStep } from './contract.ts';
import {
  type PricedSums,
  poolSums,
  pricedSums,
  summaryDifferences,
  summarySums,
  unitSums,
} from './costs-sql.ts';
import type { CloseMonth, CloseWorld } from './month-state.ts';

/** What the costs of applications are held against: what the published run left with each entity. */
export interface CostsAsked {
  readonly graph: string;
  readonly retained: readonly RetainedCost[] | undefined;
  /** Why no run could be read under `actual`, where that is not plain. */
  readonly unpublished: boolean;
}

/** Pricings of a month that are looked at, with Σ of their rows. */
interface Priced {
  readonly pricing: UsedPricing;
  readonly sums: PricedSums;
}

interface PricedMonth {
  readonly month: CloseMonth;
  /** Under the view that holds, and under `actual`. */
  readonly booked: readonly Priced[];
  readonly actual: readonly Priced[];
}

/**
 * Lines about the costs of applications: `actual` against what the run left, costs of the view that holds against its pools, prices
 * and header, charged against actual, and every sum against its rows. Pricings that are missing are made first; what cannot be
 * priced is a line that says so.
 */
export async function costLines(
  world: CloseWorld,
  caller: Caller,
  month: CloseMonth,
  asked: CostsAsked,
): Promise<CheckLine[]> {
  const periods = [month.period];
  const booked = { periods, view: null, mode: 'booked' } as const;
  const actual = { periods, view: actualView, mode: 'booked' } as const;
  try {
    return await withPricings(world, caller, [booked, actual], (tx, [first, second]) =>
      linesOf(tx, month, asked, { booked: first, actual: second }),
    );
  } catch (error) {
    if (!(error instanceof Refusal) || !/^(showback|price)\./.test(error.code)) throw error;
    const lines = await withPricings(world, caller, [actual], (tx, [only]) =>
      linesOf(tx, month, asked, { booked: undefined, actual: only }),
    );
    const head = headOf('priced', 'applications + unallocated = priced', month, {});
    return [...lines, remark(head, 'missing', { left: 'applications', right: 'view', note: error.message })];
  }
}

async function linesOf(
  tx: Tx,
  month: CloseMonth,
  asked: CostsAsked,
  plans: { readonly booked: PricingPlan | undefined; readonly actual: PricingPlan | undefined },
): Promise<CheckLine[]> {
  const ids = new Set(month.entities.map(({ entity }) => entity));
  const isHere = ({ entity }: { readonly entity: string | null }) =>
    entity === null ? !month.isNarrowed : !month.isNarrowed || ids.has(entity);
  const of = async (plan: PricingPlan | undefined): Promise<Priced[]> => {
    const used = (plan?.used ?? []).filter(isHere);
    const sums = await pricedSums(
      tx,
      used.map(({ id }) => id),
    );
    return used.flatMap((pricing) => {
      const own = sums.find((one) => one.pricing === pricing.id);
      return own ? [{ pricing, sums: own }] : [];
    });
  };
  const whole = await of(plans.booked);
  const priced: PricedMonth = {
    month,
    booked: whole.filter(({ pricing }) => pricing.version > 0),
    actual: await of(plans.actual),
  };
  const retained = asked.retained?.filter(isHere);
  const gaps = (plans.booked?.gaps ?? []).filter((gap) => gap.reason === 'no_view' && isHere(gap));
  return [
    ...actualLines(priced, { ...asked, retained }),
    ...(await pricedLines(tx, priced)),
    ...gaps.map(({ entity }) => gapLine(month, entity)),
    ...recoveredLines(priced),
    ...(await summaryLines(tx, priced)),
  ];
}

function headOf(
  step: CloseStep,
  what: string,
  { period }: CloseMonth,
  { entity, view }: { readonly entity?: string | null; readonly view?: string },
): LineHead {
  const named = view === undefined ? '' : ` --view ${view}`;
  return {
    step,
    what,
    subject: { entity: entity === null ? 'of no entity' : entity, view },
    command: `finops apps cost --month ${period}${named}`,
    link: entity
      ? `/api/v1/price-calendar/month?entity=${encodeURIComponent(entity)}&month=${period}`
      : `/api/v1/price-calendar?month=${period}`,
  };
}

function ofPricing(step: CloseStep, what: string, month: CloseMonth, { entity, view, version }: UsedPricing) {
  const name = version > 0 ? `${view}@${version}` : view;
  const head = headOf(step, what, month, { entity, view: name });
  return version > 0
    ? { ...head, link: `/api/v1/price-views/${encodeURIComponent(view)}/versions/${version}/lines` }
    : head;
}

/** Per entity and currency: what `actual` has of the run, and what the run left. */
function actualLines(
  { month, actual }: PricedMonth,
  { retained, graph, unpublished }: CostsAsked,
): CheckLine[] {
  const head = headOf('actual', 'actual = total of the run', month, { view: actualView });
  if (graph !== 'main' || unpublished || retained === undefined) {
    const note =
      graph !== 'main'
        ? `The view '${actualView}' is of the graph main.`
        : unpublished
          ? 'It is made when the run is published.'
          : 'No run is published for the month.';
    return [remark(head, 'missing', { left: 'applications', right: 'run', note })];
  }
  const places = new Map<string, { readonly entity: string | null; readonly currency: string }>();
  for (const { entity, currency } of [...retained, ...actual.map(({ pricing }) => pricing)])
    places.set(`${currency} ${entity ?? ''}`, { entity, currency });
  return [...places.values()].map(({ entity, currency }) => {
    const isThis = (one: { readonly entity: string | null; readonly currency: string }) =>
      one.entity === entity && one.currency === currency;
    const left = sumDecimals(
      actual
        .filter(({ pricing }) => isThis(pricing))
        .flatMap(({ sums }) => [parseDecimal(sums.applications), parseDecimal(sums.unallocated)]),
    );
    const right = sumDecimals(retained.filter(isThis).map(({ amount }) => parseDecimal(amount)));
    return compare(
      {
        ...headOf('actual', head.what, month, { entity, view: actualView }),
        link: `/api/v1/allocation/runs?graph=${graph}&month=${month.period}`,
      },
      {
        left: ['applications + unallocated', formatDecimal(left)],
        right: [entity === null ? 'run, of no entity' : 'run', formatDecimal(right)],
        currency,
      },
      { broken: 'Costs that are kept are not those of the published run.' },
    );
  });
}

async function pricedLines(tx: Tx, { month, booked }: PricedMonth): Promise<CheckLine[]> {
  const lines: CheckLine[] = [];
  for (const { pricing, sums } of booked) {
    const head = (what: string) => ofPricing('priced', what, month, pricing);
    const { currency } = pricing;
    const parts = addDecimal(parseDecimal(sums.applications), parseDecimal(sums.unallocated));
    lines.push(
      compare(
        head('applications + unallocated = priced'),
        {
          left: ['applications + unallocated', formatDecimal(parts)],
          right: ['priced', sums.cost],
          currency,
        },
        { broken: 'Cost rows were changed behind the price view.' },
      ),
    );
    const units = await unitSums(tx, pricing);
    lines.push(
      compare(
        head('quantity × unit price = cost'),
        { left: ['quantity × price', units.computed], right: ['cost', units.kept], currency },
        { broken: 'Costs are not those of the facts and prices that are kept.' },
      ),
      ...poolLines(await poolSums(tx, pricing.id), head, currency),
      tell(
        { ...head('quantities with a price'), link: coverageLink(month, pricing) },
        {
          left: ['priced', String(sums.lines - sums.unpriced)],
          right: ['all', String(sums.lines)],
          unit: 'cells',
        },
        sums.unpriced === 0
          ? 'Every quantity has a price.'
          : `${sums.unpriced} have none, and cost nobody anything.`,
      ),
    );
  }
  return lines;
}

function coverageLink({ period }: CloseMonth, { view, version }: UsedPricing): string {
  return `/api/v1/price-views/${encodeURIComponent(view)}/versions/${version}/coverage?month=${period}`;
}

/** All pools in one line while they tie; each that does not in a line of its own. */
function poolLines(
  pools: Awaited<ReturnType<typeof poolSums>>,
  head: (what: string) => LineHead,
  currency: string,
): CheckLine[] {
  if (pools.length === 0) return [];
  const lineOf = (left: string, right: string, what: string, subject: Record<string, string>) => {
    const own = head(what);
    return compare(
      { ...own, subject: { ...own.subject, ...subject } },
      { left: ['costs of the pool', left], right: ['its amount', right], currency },
      { ties: `${pools.length} pool(s).`, broken: 'What a pool costs applications is not its amount.' },
    );
  };
  const broken = pools.filter(
    ({ amount, spread }) => !isZero(subtractDecimal(parseDecimal(amount), parseDecimal(spread))),
  );
  if (broken.length > 0)
    return broken.map(({ product, amount, spread }) =>
      lineOf(spread, amount, 'pool = its amount', { product }),
    );
  const total = (of: (pool: (typeof pools)[number]) => string) =>
    formatDecimal(sumDecimals(pools.map((pool) => parseDecimal(of(pool)))));
  return [
    lineOf(
      total(({ spread }) => spread),
      total(({ amount }) => amount),
      'pools = their amounts',
      {},
    ),
  ];
}

function gapLine(month: CloseMonth, entity: string | null): CheckLine {
  const head = {
    ...headOf('priced', 'applications + unallocated = priced', month, { entity }),
    command: `finops price calendar set`,
  };
  const note = 'No price view holds for the consumption of the month: say which before it is closed.';
  return remark(head, 'missing', { left: 'applications', right: 'view', note });
}

/** Charged under the view that holds and allocated, where an entity has both in one currency. */
function recoveredLines({ month, booked, actual }: PricedMonth): CheckLine[] {
  return booked.flatMap(({ pricing, sums }) => {
    const same = actual.find(
      (one) => one.pricing.entity === pricing.entity && one.pricing.currency === pricing.currency,
    );
    if (!same) return [];
    const { entity, currency } = pricing;
    return [
      tell(
        {
          ...headOf('recovered', 'charged − actual', month, { entity }),
          command: `finops apps bridge --month ${month.period} --currency ${currency}`,
        },
        { left: ['charged', sums.cost], right: ['actual', same.sums.cost], currency },
        'More than 0 is charged too much, less too little.',
      ),
    ];
  });
}

async function summaryLines(tx: Tx, { month, booked, actual }: PricedMonth): Promise<CheckLine[]> {
  const lines: CheckLine[] = [];
  for (const { pricing } of [...booked, ...actual]) {
    const head = (what: string) => ofPricing('summaries', what, month, pricing);
    const { currency } = pricing;
    const notes = { broken: 'Kept sums are not those of their rows: price the month again.' };
    const differences = await summaryDifferences(tx, pricing.id);
    for (const { of, kept, rows } of differences) {
      const own = head('sum = its rows');
      const line = compare(
        { ...own, subject: { ...own.subject, sum: of } },
        { left: ['sum', kept], right: ['rows', rows], currency },
        notes,
      );
      lines.push({ ...line, state: 'broken', note: notes.broken });
    }
    if (differences.length > 0) continue;
    const sums = await summarySums(tx, pricing.id);
    lines.push(
      compare(
        head('sums by application and product = rows'),
        { left: ['sums', sums.sums], right: ['rows', sums.rows], currency },
        notes,
      ),
    );
  }
  return lines;
}
