import { type Issue, noCurrency } from '../../../platform/kernel/index.ts';
import { type Dataset, fileLiteral, literal } from '../../../platform/warehouse/index.ts';
import {
  billingPeriodDataset,
  contractCommitmentDataset,
  costDataset,
  type FocusDatasetName,
  type FocusVersion,
  invoiceDetailDataset,
  type LiftedColumn,
  planLift,
} from '../../focus/index.ts';
import { type DateOrder, decimalCell, monthOf, timestampCell } from './cells.ts';
import { type Converter, literalOrNull } from './converter.ts';
import type { NativeColumns } from './native-columns.ts';
import type { ColumnRules, Rule } from './rules.ts';

const datasets: Readonly<Record<FocusDatasetName, Dataset>> = {
  CostAndUsage: costDataset,
  ContractCommitment: contractCommitmentDataset,
  BillingPeriod: billingPeriodDataset,
  InvoiceDetail: invoiceDetailDataset,
};

/** Reads FOCUS of any version and lifts it to 1.4; the lift itself is the focus module's. */
export function focusConverter(
  native: NativeColumns,
  format: { readonly dataset: FocusDatasetName; readonly version: FocusVersion },
  options: {
    readonly dateOrder: DateOrder;
    readonly currency?: string | undefined;
    readonly period?: string | undefined;
  },
): { readonly converter: Converter; readonly report: readonly Issue[] } {
  const plan = planLift(
    native.all.map((column) => column.name),
    format.version,
    format.dataset,
  );
  const source = (target: string) => plan.columns.find((column) => column.target === target)?.from[0];
  const text = (target: string) =>
    native.text(...(plan.columns.find((column) => column.target === target)?.from ?? []));
  const label = source('BillingPeriodStart');
  const charge = options.period === undefined ? source('ChargePeriodStart') : undefined;
  const periodColumn = label ?? charge;
  const dataset = datasets[format.dataset];
  const costColumn = dataset.roles.costs[0];
  const costSource = costColumn === undefined ? undefined : source(costColumn);
  const columns = plan.columns
    .filter((column) => column.from.length > 0 || filled.has(column.target))
    .map((column) => liftRules(native, column, options));
  const kept: ColumnRules[] = plan.custom.map(({ source: name, target }) => ({
    column: target,
    type: 'string',
    rules: [{ id: 'focus.kept', says: `Kept from ${name}.`, value: native.text(name) }],
  }));
  const ofType = (type: LiftedColumn['type']) =>
    plan.columns.filter((column) => column.type === type).flatMap((column) => column.from);
  const cost =
    text('BilledCost') === 'cast(null as varchar)'
      ? 'null'
      : `coalesce(${decimalCell(text('BilledCost'))}, 0)`;
  return {
    report: plan.report,
    converter: {
      version: 'focus-1',
      dataset,
      nativeCost: costSource,
      period:
        dataset.name === 'contract_commitment'
          ? `'all'`
          : periodColumn === undefined
            ? literalOrNull(options.period)
            : monthOf(native.text(periodColumn), options.dateOrder, label !== undefined),
      periodColumn:
        periodColumn === undefined || dataset.name === 'contract_commitment'
          ? undefined
          : { name: periodColumn, isLabel: label !== undefined },
      currency: `coalesce(${text('BillingCurrency')}, ${literal(options.currency ?? noCurrency)})`,
      currencyColumn: source('BillingCurrency'),
      labels: {
        period: dataset.name === 'contract_commitment' ? 'all' : (options.period ?? null),
        currency: options.currency ?? noCurrency,
        meanings: {},
      },
      kindColumn: undefined,
      account: `coalesce(${text('InvoiceIssuerName')}, '') || ' ' || coalesce(${text('BillingAccountId')}, '')`,
      invoiced: `${text('InvoiceId')} is not null`,
      numbers: ofType('decimal').map((name) => ({ name })),
      times: ofType('timestamp'),
      dateOrder: options.dateOrder,
      intervals: (
        [
          ['BillingPeriodStart', 'BillingPeriodEnd'],
          ['ChargePeriodStart', 'ChargePeriodEnd'],
        ] as const
      ).flatMap(([start, end]) => {
        const from = source(start);
        const to = source(end);
        return from !== undefined && to !== undefined ? [[from, to] as const] : [];
      }),
      scan: (file) =>
        `(select *, file_row_number + 1 as centrail_row, 0 as centrail_part from read_parquet(${fileLiteral(file)}, file_row_number = true)) as scan`,
      columns: [
        ...columns,
        ...kept,
        {
          column: 'x_NativeCost',
          type: 'decimal',
          rules: [{ id: 'focus.native-cost', says: "The file's own cost.", value: cost }],
        },
      ],
    },
  };
}

/** Columns that the caller's options or the charge period can fill. */
const filled = new Set(['BillingCurrency', 'BillingPeriodStart', 'BillingPeriodEnd']);

function liftRules(
  native: NativeColumns,
  column: LiftedColumn,
  options: {
    readonly dateOrder: DateOrder;
    readonly currency?: string | undefined;
    readonly period?: string | undefined;
  },
): ColumnRules {
  const { target, type } = column;
  const text = native.text(...column.from);
  const value = typedValue(text, column, options.dateOrder);
  const id = column.how === 'as is' ? 'focus.as-is' : `focus.${column.how}`;
  const says = `As in ${column.from.join(', else ')}.`;
  // Azure leaves out the braces of its tags.
  const braced = `'{' || ${text} || '}'`;
  const readable = type === 'json' ? ` and (json_valid(${text}) or json_valid(${braced}))` : '';
  const rules: Rule[] =
    column.from.length > 0 ? [{ id, says, when: `${text} is not null${readable}`, value }] : [];
  return { column: target, type, rules: [...rules, ...fallbackRules(native, target, options)] };
}

function typedValue(text: string, column: LiftedColumn, order: DateOrder): string {
  if (column.type === 'decimal') return decimalCell(text);
  if (column.type === 'timestamp') return timestampCell(text, order);
  if (column.type === 'json')
    return `case when json_valid(${text}) then ${text} else '{' || ${text} || '}' end`;
  const values = Object.entries(column.values ?? {});
  if (values.length === 0) return text;
  const cases = values.map(([from, to]) => `when ${literal(from)} then ${literal(to)}`).join(' ');
  return `case lower(${text}) ${cases} else ${text} end`;
}

function fallbackRules(
  native: NativeColumns,
  target: string,
  options: {
    readonly dateOrder: DateOrder;
    readonly currency?: string | undefined;
    readonly period?: string | undefined;
  },
): Rule[] {
  if (target === 'BillingCurrency') {
    return [
      {
        id: 'focus.currency.given',
        says: 'The file names no currency: the one given, else XXX (no currency).',
        value: literal(options.currency ?? noCurrency),
      },
    ];
  }
  if (target !== 'BillingPeriodStart' && target !== 'BillingPeriodEnd') return [];
  const months = target === 'BillingPeriodEnd' ? ' + interval 1 month' : '';
  if (options.period !== undefined) {
    return [
      {
        id: 'focus.period.given',
        says: 'The file names no billing month: the one given.',
        value: `timestamp ${literal(`${options.period}-01 00:00:00`)}${months}`,
      },
    ];
  }
  const charge = native.has('ChargePeriodStart')
    ? timestampCell(native.text('ChargePeriodStart'), options.dateOrder)
    : undefined;
  return charge === undefined
    ? []
    : [
        {
          id: 'focus.period.of-charge',
          says: 'The file names no billing month: the month of the charge.',
          value: `date_trunc('month', ${charge})${months}`,
        },
      ];
}
