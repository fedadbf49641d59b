import { z } from 'zod';
import {
  addMonths,
  compareDecimal,
  formatDecimal,
  parseDecimal,
  parsePeriod,
} from '../../platform/kernel/index.ts';
import { amountSchema, currencySchema, lineLevels, type PriceLine, type Tiers } from './model.ts';

/** What a line of a price view is made of, before it has its number. */
export type NewLine = Omit<PriceLine, 'number'>;

/** Most lines of one version. */
export const mostLines = 10_000;
const mostSteps = 100;

/** Environments that a line may name: those that a fact may. */
const lineEnvironments = ['prod', 'non_prod', 'unknown', 'n_a'] as const;

const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/, 'take 1 to 100 letters, digits, and . _ : - after the first');

/** One line of text that can be stored, printed and put in a file. */
export function textSchema(most: number) {
  return z
    .string()
    .trim()
    .min(1, 'give a text')
    .max(most, `at most ${most} characters`)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'leave out control characters and broken letters');
}

/** A month of a span: spans are walked month by month. */
export const spanMonthSchema = z
  .string()
  .regex(/^(19[7-9]\d|2[01]\d\d)-(0[1-9]|1[0-2])$/, 'write a month as YYYY-MM, from 1970 to 2199');

/** Prices and amounts without signs of how they were written: `0.10` is `0.1`. */
const amount = amountSchema.transform(plainDecimal);

const tiers = z.strictObject({
  mode: z.enum(['graduated', 'all-units']),
  steps: z
    .array(z.strictObject({ from: amount, price: amount }))
    .min(1, 'give at least one step')
    .max(mostSteps, `at most ${mostSteps} steps`)
    .superRefine((steps, context) => {
      const problem = stepProblem(steps.map(({ from }) => from));
      if (problem !== undefined) context.addIssue(problem);
    }),
});

function stepProblem(starts: readonly string[]): string | undefined {
  const values = starts.map(parseDecimal);
  const [first] = values;
  if (first && first.units !== 0n) return 'the first step begins at 0';
  const isAscending = values.every((value, index) => {
    const before = values[index - 1];
    return before === undefined || compareDecimal(before, value) < 0;
  });
  return isAscending ? undefined : 'each step begins above the one before';
}

const fields = z.strictObject({
  level: z.enum(lineLevels),
  /** Id of the product, family or domain; empty at level `view`. */
  target: z.union([z.literal(''), id]).default(''),
  entity: id.nullable().default(null),
  environment: z.enum(lineEnvironments).nullable().default(null),
  region: textSchema(100).nullable().default(null),
  kind: z.enum(['unit', 'pool']).default('unit'),
  unit: textSchema(50).nullable().default(null),
  amount: amount.nullable().default(null),
  tiers: tiers.nullable().default(null),
  /** The view's, where none is given. */
  currency: currencySchema.optional(),
  validFrom: spanMonthSchema,
  validTo: spanMonthSchema.nullable().default(null),
  note: textSchema(500).nullable().default(null),
});

/** A line as people give it; every problem of it names its field. */
export const lineInputSchema = fields.superRefine((line, context) => {
  for (const [field, message] of problemsOf(line))
    context.addIssue({ code: 'custom', path: [field], message });
});
export type LineInput = z.input<typeof lineInputSchema>;
/** A line as it was read, its currency perhaps left to the view. */
export type GivenLine = z.output<typeof lineInputSchema>;

function problemsOf(line: z.output<typeof fields>): (readonly [field: string, message: string])[] {
  const { level, target, kind, unit, tiers: steps, validFrom, validTo } = line;
  const isPool = kind === 'pool';
  const problems: (readonly [string, string] | false)[] = [
    level === 'view' && target !== '' && ['target', 'a line of the whole view names no target'],
    level !== 'view' && target === '' && ['target', `name the ${level} that the line prices`],
    isPool && level !== 'product' && ['level', 'the amount of a pool is spread over one product'],
    isPool && unit !== null && ['unit', 'the amount of a pool has no unit'],
    isPool && steps !== null && ['tiers', 'the amount of a pool has no tiers'],
    isPool && line.amount === null && ['amount', 'give the amount that is spread each month'],
    !isPool && unit === null && ['unit', 'say what the price is the price of: GB-month'],
    !isPool && line.amount === null && steps === null && ['amount', 'give a price, or tiers'],
    !isPool && line.amount !== null && steps !== null && ['tiers', 'give a price or tiers, not both'],
    validTo !== null &&
      validTo <= validFrom && [
        'validTo',
        'the first month that the line no longer holds comes after validFrom',
      ],
  ];
  return problems.filter((problem) => problem !== false);
}

/** A given line as it is kept, in the view's currency where it names none. */
export function newLine({ currency, ...line }: GivenLine, viewCurrency: string): NewLine {
  return { ...line, currency: currency ?? viewCurrency };
}

/** What a line prices, from when: no two lines of a version have one in common. */
export function lineKey({ level, target, entity, environment, region, validFrom }: NewLine): string {
  return JSON.stringify([level, target, entity, environment, region, validFrom]);
}

/** What a line prices, whenever: two with the same may not share a month. */
export function lineScope({ level, target, entity, environment, region }: NewLine): string {
  return JSON.stringify([level, target, entity, environment, region]);
}

/** A line in words: `product vcpu, environment prod`. */
export function lineText({ level, target, entity, environment, region }: NewLine): string {
  const what = level === 'view' ? 'the whole view' : `${level} '${target}'`;
  const narrower = Object.entries({ entity, environment, region }).flatMap(([name, value]) =>
    value === null ? [] : [`, ${name} '${value}'`],
  );
  return `${what}${narrower.join('')}`;
}

/** Months in words: `2026-03 to 2026-05` (until, not in, 2026-06), `2026-03`, or `from 2026-03 on`. */
export function monthsText(from: string, to: string | null): string {
  if (to === null) return `from ${from} on`;
  const last = addMonths(parsePeriod(to), -1);
  return last === from ? from : `${from} to ${last}`;
}

/** `0.10` and `+.1` are `0.1`. */
export function plainDecimal(text: string): string {
  return formatDecimal(parseDecimal(text));
}

/** Tiers with every decimal as `plainDecimal` writes it; null stays null. */
export function plainTiers(given: Tiers | null): Tiers | null {
  return (
    given && {
      mode: given.mode,
      steps: given.steps.map(({ from, price }) => ({ from: plainDecimal(from), price: plainDecimal(price) })),
    }
  );
}
