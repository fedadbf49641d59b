import type { Tx } from '../../platform/records/index.ts';
import { errors } from './errors.ts';
import {
  type FoundPricing,
  type FrozenPricing,
  findFrozenPricings,
  findLivePricings,
  readPricingInputs,
} from './find-pricings-sql.ts';
import { findTaken, type TakenCosts } from './freeze-sql.ts';
import type { PricingKey } from './pricing-sql.ts';
import { findVersion, findView, readCalendar, type ViewVersion } from './view-versions-sql.ts';

/** The view that is there without anybody making it: what the graph `main` allocated. */
export const actualView = 'actual';
const actualGraph = 'main';

/**
 * How months are priced. `booked`: closed months as they were closed, open ones under the view that holds. `priced`: every month
 * anew. `constant`: every month at the prices of one.
 */
export type PricingMode = 'booked' | 'priced' | 'constant';

/** Which costs are asked for. */
export interface PricingAsk {
  /** Months, each once. */
  readonly periods: readonly string[];
  /** `view`, `view@version`, `actual`; null: what the calendar says. */
  readonly view: string | null;
  readonly mode: PricingMode;
  /** Under `constant`: the month whose prices are taken. */
  readonly pricesOf?: string | undefined;
  /** The view under whose direct costs derived weights are made anew. */
  readonly weights?: string | null | undefined;
}

/** A pricing that answers, and how it came about. */
export interface UsedPricing extends FoundPricing {
  readonly source: 'frozen' | 'priced' | 'actual';
}

/** A pricing that is not there, or no longer true. */
export interface MissingPricing {
  readonly key: PricingKey;
  readonly version: ViewVersion;
  readonly hash: string;
}

/** A month of a graph whose run is not kept as costs yet, or was another. */
export interface MissingActual {
  readonly view: string;
  readonly graph: string;
  readonly period: string;
  readonly snapshot: string;
}

/** What answers, what has to be computed first, and what has no cost at all. */
export interface PricingPlan {
  readonly used: readonly UsedPricing[];
  readonly missing: readonly MissingPricing[];
  readonly missingActuals: readonly MissingActual[];
  /** Consumption that no view holds for, and months of the actual view without a published run. */
  readonly gaps: readonly {
    readonly entity: string | null;
    readonly period: string;
    readonly reason: 'no_view' | 'no_run';
  }[];
}

/** Published runs by graph and month: `main 2026-10` → snapshot. */
export type PublishedRuns = ReadonlyMap<string, string>;

/**
 * Finds the pricings that answer a question. Refuses with `showback.unknownView`, `showback.nothingPublished`.
 */
export async function planPricings(tx: Tx, ask: PricingAsk, runs: PublishedRuns): Promise<PricingPlan> {
  const named = ask.view === null ? null : await readAskedView(tx, ask.view);
  const frozen = ask.mode === 'booked' ? await findFrozenPricings(tx, ask.periods) : [];
  if (named !== null) return planView(tx, ask, { ...named, runs, frozen });
  return planCalendar(tx, ask, { runs, frozen });
}

type AskedView =
  | { readonly kind: 'actual'; readonly view: string; readonly graph: string }
  | { readonly kind: 'priced'; readonly version: ViewVersion };

async function readAskedView(tx: Tx, text: string): Promise<AskedView> {
  const [, view = text, number] = /^(.+)@(\d{1,9})$/.exec(text) ?? [];
  const found = await findView(tx, view);
  if (!found && view === actualView) return { kind: 'actual', view, graph: actualGraph };
  if (!found) throw errors.unknownView({ view });
  if (found.kind === 'actual') return { kind: 'actual', view, graph: found.graph ?? actualGraph };
  const version = await findVersion(tx, view, number === undefined ? undefined : Number(number));
  if (!version)
    throw errors.nothingPublished({
      view,
      version: number === undefined ? 'published version' : `version ${number}`,
    });
  return { kind: 'priced', version };
}

