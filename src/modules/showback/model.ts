import { z } from 'zod';
import { isCurrency, noCurrency, tryParseDecimal } from '../../platform/kernel/index.ts';

/** Kinds of price views: set before the year, charged, computed from allocation, tried out. */
export const viewKinds = ['budget', 'standard', 'actual', 'what-if'] as const;
export type ViewKind = (typeof viewKinds)[number];

/** Which rate of a month: the mean of its days, that of its last day, or the one that was set before the year. */
export const rateTypes = ['average', 'closing', 'budget'] as const;
export type RateType = (typeof rateTypes)[number];

/** What a line prices, from most to least specific. */
export const lineLevels = ['product', 'family', 'domain', 'view'] as const;
export type LineLevel = (typeof lineLevels)[number];

/** Measured in the product's unit, or a weight by which an amount is spread. */
export type ConsumptionKind = 'DIRECT' | 'INDIRECT';

/** Where a month's consumption of a product comes from. */
export const originKinds = ['import', 'focus', 'allocation', 'derived'] as const;
export type OriginKind = (typeof originKinds)[number];

/** What a fact says where nobody named a region. */
export const noRegion = 'n_a';

/** The application of costs that no application has a weight for. No id that people choose can be it. */
export const unallocated = '~unallocated';

/** The product of costs under `actual` that the graph names no product for. */
export const noProduct = '~none';

/** A month: `2026-10`. */
export const monthSchema = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'write a month as YYYY-MM');

/** Decimal text with at most 26 digits before and 12 after the point; what a price or an amount may be. */
export const amountSchema = z
  .string()
  .refine(
    (text) => fits(text, 12),
    'give a decimal number with at most 26 digits before and 12 after the point',
  );

/** True for a decimal text that `numeric(38, 12)` keeps exactly. */
export function fits(text: string, places: number): boolean {
  const value = tryParseDecimal(text);
  if (!value) return false;
  const [whole = '', fraction = ''] = text.trim().replace(/^[+-]/, '').split('.');
  if (/[eE]/.test(text)) return false;
  return whole.replace(/^0+/, '').length <= 38 - 12 && fraction.replace(/0+$/, '').length <= places;
}

/** ISO 4217, and not XXX. */
export const currencySchema = z
  .string()
  .refine((code) => isCurrency(code) && code !== noCurrency, 'give an ISO 4217 code, such as EUR');

/** A step of a tiered price: from this quantity on (included), each unit costs `price`. */
export interface TierStep {
  /** Decimal text; the first is `0`. */
  readonly from: string;
  readonly price: string;
}

/**
 * `graduated`: each unit at the price of the step that it lies in. `all-units`: every unit at the price of the step that the
 * whole quantity reaches. The quantity is what one application consumed in the month in the cells that the line prices.
 */
export interface Tiers {
  readonly mode: 'graduated' | 'all-units';
  /** Ascending, from 0. */
  readonly steps: readonly TierStep[];
}

/** One line of a version of a price view, as it is kept. */
export interface PriceLine {
  /** Place among the lines, from 1. */
  readonly number: number;
  readonly level: LineLevel;
  /** Id of the product, family or domain; empty at level `view`. */
  readonly target: string;
  /** Narrows the line; null: any. */
  readonly entity: string | null;
  readonly environment: string | null;
  readonly region: string | null;
  /** `unit`: a price of one unit. `pool`: an amount that is spread over the quantities of a product in an entity's month. */
  readonly kind: 'unit' | 'pool';
  /** Of the price; null for pools. */
  readonly unit: string | null;
  /** Unit price or amount of the pool for each month, signed decimal text; null where tiers say it. */
  readonly amount: string | null;
  readonly tiers: Tiers | null;
  readonly currency: string;
  /** First month. */
  readonly validFrom: string;
  /** First month that it no longer holds; null: until further notice. */
  readonly validTo: string | null;
  readonly note: string | null;
}

/** A cell of consumption that needs a price: what one product's facts have in common. */
export interface PricedCell {
  readonly product: string;
  readonly family: string | null;
  readonly domain: string;
  readonly entity: string;
  readonly environment: string;
  readonly region: string;
}
