import { csvFile, documentPdf, figureText, type PdfRow } from '../../platform/documents/index.ts';
import {
  currencyExponent,
  formatDecimal,
  parseDecimal,
  roundHalfUp,
  subtractDecimal,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import type { CostAnswer, CostItem } from './cost-contract.ts';

/** What a statement is of: the costs of one team or cost centre, by application and product. */
export interface Statement {
  readonly title: string;
  /** `showback` tells, `chargeback` asks the cost centre to pay. */
  readonly purpose: 'showback' | 'chargeback';
  readonly month: string;
  readonly answer: CostAnswer;
  readonly generatedAt: Date;
}

const columns = [
  'application',
  'product',
  'environment',
  'kind',
  'quantity',
  'unit',
  'cost',
  'currency',
  'priced',
] as const;

/** The statement as a table of every line, exact. Null costs are empty: unpriced is not 0. */
export function statementCsv({ answer }: Statement): string {
  return csvFile(
    columns,
    answer.items.map((item) => [
      ...[item.key['application'] ?? null, item.key['product'] ?? null, item.key['environment'] ?? null],
      ...[item.key['kind'] ?? null, item.quantity, item.unit],
      ...[item.unpriced === item.lines ? null : item.cost, item.currency, item.quantityCoverage],
    ]),
  );
}

/**
 * The statement for people: applications with their products, amounts rounded half-up to the minor unit, and a line for what rounding
 * took, so that the shown amounts sum to the shown total.
 */
export function statementPdf({ title, purpose, month, answer, generatedAt }: Statement): Promise<Buffer> {
  const used = [
    ...new Set(
      answer.context.used.map(
        ({ view, version, source }) => `${view}${version > 0 ? ` version ${version}` : ''} (${source})`,
      ),
    ),
  ];
  return documentPdf({
    title,
    subtitle:
      purpose === 'chargeback' ? `Chargeback statement for ${month}` : `Showback statement for ${month}`,
    context: [
      { name: 'Month', value: month },
      { name: 'Prices', value: used.join(', ') || 'none' },
      {
        name: 'Priced',
        value:
          answer.totals
            .map(
              ({ quantityCoverage, currency }) =>
                `${figureText(percent(quantityCoverage), 2)} % of quantities (${currency})`,
            )
            .join(', ') || 'no consumption',
      },
    ],
    blocks: [
      {
        kind: 'figures',
        figures: answer.totals.flatMap(({ currency, cost, direct, indirect }) => [
          { label: `Total ${currency}`, value: amountText(cost, currency) },
          { label: `Direct ${currency}`, value: amountText(direct, currency) },
          { label: `Shared ${currency}`, value: amountText(indirect, currency) },
        ]),
      },
      ...answer.totals.map(({ currency, cost }) => ({
        kind: 'table' as const,
        title: `Costs in ${currency}`,
        columns: [
          { title: 'Product' },
          { title: 'Environment' },
          { title: 'Quantity', align: 'right' as const },
          { title: 'Unit' },
          { title: currency, align: 'right' as const },
        ],
        rows: rowsOf(
          answer.items.filter((item) => item.currency === currency),
          currency,
        ),
        total: ['Total', '', '', '', amountText(cost, currency)],
      })),
      {
        kind: 'note',
        text: 'Amounts are rounded half-up; a line for rounding makes them sum to the total. A dash stands for what has no price. Every figure is explained by finops apps explain.',
      },
    ],
    generatedAt,
    footer: 'Centrail',
  });
}

function rowsOf(items: readonly CostItem[], currency: string): PdfRow[] {
  const applications = [...new Set(items.map(({ key }) => key['application'] ?? ''))];
  const rows = applications.flatMap((application): PdfRow[] => {
    const mine = items.filter(({ key }) => (key['application'] ?? '') === application);
    const sum = formatDecimal(sumDecimals(mine.map(({ cost }) => parseDecimal(cost))));
    return [
      {
        role: 'group',
        cells: [mine[0]?.labels['application'] ?? application, '', '', '', amountText(sum, currency)],
      },
      ...mine.map((item) => [
        item.labels['product'] ?? item.key['product'] ?? '',
        item.key['environment'] ?? '',
        item.quantity === null ? '' : figureText(item.quantity, 2),
        item.unit ?? '',
        item.unpriced === item.lines ? '–' : amountText(item.cost, currency),
      ]),
    ];
  });
  const residue = roundingOf(items, currency);
  return residue === '0' ? rows : [...rows, ['Rounding', '', '', '', amountText(residue, currency)]];
}

/** The rounded total − the rounded lines. */
function roundingOf(items: readonly CostItem[], currency: string): string {
  const places = placesOf(currency);
  const exact = items.map(({ cost }) => parseDecimal(cost));
  const shown = sumDecimals(exact.map((cost) => roundHalfUp(cost, places)));
  return formatDecimal(subtractDecimal(roundHalfUp(sumDecimals(exact), places), shown));
}

function amountText(amount: string, currency: string): string {
  return figureText(amount, placesOf(currency));
}

function placesOf(currency: string): number {
  return currencyExponent(currency) ?? 2;
}

function percent(share: string): string {
  const { units, scale } = parseDecimal(share);
  return formatDecimal({ units: units * 100n, scale });
}