interface Known {
  readonly runs: PublishedRuns;
  readonly frozen: readonly FrozenPricing[];
}

async function planView(tx: Tx, ask: PricingAsk, asked: AskedView & Known): Promise<PricingPlan> {
  if (asked.kind === 'actual') return planActual(tx, ask.periods, asked, asked);
  const { version, frozen } = asked;
  const kept = frozen.filter(({ view }) => view === version.view);
  const closed = new Set(kept.map(placeOf));
  const plan = await planVersion(tx, ask, version, () => true);
  return {
    ...plan,
    used: [...kept.map(asFrozen), ...plan.used.filter((one) => !closed.has(placeOf(one)))],
    missing: plan.missing.filter(({ key }) => !closed.has(placeOf(key))),
  };
}

/** Every entity and month under the view that holds for it; under constant prices, under the one that held in the prices' month. */
async function planCalendar(tx: Tx, ask: PricingAsk, { runs, frozen }: Known): Promise<PricingPlan> {
  const kept = ask.mode === 'booked' ? frozen.filter(({ isBooked }) => isBooked) : [];
  const closed = new Set(kept.map(placeOf));
  const viewOf = await readBookedViews(tx, ask);
  const plans: PricingPlan[] = [];
  for (const view of new Set(viewOf.values())) {
    const here = (at: Place) => viewOf.get(keyOf(at)) === view && !closed.has(placeOf(at));
    const asked = await readAskedView(tx, view);
    const plan =
      asked.kind === 'actual'
        ? await planActual(tx, ask.periods, asked, { runs, frozen })
        : await planVersion(tx, ask, asked.version, here);
    plans.push({
      ...plan,
      used: plan.used.filter(here),
      missing: plan.missing.filter(({ key }) => here(key)),
    });
  }
  const inputs = await readPricingInputs(tx, ask.periods, { entities: [], priceMonths: [] });
  const gaps = inputs
    .filter((one) => !viewOf.has(keyOf(one)) && !closed.has(placeOf(one)))
    .map(({ entity, period }) => ({ entity, period, reason: 'no_view' as const }));
  return {
    used: [...kept.map(asFrozen), ...plans.flatMap(({ used }) => used)],
    missing: plans.flatMap(({ missing }) => missing),
    missingActuals: plans.flatMap(({ missingActuals }) => missingActuals),
    gaps: [...gaps, ...plans.flatMap((plan) => plan.gaps)],
  };

  function keyOf({ entity, period }: Place): string {
    return placeOf({ entity, period: ask.mode === 'constant' ? (ask.pricesOf ?? period) : period });
  }
}

interface Place {
  readonly entity: string | null;
  readonly period: string;
}

/**
 * The view of each entity and month: of the prices' month alone under constant prices, and there the version that it was closed
 * with.
 */
async function readBookedViews(tx: Tx, ask: PricingAsk): Promise<ReadonlyMap<string, string>> {
  const isConstant = ask.mode === 'constant' && ask.pricesOf !== undefined;
  const periods = isConstant ? [ask.pricesOf ?? ''] : ask.periods;
  const calendar = await readCalendar(tx, periods);
  const views = new Map(calendar.map((one) => [placeOf(one), one.view]));
  if (!isConstant) return views;
  for (const one of await findFrozenPricings(tx, periods))
    if (one.isBooked && one.version > 0) views.set(placeOf(one), `${one.view}@${one.version}`);
  return views;
}

