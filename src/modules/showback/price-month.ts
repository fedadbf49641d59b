import { addDecimal, formatDecimal, isZero, must, parseDecimal, zero } from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import type { PriceLine, RateType } from './model.ts';
import { holdsIn, lineFinder } from './price-finder.ts';
import { tierCosts } from './price-tiers.ts';
import {
  beginPricing,
  findBasis,
  finishPricing,
  insertCosts,
  insertPoolCosts,
  insertPrices,
  insertUnallocated,
  insertUnitCosts,
  joinByHash,
  type PricingKey,
  readCells,
  readProducts,
  readTieredQuantities,
  type StoredCell,
  type StoredProduct,
  type TieredQuantity,
} from './pricing-sql.ts';
import { type Rate, type ResolvedPrice, resolvePrices } from './resolve-prices.ts';
import { unitFactor } from './units.ts';

/** A version of a view, as far as pricing needs it. */
export interface PricedVersion {
  readonly view: string;
  readonly version: number;
  /** Whose applications it prices; null: all. */
  readonly entity: string | null;
  readonly currency: string;
  readonly rateType: RateType;
  readonly lines: readonly PriceLine[];
}

/** What one pricing is made from, beside facts and lines. */
export interface PricingWork {
  readonly hash: string;
  readonly appliedAt: string;
  /** The rate from a line's currency to the view's in the month; refuses a gap. */
  readonly rateOf: (currency: string) => Promise<Rate>;
}

/**
 * Prices the consumption of an entity's month under a version: one price for every cell, the costs of every application, their
 * sums. Returns the pricing's id. Quantities without a price have the cost null; a pool that nobody has a weight for is the cost of
 * nobody. All of it in the caller's transaction.
 */
export async function priceMonth(
  tx: Tx,
  key: PricingKey,
  version: PricedVersion,
  work: PricingWork,
): Promise<string> {
  const basis = await findBasis(tx, key);
  const cells = await readCells(tx, key, basis);
  const catalogue = await readProducts(tx);
  const rateOf = await neededRates(cells, { key, version, work });
  const prices = pricesOf(cells, catalogue, { key, version, rateOf });
  const { hash, appliedAt } = work;
  const header = { ...key, currency: version.currency, run: null, hash, appliedAt };
  const pricing = await beginPricing(tx, header);
  await insertPrices(tx, pricing, key.entity, prices);
  await joinByHash(tx, async () => {
    await insertUnitCosts(tx, pricing, key, basis);
    if (prices.some(({ kind }) => kind === 'pool')) await insertPoolCosts(tx, pricing, key, basis);
    if (prices.some(({ kind }) => kind === 'tiers'))
      await addTieredCosts(tx, pricing, { key, basis, prices });
  });
  await insertUnallocated(tx, pricing, key.entity, idlePools(version, key, prices, rateOf));
  await finishPricing(tx, pricing);
  return pricing;
}

function pricesOf(
  cells: readonly StoredCell[],
  catalogue: readonly StoredProduct[],
  {
    key,
    version,
    rateOf,
  }: {
    readonly key: PricingKey;
    readonly version: PricedVersion;
    readonly rateOf: (currency: string) => Rate;
  },
): ResolvedPrice[] {
  const units = new Map(catalogue.map(({ product, unit }) => [product, unit]));
  const resolved = resolvePrices(
    version.lines,
    cells.map((cell) => ({ ...cell, entity: key.entity })),
    {
      month: key.pricePeriod,
      currency: version.currency,
      unitOf: (product) => units.get(product) ?? '',
      unitFactor,
      rateOf,
    },
  );
  return withWeights(resolved, cells);
}

/** Rates of the lines that the cells and pools of the month need, and of no others: a gap elsewhere in the view is no matter here. */
async function neededRates(
  cells: readonly StoredCell[],
  {
    key,
    version,
    work,
  }: { readonly key: PricingKey; readonly version: PricedVersion; readonly work: PricingWork },
): Promise<(currency: string) => Rate> {
  const find = lineFinder(version.lines, key.pricePeriod);
  const lines = [
    ...cells.flatMap((cell) => find({ ...cell, entity: key.entity }) ?? []),
    ...poolsOf(version, key),
  ];
  const rates = new Map<string, Rate>();
  for (const currency of new Set(lines.map((line) => line.currency)))
    if (currency !== version.currency) rates.set(currency, await work.rateOf(currency));
  return (currency) => must(rates.get(currency), `the rate of ${currency} was read`);
}

