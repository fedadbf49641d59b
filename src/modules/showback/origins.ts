import type { Caller, Clock } from '../../platform/kernel/index.ts';
import { audit, onConstraint, type Records, type Tx } from '../../platform/records/index.ts';
import { closedMonths, lockOrganization, periodStateOf } from '../organization/index.ts';
import { consumptionErrors } from './consumption-errors.ts';
import {
  deleteFacts,
  lockConsumption,
  readParts,
  type StoredPart,
  writeWatermark,
} from './consumption-facts-sql.ts';
import { isEntityInUse, isProductInUse } from './consumption-reference-sql.ts';
import type { OriginKind } from './model.ts';
import { readDefinition } from './origin-definition.ts';
import { holds, overlap, partsIn, spanText, wayOf } from './origin-plan.ts';
import { deleteOrigin, insertOrigins, type Origin, readOrigins, writeOriginEnd } from './origin-sql.ts';

/** What declarations work with. */
export interface OriginWorld {
  readonly records: () => Promise<Records>;
  readonly clock: Clock;
}

/** An origin that somebody wants. */
export interface WantedOrigin {
  readonly entity: string;
  readonly product: string;
  readonly kind: OriginKind;
  readonly source: string;
  readonly definition: unknown;
  readonly validFrom: string;
  /** The first month that it no longer holds. */
  readonly validTo?: string | undefined;
}

/**
 * Says where the consumption of a product of an entity comes from, from a month on. Another origin in one of these months stands in
 * the way, and is told with what it holds; so does a month that is closed.
 *
 * Refusals: `consumption.otherOrigin`, `consumption.closedMonth`, `consumption.unknownEntity`, `consumption.unknownProduct`,
 * `consumption.unfitDefinition`, `consumption.emptyOrigin`.
 */
export async function declareOrigin(
  { records, clock }: OriginWorld,
  caller: Caller,
  wanted: WantedOrigin,
): Promise<Origin> {
  const { entity, product, kind, source, validFrom, validTo = null } = wanted;
  const definition = readDefinition(kind, wanted.definition);
  if (validTo !== null && validTo <= validFrom) throw consumptionErrors.emptyOrigin({ validFrom, validTo });
  return (await records()).write(caller, async (tx) => {
    await lockOrganization(tx, 'shared');
    await lockConsumption(tx, [entity]);
    if (!(await isEntityInUse(tx, entity))) throw consumptionErrors.unknownEntity({ entity });
    if (!(await isProductInUse(tx, product))) throw consumptionErrors.unknownProduct({ product });
    const span = { validFrom, validTo };
    await refuseOthers(tx, { entity, product, ...span });
    await refuseClosed(tx, entity, (month) => holds(span, month));
    const said = { declaredAt: clock.now().toISOString(), declaredBy: caller.actor.name };
    const origin = { entity, product, kind, source, definition, ...span, ...said };
    const [id = ''] = await onConstraint(insertOrigins(tx, [origin]), {
      consumption_origin_one: () =>
        consumptionErrors.otherOrigin({ origins: [wayOf({ id: '', ...origin }, spanText(span), [])] }),
    });
    const made = { id, ...origin };
    await auditOrigin(tx, caller, made, { action: 'declare', before: null, after: made });
    return made;
  });
}

/** Whatever else was declared of these months, with what it holds in them. */
async function refuseOthers(
  tx: Tx,
  wanted: Pick<Origin, 'entity' | 'product' | 'validFrom' | 'validTo'>,
): Promise<void> {
  const { entity, product, validFrom, validTo } = wanted;
  const others = (await readOrigins(tx, { entities: [entity], products: [product] })).filter((other) =>
    overlap(other, wanted),
  );
  if (others.length === 0) return;
  const before = validTo ?? undefined;
  const parts = await readParts(tx, { entities: [entity], products: [product], from: validFrom, before });
  const origins = others.map((other) =>
    wayOf(
      other,
      spanText(commonSpan(other, wanted)),
      partsIn(parts, other, (period) => holds(other, period)),
    ),
  );
  throw consumptionErrors.otherOrigin({ origins });
}

