import type { Caller } from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import { fits, type PriceLine } from './model.ts';
import { scalePrice } from './price-arithmetic.ts';
import type { CloneRequest } from './price-contract.ts';
import { openDraft, replaceLines } from './price-drafts.ts';
import { priceErrors } from './price-errors.ts';
import type { NewLine } from './price-line.ts';
import { readPriceLines } from './price-lines-sql.ts';
import {
  asPriced,
  createView,
  type PriceView,
  requireVersion,
  requireView,
  type VersionRef,
} from './price-views.ts';

/** What a clone was made of. */
export interface Cloned {
  readonly view: PriceView;
  readonly clonedFrom: { readonly view: string; readonly version: number };
  readonly factor: string;
  /** Prices that needed rounding, half-up at 12 decimals. */
  readonly rounded: number;
}

/**
 * Makes a view whose draft has the lines of a version of another, every price and amount times a factor; quantities that tiers begin
 * at stay. Of a view that is made for one entity, lines of other entities are left out: they would match nothing there.
 * Refusals: those of `createView`; `price.unknownVersion`, `price.noLines`, `price.factorTooLarge`.
 *
 * vCPU 0.041 with the factor 1.03: 0.04223.
 */
export async function cloneView(
  tx: Tx,
  caller: Caller,
  viewId: string,
  { now, version, ...request }: Omit<CloneRequest, 'version'> & { version: VersionRef; now: Date },
): Promise<Cloned> {
  const source = asPriced(await requireView(tx, viewId));
  const { number } = await requireVersion(tx, source, version);
  const { id, label = `${source.label} × ${request.factor}`.slice(0, 200), kind, factor } = request;
  const { entity = source.entity } = request;
  const lines = (await readPriceLines(tx, { view: viewId, version: number }))
    .filter((line) => entity === null || line.entity === null || line.entity === entity)
    .map((line) => scaleLine(line, factor));
  const { currency, rateType } = source;
  await createView(tx, caller, { id, label, kind, currency, rateType, entity, graph: null });
  const note = request.note ?? `as version ${number} of ${viewId}${factor === '1' ? '' : ` × ${factor}`}`;
  await openDraft(tx, caller, id, { now, empty: true, note });
  await replaceLines(
    tx,
    caller,
    id,
    lines.map(({ line }) => line),
    { now },
  );
  return {
    view: await requireView(tx, id),
    clonedFrom: { view: viewId, version: number },
    factor,
    rounded: lines.reduce((sum, { rounded }) => sum + rounded, 0),
  };
}

function scaleLine(line: PriceLine, factor: string): { readonly line: NewLine; readonly rounded: number } {
  let rounded = 0;
  const scaled = (given: string) => {
    const { price, ...how } = scalePrice(given, factor);
    if (!fits(price, 12)) throw priceErrors.factorTooLarge({ factor, line: line.number, price: given });
    if (how.rounded) rounded++;
    return price;
  };
  const { number: _, amount, tiers, ...same } = line;
  const steps = tiers?.steps.map(({ from, price }) => ({ from, price: scaled(price) }));
  return {
    line: {
      ...same,
      amount: amount === null ? null : scaled(amount),
      tiers: tiers && steps ? { mode: tiers.mode, steps } : null,
    },
    rounded,
  };
}