/** Pools of an entity's month. */
function poolsOf({ lines, entity }: PricedVersion, key: PricingKey): readonly PriceLine[] {
  return lines.filter(
    (line) =>
      line.kind === 'pool' && (line.entity ?? entity) === key.entity && holdsIn(line, key.pricePeriod),
  );
}

/** Pools get Σ weights of the cells that their line prices as the denominator. */
function withWeights(prices: readonly ResolvedPrice[], cells: readonly StoredCell[]): ResolvedPrice[] {
  const totals = new Map<number, ReturnType<typeof parseDecimal>>();
  prices.forEach(({ kind, line }, index) => {
    if (kind !== 'pool' || !line) return;
    const weight = parseDecimal(cells[index]?.quantity ?? '0');
    totals.set(line.number, addDecimal(totals.get(line.number) ?? zero, weight));
  });
  return prices.map((price) =>
    price.kind === 'pool' && price.line
      ? { ...price, denominator: formatDecimal(totals.get(price.line.number) ?? zero) }
      : price,
  );
}

async function addTieredCosts(
  tx: Tx,
  pricing: string,
  {
    key,
    basis,
    prices,
  }: { readonly key: PricingKey; readonly basis: string | null; readonly prices: readonly ResolvedPrice[] },
): Promise<void> {
  const ofCell = new Map(
    prices.flatMap((price) => (price.kind === 'tiers' ? [[cellKey(price.cell), price] as const] : [])),
  );
  const quantities = await readTieredQuantities(tx, pricing, key, basis);
  const costs = groupsOf(quantities).flatMap((group) => {
    const [first] = group;
    const price = first && ofCell.get(cellKey(first));
    if (!price?.line?.tiers) return [];
    const { mode } = price.line.tiers;
    return tierCosts(
      group.map(({ quantity }) => quantity),
      { mode, steps: price.steps },
    );
  });
  const of = (value: (one: TieredQuantity) => string) => quantities.map(value);
  await insertCosts(tx, pricing, {
    entity: key.entity,
    application: of(({ application }) => application),
    product: of(({ product }) => product),
    environment: of(({ environment }) => environment),
    region: of(({ region }) => region),
    kind: of(({ kind }) => kind),
    quantity: of(({ quantity }) => quantity),
    cost: costs,
  });
}

function cellKey({
  product,
  environment,
  region,
}: Pick<TieredQuantity, 'product' | 'environment' | 'region'>): string {
  return `${product} ${environment} ${region}`;
}

/**
 * Runs of the same line, application and product: rows come sorted by them. A line of a family prices each of its products by its
 * own quantity, because units of different products are never added.
 */
function groupsOf(quantities: readonly TieredQuantity[]): TieredQuantity[][] {
  const groups: TieredQuantity[][] = [];
  let before: TieredQuantity | undefined;
  for (const one of quantities) {
    const same =
      before?.line === one.line && before.application === one.application && before.product === one.product;
    if (same) groups.at(-1)?.push(one);
    else groups.push([one]);
    before = one;
  }
  return groups;
}

/** Pools of the entity's month whose weights sum to 0, or that nothing has a weight in. */
function idlePools(
  version: PricedVersion,
  key: PricingKey,
  prices: readonly ResolvedPrice[],
  rateOf: (currency: string) => Rate,
) {
  const spread = new Set(
    prices.flatMap(({ kind, line, denominator }) =>
      kind === 'pool' && line && !isZero(parseDecimal(denominator ?? '0')) ? [line.number] : [],
    ),
  );
  return poolsOf(version, key)
    .filter((line) => !spread.has(line.number))
    .map((line) => ({
      product: line.target,
      environment: line.environment ?? 'n_a',
      region: line.region ?? 'n_a',
      amount: inCurrency(
        line.amount ?? '0',
        line.currency === version.currency ? null : rateOf(line.currency),
      ),
    }));
}

function inCurrency(amount: string, rate: Rate | null): string {
  if (rate === null) return amount;
  const [a, b] = [parseDecimal(amount), parseDecimal(rate.rate)];
  return formatDecimal({ units: a.units * b.units, scale: a.scale + b.scale });
}
