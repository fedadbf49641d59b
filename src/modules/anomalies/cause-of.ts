import {
  absDecimal,
  compareDecimal,
  formatDecimal,
  isZero,
  parseDecimal,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import { divideDecimal } from './decimals.ts';

/** What a change is made of: effects by name, signed decimal texts in one currency that add up to the change. */
export type EffectParts<Name extends string = string> = Readonly<Record<Name, string>>;

/** The effect that a change is put down to. */
export interface Cause<Name extends string = string> {
  /** The largest of the effects that point where the whole does. */
  readonly cause: Name;
  /** Its amount, signed decimal text. */
  readonly amount: string;
  /** amount ÷ Σ effects with four decimals; above 1 where others work against it, null where the effects cancel out. */
  readonly share: string | null;
  /** Σ effects. */
  readonly change: string;
}

/**
 * The effect that made most of a change: `undefined` where all are 0. Of equal ones the first named is taken. Where the effects
 * cancel out, the largest to either side is.
 *
 * { cost: "80", driver: "-30", price: "10", newApplication: "0" }: cost, 80 of 60, a share of 1.3333.
 */
export function causeOf<Name extends string>(parts: EffectParts<Name>): Cause<Name> | undefined {
  const effects = (Object.keys(parts) as Name[]).map((name) => ({ name, amount: parseDecimal(parts[name]) }));
  const change = sumDecimals(effects.map(({ amount }) => amount));
  const candidates = effects.filter(
    ({ amount }) => !isZero(amount) && (isZero(change) || amount.units < 0n === change.units < 0n),
  );
  const [first, ...others] = candidates;
  if (!first) return undefined;
  const most = others.reduce(
    (best, one) => (compareDecimal(absDecimal(one.amount), absDecimal(best.amount)) > 0 ? one : best),
    first,
  );
  const share = divideDecimal(most.amount, change, 4);
  return {
    cause: most.name,
    amount: formatDecimal(most.amount),
    share: share ? formatDecimal(share) : null,
    change: formatDecimal(change),
  };
}
