import { errorTable, refusal } from '../../platform/kernel/index.ts';

/** A cell of a delivery that does not fit. `row`: its record in the file, the header being 1; in a list the first is 1. */
export interface RejectedCell {
  readonly row: number;
  /** Column of it; empty when the whole row is meant. */
  readonly field: string;
  readonly message: string;
}

/** What stands in the way of a declaration, and what it holds. */
export interface OriginInTheWay {
  readonly entity: string;
  readonly product: string;
  /** `2026-03 to 2026-05`, or `from 2026-03 on`. */
  readonly months: string;
  /** Of the origin that is there: `import`. */
  readonly kind: string;
  readonly source: string;
  /** What its facts of the months in question come to; decimal text in `unit`. */
  readonly facts: number;
  readonly quantity: string;
  readonly unit: string;
}

/** A month that nobody may change. */
export interface ClosedMonth {
  readonly entity: string;
  readonly month: string;
  readonly state: string;
}

function wayText({ entity, product, months, kind, source, facts, quantity, unit }: OriginInTheWay): string {
  const holds = facts === 0 ? 'no facts yet' : `${facts} facts, ${quantity} ${unit}`;
  return `'${product}' of ${entity} ${months} comes from ${kind} '${source}' (${holds})`;
}

function some<T>(items: readonly T[], say: (item: T) => string, most = 3): string {
  const more = items.length - most;
  return `${items.slice(0, most).map(say).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

/** What is refused of consumption. What is outside the caller's scope is unknown to it. */
export const consumptionErrors = errorTable('consumption', {
  rejectedRows: refusal(
    422,
    'badData',
    (p: {
      file: string;
      /** Of the refused import that keeps them; null in a dry run. */
      import: string | null;
      rows: number;
      of: number;
      cells: number;
      errors: readonly RejectedCell[];
    }) => {
      const said = p.errors
        .slice(0, 5)
        .map(({ row, field, message }) => `row ${row}${field && `, ${field}`}: ${message}`);
      const more = p.cells - said.length;
      const kept = p.import === null ? '' : ` 'finops consumption rejects ${p.import}' lists them all.`;
      return `${p.file}: ${p.rows} of ${p.of} rows do not fit, and nothing was imported. ${said.join('; ')}${more > 0 ? `; and ${more} more` : ''}.${kept} Mend them, or take the others with acceptRejects.`;
    },
  ),
  unfitHeader: refusal(
    422,
    'badData',
    (p: { file: string; problem: string }) =>
      `${p.file} cannot be read as consumption: ${p.problem}. The first line names the columns: month, application, product, quantity, and perhaps unit, environment, region, resource, kind, explanation.`,
  ),
  notText: refusal(
    422,
    'badData',
    (p: { file: string; problem: string }) =>
      `${p.file} is no CSV file in UTF-8 (${p.problem}). Save it as CSV in UTF-8 and import it again.`,
  ),
  noRows: refusal(
    422,
    'badData',
    (p: { file: string }) =>
      `${p.file} holds no rows. Nothing was imported; check that it is the right file.`,
  ),
  tooManyRows: refusal(
    413,
    'badData',
    (p: { file: string; most: number }) =>
      `${p.file} has more than ${p.most} rows. Nothing was imported; deliver it month by month.`,
  ),
  closedMonth: refusal(
    409,
    'conflict',
    (p: { months: readonly ClosedMonth[] }) =>
      `Consumption of closed months stays as it is: ${some(p.months, ({ entity, month, state }) => `${month} of ${entity} is ${state}`)}. Reopen the month with a reason, or leave it out.`,
  ),
  otherOrigin: refusal(
    409,
    'conflict',
    (p: { origins: readonly OriginInTheWay[] }) =>
      `A product has one origin in a month. ${some(p.origins, wayText)}. End that origin first, or leave these products out.`,
  ),
  holdsFacts: refusal(
    409,
    'conflict',
    (p: { origins: readonly OriginInTheWay[] }) =>
      `${some(p.origins, wayText)}. These facts would have no origin. End it later, or say that the facts are to be deleted.`,
  ),
  nameEntity: refusal(422, 'usage', (p: { entities: readonly string[] }) =>
    p.entities.length === 0
      ? 'Consumption is changed by whoever covers its entity. You cover none.'
      : `You cover ${p.entities.join(', ')}. Say whose consumption this is: one entity at a time.`,
  ),
  unknownEntity: refusal(
    404,
    'notFound',
    (p: { entity: string }) =>
      `There is no entity '${p.entity}' in use whose consumption you may change. 'finops entities list' shows them.`,
  ),
  unknownProduct: refusal(
    404,
    'notFound',
    (p: { product: string }) =>
      `There is no product '${p.product}' in use. 'finops products list' shows them.`,
  ),
  unknownOrigin: refusal(
    404,
    'notFound',
    (p: { id: string }) =>
      `There is no origin ${p.id} among those you may see. 'finops consumption origins' lists them.`,
  ),
  unknownImport: refusal(
    404,
    'notFound',
    (p: { id: string }) =>
      `There is no import ${p.id} among those you may see. 'finops consumption imports' lists them.`,
  ),
  unknownFact: refusal(
    404,
    'notFound',
    (p: { month: string; product: string; application: string }) =>
      `There is no such fact of '${p.product}' by '${p.application}' in ${p.month}. 'finops consumption list' shows what there is.`,
  ),
  unfitDefinition: refusal(
    422,
    'usage',
    (p: { kind: string; problem: string }) =>
      `The definition does not fit an origin of kind ${p.kind}: ${p.problem}.`,
  ),
  nothingToDerive: refusal(
    404,
    'notFound',
    (p: { month: string; product: string | null }) =>
      `${p.product === null ? 'No product' : `The product '${p.product}'`} has an origin in ${p.month} that can be derived, among those you may change. Declare one with 'finops consumption declare'.`,
  ),
  cannotDerive: refusal(
    422,
    'usage',
    (p: { kind: string }) => `This installation does not derive consumption of kind ${p.kind}.`,
  ),
  negativeWeights: refusal(
    422,
    'badData',
    (p: { product: string; month: string; count: number; applications: readonly string[] }) =>
      `Weights of '${p.product}' in ${p.month} would be negative for ${p.count} ${p.count === 1 ? 'application' : 'applications'}: ${p.applications.join(', ')}. A weight is 0 or more: choose nodes without net credits, or import the weights.`,
  ),
  emptyOrigin: refusal(
    422,
    'usage',
    (p: { validFrom: string; validTo: string }) =>
      `An origin from ${p.validFrom} until before ${p.validTo} holds in no month. The second is the first month that it no longer holds.`,
  ),
});