async function planVersion(
  tx: Tx,
  ask: PricingAsk,
  version: ViewVersion,
  wanted: (at: { readonly entity: string; readonly period: string }) => boolean,
): Promise<PricingPlan> {
  const priceMonths = ask.mode === 'constant' && ask.pricesOf !== undefined ? [ask.pricesOf] : ask.periods;
  const inputs = await readPricingInputs(tx, ask.periods, { entities: version.poolEntities, priceMonths });
  const live = await findLivePricings(tx, version.view, ask.periods);
  const basis = ask.weights ? await planWeights(tx, ask, ask.weights, wanted) : undefined;
  const used: UsedPricing[] = [];
  const missing: MissingPricing[] = [...(basis?.missing ?? [])];
  for (const { entity, period, hash: facts } of inputs) {
    if ((version.entity !== null && version.entity !== entity) || !wanted({ entity, period })) continue;
    const pricePeriod = ask.mode === 'constant' ? (ask.pricesOf ?? period) : period;
    const weights = basis?.name ?? null;
    const key = { entity, period, view: version.view, version: version.version, pricePeriod, weights };
    const hash = [facts, version.contentHash, version.rateType, ...(basis ? [basis.contentHash] : [])].join(
      ' ',
    );
    const found = live.find((one) => sameKey(one, key) && one.hash === hash);
    if (found) used.push({ ...found, source: 'priced' });
    else missing.push({ key, version, hash });
  }
  return { used, missing, missingActuals: [], gaps: [] };
}

/** The direct costs that weights are made from: those of another view, or of the same. */
async function planWeights(
  tx: Tx,
  ask: PricingAsk,
  view: string,
  wanted: (at: { readonly entity: string; readonly period: string }) => boolean,
): Promise<{
  readonly name: string;
  readonly contentHash: string;
  readonly missing: readonly MissingPricing[];
}> {
  const asked = await readAskedView(tx, view);
  if (asked.kind === 'actual') throw errors.noWeights({ view });
  const { version } = asked;
  const { missing } = await planVersion(tx, { periods: ask.periods, view, mode: 'priced' }, version, wanted);
  return { name: `${version.view}@${version.version}`, contentHash: version.contentHash, missing };
}

function sameKey(found: FoundPricing, key: PricingKey): boolean {
  return (
    found.entity === key.entity &&
    found.period === key.period &&
    found.version === key.version &&
    found.pricePeriod === key.pricePeriod &&
    found.weights === key.weights
  );
}

async function planActual(
  tx: Tx,
  periods: readonly string[],
  { view, graph }: { readonly view: string; readonly graph: string },
  { runs, frozen }: Known,
): Promise<PricingPlan> {
  const kept = frozen.filter((one) => one.view === view);
  const closed = new Set(kept.map(placeOf));
  const live = await findLivePricings(tx, view, periods);
  const taken = await findTaken(tx, view, periods);
  const snapshots = periods.map((period) => ({ period, snapshot: runs.get(`${graph} ${period}`) }));
  const missingActuals: MissingActual[] = [];
  const used: UsedPricing[] = kept.map(asFrozen);
  for (const { period, snapshot } of snapshots) {
    if (snapshot === undefined) continue;
    const found = live.filter((one) => one.period === period && one.hash === snapshot);
    // A freeze that has ended keeps what it took: the run's costs of that entity are made anew.
    const isGone = (one: TakenCosts) =>
      one.period === period &&
      one.hash === snapshot &&
      !closed.has(placeOf(one)) &&
      !found.some(({ entity }) => entity === one.entity);
    if (found.length === 0 || taken.some(isGone)) missingActuals.push({ view, graph, period, snapshot });
    used.push(
      ...found
        .filter((one) => !closed.has(placeOf(one)))
        .map((one) => ({ ...one, source: 'actual' as const })),
    );
  }
  const gaps = snapshots.flatMap(({ period, snapshot }) =>
    snapshot === undefined ? [{ entity: null, period, reason: 'no_run' as const }] : [],
  );
  return { used, missing: [], missingActuals, gaps };
}

function asFrozen(pricing: FoundPricing): UsedPricing {
  return { ...pricing, source: 'frozen' };
}

function placeOf({ entity, period }: Place): string {
  return `${entity ?? ''} ${period}`;
}