function commonSpan(
  a: Pick<Origin, 'validFrom' | 'validTo'>,
  b: Pick<Origin, 'validFrom' | 'validTo'>,
): Pick<Origin, 'validFrom' | 'validTo'> {
  const ends = [a.validTo, b.validTo].filter((end) => end !== null).sort();
  const [, validFrom = ''] = [a.validFrom, b.validFrom].sort();
  return { validFrom, validTo: ends[0] ?? null };
}

async function refuseClosed(tx: Tx, entity: string, isAsked: (month: string) => boolean): Promise<void> {
  const closed = ((await closedMonths(tx, [entity])).get(entity) ?? []).filter(isAsked);
  if (closed.length === 0) return;
  const months = [];
  for (const month of closed) months.push({ entity, month, state: await periodStateOf(tx, entity, month) });
  throw consumptionErrors.closedMonth({ months });
}

/**
 * Ends an origin before a month; one that then holds in no month is taken back. Facts of the months that it loses stand in the way,
 * unless they are to be deleted with it. Refusals: `consumption.unknownOrigin`, `consumption.holdsFacts`, `consumption.closedMonth`,
 * `consumption.otherOrigin` where it would be longer and meet the next.
 */
export async function endOrigin(
  { records, clock }: OriginWorld,
  caller: Caller,
  {
    id,
    validTo,
    deleteFacts: mayDelete,
  }: { readonly id: string; readonly validTo: string; readonly deleteFacts: boolean },
): Promise<{ readonly origin: Origin | null; readonly deletedFacts: number }> {
  return (await records()).write(caller, async (tx) => {
    await lockOrganization(tx, 'shared');
    const [found] = await readOrigins(tx, { id });
    if (!found || !(await isEntityInUse(tx, found.entity))) throw consumptionErrors.unknownOrigin({ id });
    await lockConsumption(tx, [found.entity]);
    const [origin] = await readOrigins(tx, { id });
    if (!origin) throw consumptionErrors.unknownOrigin({ id });
    const { entity, product } = origin;
    const loses = (month: string) => month >= validTo && holds(origin, month);
    await refuseClosed(tx, entity, loses);
    if (origin.validTo !== null && validTo > origin.validTo)
      await refuseOthers(tx, { entity, product, validFrom: origin.validTo, validTo });
    const lost = partsIn(
      await readParts(tx, { entities: [entity], products: [product], from: validTo }),
      origin,
      loses,
    );
    if (lost.length > 0 && !mayDelete) {
      const months = spanText({ validFrom: validTo, validTo: origin.validTo });
      throw consumptionErrors.holdsFacts({ origins: [wayOf(origin, months, lost)] });
    }
    await deleteLost(tx, lost, clock.now().toISOString());
    const isGone = validTo <= origin.validFrom;
    if (isGone) await deleteOrigin(tx, id);
    else await writeOriginEnd(tx, id, validTo);
    const after = isGone ? null : { ...origin, validTo };
    const deletedFacts = lost.reduce((sum, { facts }) => sum + facts, 0);
    await auditOrigin(tx, caller, origin, {
      action: 'end',
      before: origin,
      after: { validTo, deletedFacts },
    });
    return { origin: after, deletedFacts };
  });
}

async function deleteLost(tx: Tx, lost: readonly StoredPart[], now: string): Promise<void> {
  for (const part of lost) {
    await deleteFacts(tx, part, [part]);
    await writeWatermark(tx, part, now);
  }
}

async function auditOrigin(
  tx: Tx,
  caller: Caller,
  { id, entity }: Origin,
  said: { readonly action: 'declare' | 'end'; readonly before: object | null; readonly after: object | null },
): Promise<void> {
  const object = { type: 'consumptionOrigin', id };
  const { action, before, after } = said;
  await audit(tx, caller, { action: `consumptionOrigin.${action}`, object, entity, before, after });
}
