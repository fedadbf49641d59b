import { assert, formatDecimal, parseDecimal } from '../../platform/kernel/index.ts';
import type { Row } from '../../platform/warehouse/index.ts';
import { type SlotParts, slotCode, slotCodes } from './explain-sql.ts';

/** Amounts are counted in units of 10⁻¹², as bills have them. */
export const unitScale = 12;

/** A lane of the explained node: what is allocated by itself. */
export interface ExplainedLane {
  readonly dimension: string;
  readonly currency: string;
  readonly side: 'charge' | 'credit';
}

const figureNames = ['direct', 'inflow', 'outflow', 'retained'] as const;
type FigureName = (typeof figureNames)[number];

/** The explained node's own figures: exact per lane, and by slot (a day of a lane) for following them. */
export interface NodeSlots {
  readonly parts: SlotParts;
  /** Slot of a code; −1 where the node has nothing. */
  readonly slotOf: Int32Array;
  readonly count: number;
  readonly laneOf: Int32Array;
  readonly lanes: readonly ExplainedLane[];
  readonly currencies: readonly string[];
  /** Index into `currencies`, by slot. */
  readonly moneyOf: Uint8Array;
  /** Units per lane, without the sign. */
  readonly units: Readonly<Record<FigureName, readonly bigint[]>>;
  /** Amounts per slot, without the sign. */
  readonly amounts: Readonly<Record<FigureName, Float64Array>>;
  /** The day on which most came in, and on which most went out: a day to look for neighbours first. */
  readonly dayOf: { readonly inflow: string | undefined; readonly outflow: string | undefined };
}

/** The slot of a code that SQL gave; −1 where the node has nothing. */
export function slotAt({ slotOf }: NodeSlots, code: number): number {
  return code < 0 || code >= slotOf.length ? -1 : (slotOf[code] as number);
}

/** Units of a decimal text without its sign: `-1.5` is 1,500,000,000,000. */
export function unitsOf(text: string): bigint {
  const { units, scale } = parseDecimal(text);
  const size = units < 0n ? -units : units;
  assert(scale <= unitScale, `${text} has more than ${unitScale} decimals`);
  return size * 10n ** BigInt(unitScale - scale);
}

/** Units as decimal text; `-` for credits. */
export function amountOf(units: bigint): string {
  return formatDecimal({ units, scale: unitScale });
}

/** Numbers what a node has: its rows are of one day, dimension, currency and side each, and of the origin given. */
export function slotsOf(rows: readonly Row[], origin: string): NodeSlots {
  const text = (row: Row, name: string) => String(row[name] ?? '');
  const distinct = (name: string) => [...new Set(rows.map((row) => text(row, name)))].sort();
  const days = distinct('day');
  const parts: SlotParts = {
    firstDay: days[0] ?? '',
    days: daysBetween(days[0] ?? '', days.at(-1) ?? '') + 1,
    origin,
    dimensions: distinct('dimension'),
    currencies: distinct('currency'),
  };
  const slotOf = new Int32Array(slotCodes(parts)).fill(-1);
  const laneOf = new Int32Array(rows.length);
  const moneyOf = new Uint8Array(rows.length);
  const lanes: ExplainedLane[] = [];
  const numberOf = new Map<string, number>();
  const units = { direct: [], inflow: [], outflow: [], retained: [] } as Record<FigureName, bigint[]>;
  const amounts = {
    direct: new Float64Array(rows.length),
    inflow: new Float64Array(rows.length),
    outflow: new Float64Array(rows.length),
    retained: new Float64Array(rows.length),
  };
  for (const [slot, row] of rows.entries()) {
    const lane: ExplainedLane = {
      dimension: text(row, 'dimension'),
      currency: text(row, 'currency'),
      side: row['side'] === 'credit' ? 'credit' : 'charge',
    };
    const { currency, dimension, side } = lane;
    slotOf[slotCode(parts, { day: text(row, 'day'), dimension, currency, side })] = slot;
    const key = JSON.stringify(lane);
    const number = numberOf.get(key) ?? lanes.push(lane) - 1;
    numberOf.set(key, number);
    laneOf[slot] = number;
    moneyOf[slot] = parts.currencies.indexOf(currency);
    for (const name of figureNames) {
      const here = unitsOf(text(row, name));
      units[name][number] = (units[name][number] ?? 0n) + here;
      amounts[name][slot] = Number(here) / 10 ** unitScale;
    }
  }
  return {
    parts,
    slotOf,
    count: rows.length,
    laneOf,
    lanes,
    currencies: parts.currencies,
    moneyOf,
    units,
    amounts,
    dayOf: { inflow: largestDay(rows, amounts.inflow), outflow: largestDay(rows, amounts.outflow) },
  };
}

function daysBetween(first: string, last: string): number {
  return Math.round((Date.parse(last) - Date.parse(first)) / 86_400_000);
}

/** The day with the largest sum; undefined where nothing is. Only for choosing where to look: currencies do not matter. */
function largestDay(rows: readonly Row[], amounts: Float64Array): string | undefined {
  const sums = new Map<string, number>();
  for (const [slot, row] of rows.entries()) {
    const day = String(row['day']);
    sums.set(day, (sums.get(day) ?? 0) + (amounts[slot] as number));
  }
  let largest: string | undefined;
  for (const [day, sum] of sums)
    if (sum > (largest === undefined ? 0 : (sums.get(largest) as number))) largest = day;
  return largest;
}
