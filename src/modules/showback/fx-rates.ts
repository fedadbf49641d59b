import { assert, type Caller } from '../../platform/kernel/index.ts';
import { audit, type Tx } from '../../platform/records/index.ts';
import {
  deleteRate,
  type FxRate,
  type RateKey,
  readRate,
  readRatesAt,
  readRatesNear,
  upsertRates,
} from './fx-sql.ts';
import { priceErrors } from './price-errors.ts';

/** A rate as it stands on a line that was converted with it. */
export interface RateUsed {
  /** Decimal text: 1 base = rate quote. */
  readonly rate: string;
  readonly source: string;
  readonly asOf: string;
}

/**
 * The rate of a month between two different currencies as somebody put it in, or undefined. It is never the inverse of another, never
 * made of two others, and never one of another month or type.
 */
export async function rateFor(tx: Tx, key: RateKey): Promise<RateUsed | undefined> {
  assert(key.base !== key.quote, `a rate from ${key.base} to itself was asked for`);
  const found = await readRate(tx, key);
  return found && rateUsed(found);
}

/** As `rateFor`; a gap is refused (`price.noRate`), and what there is near it is told. */
export async function requireRate(tx: Tx, key: RateKey): Promise<RateUsed> {
  const found = await rateFor(tx, key);
  if (found) return found;
  const near = await readRatesNear(tx, key);
  const nearby = near.map(({ period, base, quote, type, rate }) => ({ period, base, quote, type, rate }));
  throw priceErrors.noRate({ ...key, nearby, advice: adviceFor(key, near) });
}

/** What there is, and why it was not taken. */
function adviceFor(key: RateKey, near: readonly FxRate[]): string {
  const { period, base, quote, type } = key;
  const inMonth = near.filter((rate) => rate.period === period);
  const others = inMonth.filter((rate) => rate.base === base && rate.quote === quote);
  const inverse = inMonth.find((rate) => rate.base === quote && rate.quote === base && rate.type === type);
  const legs = inMonth.flatMap((first) => {
    if (first.base !== base || first.quote === quote || first.type !== type) return [];
    const second = inMonth.find(
      (rate) => rate.base === first.quote && rate.quote === quote && rate.type === type,
    );
    return second ? [first.quote] : [];
  });
  const months = near.filter((rate) => rate.period !== period);
  const said = [
    others.length > 0 &&
      `There is a ${others.map((rate) => `${rate.type} rate (${rate.rate})`).join(' and a ')}`,
    inverse && `There is the inverse, from ${quote} to ${base} (${inverse.rate}), which is not turned round`,
    legs.length > 0 && `There are rates by way of ${legs.slice(0, 3).join(', ')}, which are not chained`,
    months.length > 0 &&
      `There is one of ${months.map((rate) => `${rate.period} (${rate.rate})`).join(' and one of ')}, which is of another month`,
  ].filter((sentence) => typeof sentence === 'string');
  const advice = `Put it in as it was published: finops price rates set ${period} ${base} ${quote} RATE --type ${type}.`;
  return [...said.map((sentence) => `${sentence}.`), advice].join(' ');
}

/** What putting rates in changes, or would change. */
export interface RatesChanged {
  readonly added: readonly FxRate[];
  readonly changed: readonly { readonly before: FxRate; readonly after: FxRate }[];
  readonly unchanged: number;
}

/**
 * Puts rates in, each in the place of the one of its month, pair and type; all or nothing, with an audit line for each that differs.
 * No two of `given` have month, pair and type in common. Refusal: `price.wholeScopeNeeded` for callers with limits.
 */
export async function putRates(
  tx: Tx,
  caller: Caller,
  given: readonly FxRate[],
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<RatesChanged> {
  refuseLimited(caller);
  const stored = new Map((await readRatesAt(tx, given)).map((rate) => [rateId(rate), rate]));
  const added = given.filter((rate) => !stored.has(rateId(rate)));
  const changed = given.flatMap((after) => {
    const before = stored.get(rateId(after));
    return before && !sameRate(before, after) ? [{ before, after }] : [];
  });
  const result = { added, changed, unchanged: given.length - added.length - changed.length };
  const touched = [...added, ...changed.map(({ after }) => after)];
  if (dryRun || touched.length === 0) return result;
  await upsertRates(tx, touched);
  const entries = [...added.map((after) => ({ before: null, after })), ...changed];
  await audit(
    tx,
    caller,
    ...entries.map(({ before, after }) => ({
      action: 'fx-rate.put',
      object: { type: 'fx-rate', id: rateId(after) },
      entity: null,
      before: before && rateUsed(before),
      after: rateUsed(after),
    })),
  );
  return result;
}

/** Takes a rate out. Refusals: `price.unknownRate`, `price.wholeScopeNeeded`. */
export async function removeRate(tx: Tx, caller: Caller, key: RateKey): Promise<FxRate> {
  refuseLimited(caller);
  const before = await readRate(tx, key);
  if (!before) throw priceErrors.unknownRate(key);
  await deleteRate(tx, key);
  await audit(tx, caller, {
    action: 'fx-rate.remove',
    object: { type: 'fx-rate', id: rateId(key) },
    entity: null,
    before: rateUsed(before),
    after: null,
  });
  return before;
}

function refuseLimited({ scope }: Caller): void {
  if (scope.kind !== 'all') throw priceErrors.wholeScopeNeeded({ what: 'The table of rates' });
}

/** A rate as the audit log and cursors name it: `2026-10/USD/EUR/average`. */
export function rateId({ period, base, quote, type }: RateKey): string {
  return `${period}/${base}/${quote}/${type}`;
}

function rateUsed({ rate, source, asOf }: FxRate): RateUsed {
  return { rate, source, asOf };
}

function sameRate(a: FxRate, b: FxRate): boolean {
  return a.rate === b.rate && a.source === b.source && a.asOf === b.asOf;
}
