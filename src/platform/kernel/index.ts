export { assert, Defect, must } from './assert.ts';
export { type Actor, type Caller, ownerCaller, systemCaller } from './caller.ts';
export { type Clock, fixedClock, systemClock } from './clock.ts';
export { currencies, currencyExponent, isCurrency, noCurrency } from './currency.ts';
export {
  absDecimal,
  addDecimal,
  compareDecimal,
  type Decimal,
  formatDecimal,
  formatFixed,
  isZero,
  negateDecimal,
  parseDecimal,
  roundHalfUp,
  subtractDecimal,
  sumDecimals,
  tryParseDecimal,
  zero,
} from './decimal.ts';
export {
  type ExitCode,
  errorCodes,
  errorTable,
  exitCodes,
  type Issue,
  Refusal,
  refusal,
  type Severity,
} from './error.ts';
export { newId, type Randomness } from './id.ts';
export { addMoney, formatMoney, type Money } from './money.ts';
export { mutable } from './mutable.ts';
export { nearestNames } from './nearest.ts';
export { isNestedDeeperThan } from './nesting.ts';
export {
  addMonths,
  type Interval,
  type Period,
  parsePeriod,
  periodInterval,
  periodOf,
  periodsBetween,
  tryParsePeriod,
} from './period.ts';
export {
  everything,
  intersectionOf,
  nothing,
  type Scope,
  type SomeScope,
  seesSource,
  unionOf,
} from './scope.ts';
