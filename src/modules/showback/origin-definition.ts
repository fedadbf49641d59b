import { z } from 'zod';
import { isCurrency, Refusal } from '../../platform/kernel/index.ts';
import { parseFilter } from '../../platform/warehouse/index.ts';
import { environments } from '../organization/index.ts';
import { consumptionErrors } from './consumption-errors.ts';
import type { OriginKind } from './model.ts';
import { isUnit } from './units.ts';

/** A condition on rows, as `finops cost --where` takes it. */
const filterText = z.string().min(1).max(5000).refine(isFilter, 'this is no condition');
const template = z.string().min(1).max(500);
const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/, 'take 1 to 100 letters, digits, and . _ : -');

/** Quantities of the bill, added up by application. */
export const focusDefinitionSchema = z.strictObject({
  /** Which rows of the bill; all of them unless said. */
  where: filterText.optional(),
  /** What is added up; `rows` counts them, as units of the product. */
  quantity: z.enum(['ConsumedQuantity', 'PricingQuantity', 'rows']),
  /** Whose: an application's id, or columns in braces that make it: `{Tags.app}`. */
  application: template,
  /** `prod`, or columns that make it; the application's only environment unless said. */
  environment: template.optional(),
  /** What the bill's environments are called here: {"production": "prod"}. */
  environments: z.record(z.string().min(1).max(100), z.enum(environments)).optional(),
  /** `{RegionId}`; none unless said. */
  region: template.optional(),
  /** What a unit of the bill means: {"GB/Month": "GB-month"}. */
  units: z
    .record(z.string().min(1).max(100), z.string().refine(isUnit, 'name a unit, such as GB-month'))
    .optional(),
});
export type FocusDefinition = z.output<typeof focusDefinitionSchema>;

/** Weights: what product nodes of applications retained in the month's published run. */
export const allocationDefinitionSchema = z.strictObject({
  graph: id,
  currency: z.string().refine(isCurrency, 'give an ISO 4217 code, such as EUR'),
  /** Only this product node. */
  node: z.string().min(1).max(200).optional(),
  /** Only nodes that fit: `Tags.tier = 'gold'` asks their labels, `NodeId`, `NodeName` the node itself. */
  where: filterText.optional(),
});
export type AllocationDefinition = z.output<typeof allocationDefinitionSchema>;

/** Weights: what direct consumption costs each application under a price view. */
export const derivedDefinitionSchema = z.strictObject({
  /** Only products of this domain. */
  domain: id.optional(),
  view: id,
  /** Of the view; that of the month unless said. */
  version: z.int().positive().optional(),
});
export type DerivedDefinition = z.output<typeof derivedDefinitionSchema>;

const schemas: Readonly<Record<OriginKind, z.ZodType<object>>> = {
  import: z.strictObject({}),
  focus: focusDefinitionSchema,
  allocation: allocationDefinitionSchema,
  derived: derivedDefinitionSchema,
};

/** A definition as an origin of its kind has it. Refusal: `consumption.unfitDefinition`. */
export function readDefinition(kind: OriginKind, given: unknown): object {
  const { success, data, error } = schemas[kind].safeParse(given);
  if (success) return data;
  const problem = error.issues
    .map(({ path, message }) => `${path.join('.') || 'definition'}: ${message}`)
    .join('; ');
  throw consumptionErrors.unfitDefinition({ kind, problem });
}

function isFilter(text: string): boolean {
  try {
    parseFilter(text);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}
