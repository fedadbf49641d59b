import { addDecimal, formatDecimal, type Issue, parseDecimal, zero } from '../../platform/kernel/index.ts';
import { costDataset } from '../focus/index.ts';
import { environments } from '../organization/index.ts';
import { convertedQuantity, type DerivedRow, type Deriver } from './consumption-derive.ts';
import { type BillQuantity, readBillQuantities } from './consumption-focus-sql.ts';
import { focusDefinitionSchema } from './origin-definition.ts';
import { explainUnits } from './units.ts';

/**
 * Quantities of the month's bills by application, told in the product's unit. What has a unit that does not convert, no unit, or no
 * application is left out with a finding that has its quantity: nothing is swallowed. Environments that the definition does not
 * know become `unknown`, with a finding.
 *
 * 300 GB-Mo in 30 rows with the tag app = shop, of a product in TB-month: 0.3 for `shop`.
 */
export const deriveFromBill: Deriver = async ({ workspace }, { scope }, origin) => {
  const { month, product, unit, source } = origin;
  const definition = focusDefinitionSchema.parse(origin.definition);
  // The name of the column alone means the column.
  const region = definition.region === 'RegionId' ? '{RegionId}' : definition.region;
  const selection = await workspace.lake.select(scope, costDataset, { from: month, to: month });
  const found = await readBillQuantities(
    await workspace.engine(),
    { selection, scope },
    { ...definition, region },
  );
  const left = new Map<string, LeftOut>();
  const rows: DerivedRow[] = [];
  for (const one of found.filter(({ application }) => origin.isShown(application))) {
    const billUnit = definition.quantity === 'rows' ? unit : one.unit;
    const meant = billUnit === null ? null : (definition.units?.[billUnit] ?? billUnit);
    const quantity = meant === null ? undefined : convertedQuantity(one.quantity, meant, unit, month);
    if (one.application === null) leaveOut(left, 'noApplication', billUnit, one);
    else if (quantity === undefined) leaveOut(left, meant === null ? 'noUnit' : 'otherUnit', billUnit, one);
    else {
      const environment = environmentOf(one.environment, definition.environments);
      if (environment === undefined) leaveOut(left, 'otherEnvironment', one.environment, one);
      const said = `${formatDecimal(parseDecimal(one.quantity))} ${billUnit} in ${one.rows} rows of the bills of ${month} (${definition.quantity})`;
      rows.push({
        ...{ application: one.application, region: one.region, quantity },
        environment: one.environment === null ? null : (environment ?? 'unknown'),
        explanation: `${said}, by rule ${source}`,
      });
    }
  }
  const findings = [...left.values()].map((one) => findingOf(one, product, unit));
  return { kind: 'DIRECT', rows, findings };
};

type Reason = 'noApplication' | 'noUnit' | 'otherUnit' | 'otherEnvironment';

interface LeftOut {
  readonly reason: Reason;
  /** The unit, or the environment. */
  readonly what: string | null;
  quantity: ReturnType<typeof parseDecimal>;
  rows: number;
}

function leaveOut(
  left: Map<string, LeftOut>,
  reason: Reason,
  what: string | null,
  { quantity, rows }: BillQuantity,
): void {
  const key = `${reason}\n${what}`;
  const one = left.get(key) ?? { reason, what, quantity: zero, rows: 0 };
  one.quantity = addDecimal(one.quantity, parseDecimal(quantity));
  one.rows += rows;
  left.set(key, one);
}

function findingOf({ reason, what, quantity, rows }: LeftOut, product: string, unit: string): Issue {
  const amount = `${formatDecimal(quantity)} ${reason === 'otherEnvironment' ? '' : (what ?? '')}`.trim();
  const sentences: Readonly<Record<Reason, string>> = {
    noApplication: `${amount} in ${rows} rows are left out: no application can be made of these rows.`,
    noUnit: `${amount} in ${rows} rows are left out: these rows have no unit.`,
    otherUnit: `${amount} in ${rows} rows are left out: ${explainUnits(what ?? '', unit) ?? 'they do not fit'}. Say in the definition what the unit means.`,
    otherEnvironment: `${rows} rows name the environment '${what}', which is none of ${environments.join(', ')}: they count as unknown. Say in the definition what it is called here.`,
  };
  const severity = reason === 'otherEnvironment' ? 'info' : 'warning';
  return { code: `consumption.${reason}`, severity, path: product, message: sentences[reason], rows };
}

function environmentOf(
  name: string | null,
  names: Readonly<Record<string, string>> | undefined,
): string | undefined {
  if (name === null) return 'unknown';
  return names?.[name] ?? environments.find((environment) => environment === name);
}
