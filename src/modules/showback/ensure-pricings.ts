import { type Clock, systemCaller } from '../../platform/kernel/index.ts';
import type { Records, Tx } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { allocationDataset, selectRun } from '../allocation/index.ts';
import { type ActualCost, actualCosts } from './actual-costs.ts';
import { readActualParts, readActualRest } from './actual-sql.ts';
import { findLivePricings, lockPricing } from './find-pricings-sql.ts';
import { requireRate } from './fx-rates.ts';
import type { MissingActual, MissingPricing, PublishedRuns } from './plan-pricings.ts';
import { readPriceLines } from './price-lines-sql.ts';
import { priceMonth } from './price-month.ts';
import { beginPricing, deletePricings, finishPricing, insertCosts } from './pricing-sql.ts';
import type { Rate } from './resolve-prices.ts';
import type { ViewVersion } from './view-versions-sql.ts';

/** What pricing is done with. */
export interface PricingWorld {
  readonly workspace: Workspace;
  readonly records: () => Promise<Records>;
}

/** Published runs of every graph and month, as the lake has them now. */
export async function readPublishedRuns({ lake }: Workspace): Promise<PublishedRuns> {
  const { partitions } = await lake.current();
  return new Map(
    partitions.flatMap(({ dataset, source, period, current }) =>
      dataset === allocationDataset.name && current
        ? [[`${source.replace(/^graph~/, '')} ${period}`, current.id] as const]
        : [],
    ),
  );
}

/**
 * Computes pricings that are missing or stale, each in a transaction of its own; whoever asks for the same waits and finds it done.
 * Costs that follow from facts and prices belong to nobody's request, so that this acts for the system. Refuses with
 * `price.noRate`.
 */
export async function ensurePricings(world: PricingWorld, missing: readonly MissingPricing[]): Promise<void> {
  const records = await world.records();
  for (const one of missing)
    await records.write(systemCaller, (tx) => ensurePricing(tx, world.workspace.clock, one));
}

/** One pricing, in the caller's transaction; its id. */
export async function ensurePricing(
  tx: Tx,
  clock: Clock,
  { key, version, hash }: MissingPricing,
): Promise<string> {
  await lockPricing(tx, key);
  const live = await findLivePricings(tx, key.view, [key.period]);
  const same = live.filter(
    (one) =>
      one.entity === key.entity &&
      one.version === key.version &&
      one.pricePeriod === key.pricePeriod &&
      one.weights === key.weights,
  );
  const current = same.find((one) => one.hash === hash);
  if (current) return current.id;
  await deletePricings(
    tx,
    same.map(({ id }) => id),
  );
  const lines = await readPriceLines(tx, { view: key.view, version: key.version });
  const appliedAt = clock.now().toISOString();
  const rateOf = ratesFor(tx, version, key.pricePeriod);
  return priceMonth(tx, key, { ...version, lines }, { hash, appliedAt, rateOf });
}

/** The rates of a month into a view's currency. Refuses a gap with `price.noRate`. */
export function ratesFor(
  tx: Tx,
  { currency: quote, rateType: type }: ViewVersion,
  period: string,
): (base: string) => Promise<Rate> {
  return async (base) => ({ ...(await requireRate(tx, { period, base, quote, type })), type });
}

/** Keeps the costs of published runs that are not kept yet, in place of those of earlier runs. */
export async function ensureActuals(world: PricingWorld, missing: readonly MissingActual[]): Promise<void> {
  for (const one of missing) await ensureActual(world, one);
}

async function ensureActual({ workspace, records }: PricingWorld, one: MissingActual): Promise<void> {
  const { view, graph, period, snapshot } = one;
  const { scope } = systemCaller;
  const rows = await selectRun(workspace, scope, { graph, month: period, snapshot });
  const engine = await workspace.engine();
  const parts = await readActualParts(engine, rows);
  const rest = await readActualRest(engine, rows.allocation);
  const groups = byEntityAndCurrency(actualCosts(parts, rest));
  const appliedAt = workspace.clock.now().toISOString();
  await (await records()).write(systemCaller, async (tx) => {
    const key = { entity: '', period, view, version: 0, pricePeriod: period, weights: null };
    await lockPricing(tx, key);
    const live = (await findLivePricings(tx, view, [period])).filter(
      ({ freezeNumber }) => freezeNumber === null,
    );
    const isLive = ([{ entity, currency }]: Group) =>
      live.some((found) => found.hash === snapshot && found.entity === entity && found.currency === currency);
    if (groups.every(isLive)) return;
    await deletePricings(
      tx,
      live.map(({ id }) => id),
    );
    for (const costs of groups) {
      const [{ entity, currency }] = costs;
      const header = { ...key, entity, currency, run: runOf(snapshot), hash: snapshot, appliedAt };
      const pricing = await beginPricing(tx, header);
      const of = (value: (cost: ActualCost) => string) => costs.map(value);
      await insertCosts(tx, pricing, {
        entity,
        application: of(({ application }) => application),
        product: of(({ product }) => product),
        environment: of(() => 'n_a'),
        region: of(() => 'n_a'),
        kind: of(({ kind }) => kind),
        quantity: of(() => '0'),
        cost: of(({ cost }) => cost),
      });
      await finishPricing(tx, pricing);
    }
  });
}

/** The run that left a snapshot: its id begins the snapshot's. */
function runOf(snapshot: string): string {
  return snapshot.replace(/[.-].*$/, '');
}

type Group = readonly [ActualCost, ...ActualCost[]];

function byEntityAndCurrency(costs: readonly ActualCost[]): readonly Group[] {
  const groups = new Map<string, [ActualCost, ...ActualCost[]]>();
  for (const cost of costs) {
    const key = `${cost.entity ?? ''} ${cost.currency}`;
    const group = groups.get(key);
    if (group) group.push(cost);
    else groups.set(key, [cost]);
  }
  return [...groups.values()];
}
