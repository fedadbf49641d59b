import { commonDivisor, type MeantUnit, parseUnit } from './units-parse.ts';

/** An exact ratio: 1 of the one unit is numerator ÷ denominator of the other. Both above 0, in lowest terms. */
export interface UnitFactor {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const one: UnitFactor = { numerator: 1n, denominator: 1n };

/** Spellings come from files: what was read of them is kept for this many. */
const rememberedSpellings = 2000;
const remembered = new Map<string, MeantUnit | undefined>();

/**
 * How many `to` one `from` is, exactly, or undefined where they do not convert. Hours and months convert by the hours of the month
 * that the fact is of (UTC, without daylight saving); without a month they do not.
 *
 * `unitFactor('GiB', 'GB', …)` is 1073741824 ÷ 1000000000 in lowest terms, `unitFactor('vCPU-hour', 'vCPU-month', '2026-10')`
 * 1 ÷ 744, `unitFactor('GB', 'vCPU', …)` undefined. The same text is 1 whatever it says.
 */
export function unitFactor(from: string, to: string, month: string | undefined): UnitFactor | undefined {
  if (from.trim() === to.trim()) return one;
  const [source, target] = [meaningOf(from), meaningOf(to)];
  if (!source || !target || !sameKind(source, target)) return undefined;
  const monthsBack = target.months - source.months;
  if (monthsBack !== 0 && month === undefined) return undefined;
  let numerator = source.numerator * target.denominator;
  let denominator = source.denominator * target.numerator;
  // A month of the target stands for its seconds: fewer months there, more of them here.
  const length = month === undefined ? 1n : secondsIn(month) ** BigInt(Math.abs(monthsBack));
  if (monthsBack > 0) denominator *= length;
  else numerator *= length;
  const shared = commonDivisor(numerator, denominator);
  return { numerator: numerator / shared, denominator: denominator / shared };
}

/** True where a quantity in `from` can be told in `to` once its month is known: `hour` and `month` can, `GB` and `host` cannot. */
export function convertibleUnits(from: string, to: string): boolean {
  return unitFactor(from, to, '2026-01') !== undefined;
}

/** True for a text that names a unit: `GB-month`, `hosts`; not `10K`, `GB-` or nothing. */
export function isUnit(text: string): boolean {
  return meaningOf(text) !== undefined;
}

/**
 * Why a quantity in `from` cannot be told in `to`, as a sentence that says what to write, for errors: "'gb' is a count of gb; GB are
 * bytes and Gb bits. 'GB' measures data." Undefined where they convert.
 */
export function explainUnits(from: string, to: string): string | undefined {
  if (convertibleUnits(from, to)) return undefined;
  const parts = [describe(from), describe(to)];
  const [source, target] = [meaningOf(from), meaningOf(to)];
  const rate = isRate(source) ? from : isRate(target) ? to : undefined;
  if (rate !== undefined && source && target)
    parts.push(`'${rate}' is a rate and no quantity; where it means a product, write '-' for '/'`);
  return `${parts.join('; ')}; they do not convert`;
}

function isRate(unit: MeantUnit | undefined): boolean {
  return unit !== undefined && unit.time + unit.months < 0;
}

function describe(text: string): string {
  const unit = meaningOf(text);
  if (!unit) return `'${text}' names no unit`;
  const parts = [
    ...(unit.data === 0 ? [] : [`data${power(unit.data)}`]),
    ...(unit.time + unit.months === 0 ? [] : [`time${power(unit.time + unit.months)}`]),
    ...[...unit.counts].map(([name, times]) => `'${name}'${power(times)}`),
  ];
  const meant = /\b([kmgtpe]i?)bs?\b/i.exec(text)?.[1];
  const misspelt =
    meant !== undefined && unit.data === 0
      ? ` (bytes are written ${spelt(meant)}B, bits ${spelt(meant)}b)`
      : '';
  return `'${text}' counts ${parts.join(' × ') || 'nothing'}${misspelt}`;
}

function spelt(prefix: string): string {
  const [first = '', second = ''] = prefix;
  const binary = second.toLowerCase();
  return first.toLowerCase() === 'k' && binary === '' ? 'k' : `${first.toUpperCase()}${binary}`;
}

function power(times: number): string {
  return times === 1 ? '' : ` to the power of ${times}`;
}

function sameKind(a: MeantUnit, b: MeantUnit): boolean {
  return (
    a.data === b.data &&
    a.time + a.months === b.time + b.months &&
    a.counts.size === b.counts.size &&
    [...a.counts].every(([name, times]) => b.counts.get(name) === times)
  );
}

function meaningOf(text: string): MeantUnit | undefined {
  const spelling = text.trim();
  if (remembered.has(spelling)) return remembered.get(spelling);
  const meaning = parseUnit(spelling);
  if (remembered.size >= rememberedSpellings) remembered.clear();
  remembered.set(spelling, meaning);
  return meaning;
}

function secondsIn(month: string): bigint {
  const [year, number] = [Number(month.slice(0, 4)), Number(month.slice(5, 7))];
  return BigInt(new Date(Date.UTC(year, number, 0)).getUTCDate()) * 86_400n;
}
