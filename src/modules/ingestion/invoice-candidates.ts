import {
  compareDecimal,
  type Decimal,
  formatDecimal,
  isZero,
  negateDecimal,
  roundHalfUp,
  subtractDecimal,
  sumDecimals,
} from '../../platform/kernel/index.ts';

/** What a month is made of, by ChargeCategory; `other` is a category that FOCUS does not know. */
export type InvoicePart = 'usage' | 'purchases' | 'tax' | 'credits' | 'adjustments' | 'other';

/** Rows of one invoice and category. `rounded`: Σ of the lines, each rounded to the minor unit. */
export interface InvoiceLine {
  readonly invoiceId: string | null;
  readonly part: InvoicePart;
  readonly rows: number;
  readonly billed: Decimal;
  readonly rounded: Decimal;
}

/** How the provider may have rounded: the sum once, each invoice, or each line. */
export type RoundingMode = 'total' | 'invoice' | 'line';

/** A reading of the month that gives the printed total exactly. */
export interface Candidate {
  /** What was left out: `tax`, `credits`, `adjustments`, `uninvoiced`. None: all rows. */
  readonly without: readonly string[];
  /** Set when it is the total of this invoice alone. */
  readonly invoiceId: string | null;
  readonly rounding: RoundingMode;
  /** From the compared BilledCost to the printed total: billedCost + Σ amount = invoiceTotal. */
  readonly steps: readonly { readonly step: string; readonly amount: string }[];
}

/** What an invoice may leave out, and which rows that are. */
const exclusions: readonly { readonly name: string; readonly holds: (line: InvoiceLine) => boolean }[] = [
  { name: 'tax', holds: ({ part }) => part === 'tax' },
  { name: 'credits', holds: ({ part }) => part === 'credits' },
  { name: 'adjustments', holds: ({ part }) => part === 'adjustments' },
  { name: 'uninvoiced', holds: ({ invoiceId }) => invoiceId === null },
];

export interface Search {
  readonly total: Decimal;
  readonly lines: readonly InvoiceLine[];
  readonly places: number;
  readonly wholeMonth: boolean;
}

/** A total of 0 fits many empty invoices; nobody reads more than this. */
const candidateLimit = 20;

/** Tries every subset of the exclusions on the whole and on each invoice, with each way of rounding; the simplest first. */
export function candidatesFor(search: Search): Candidate[] {
  const { lines, wholeMonth } = search;
  const invoices = [...byInvoice(lines)].filter(([invoiceId]) => invoiceId !== null);
  const scopes = [
    { invoiceId: null, own: lines },
    ...(wholeMonth && byInvoice(lines).size > 1
      ? invoices.map(([invoiceId, own]) => ({ invoiceId, own: own as readonly InvoiceLine[] }))
      : []),
  ];
  const found = scopes.flatMap(({ invoiceId, own }) =>
    subsets(exclusions.filter(({ holds }) => own.some(holds))).flatMap((left) => {
      const kept = own.filter((line) => !left.some(({ holds }) => holds(line)));
      return kept.length === 0 ? [] : tryRoundings(search, { invoiceId, own, kept, left });
    }),
  );
  const steps = ({ without, invoiceId }: Candidate) => without.length + (invoiceId === null ? 0 : 1);
  return found.sort((a, b) => steps(a) - steps(b)).slice(0, candidateLimit);
}

/** At most one candidate for these rows: the first way of rounding that gives the printed total. */
function tryRoundings(
  { total, lines, places }: Search,
  tried: {
    readonly invoiceId: string | null;
    readonly own: readonly InvoiceLine[];
    readonly kept: readonly InvoiceLine[];
    readonly left: typeof exclusions;
  },
): Candidate[] {
  const { invoiceId, own, kept, left } = tried;
  const rounding = (['total', 'invoice', 'line'] as const).find(
    (mode) => compareDecimal(roundedSum(kept, mode, places), total) === 0,
  );
  if (!rounding) return [];
  const others = subtractDecimal(sumOf(own), sumOf(lines));
  let rest = own;
  const steps = [{ step: 'other invoices', amount: others }];
  for (const { name, holds } of left) {
    steps.push({ step: `without ${name}`, amount: negateDecimal(sumOf(rest.filter(holds))) });
    rest = rest.filter((line) => !holds(line));
  }
  steps.push({ step: `rounding per ${rounding}`, amount: subtractDecimal(total, sumOf(kept)) });
  return [
    {
      without: left.map(({ name }) => name),
      invoiceId,
      rounding,
      steps: steps
        .filter(({ amount }) => !isZero(amount))
        .map(({ step, amount }) => ({ step, amount: formatDecimal(amount) })),
    },
  ];
}

function subsets<T>(items: readonly T[]): T[][] {
  let all: T[][] = [[]];
  for (const item of items) all = all.concat(all.map((some) => some.concat(item)));
  return all;
}

/** Σ BilledCost, exact. */
export function sumOf(lines: readonly InvoiceLine[]): Decimal {
  return sumDecimals(lines.map(({ billed }) => billed));
}

/** Σ BilledCost with the total, each invoice or each line rounded half-up to the minor unit. */
export function roundedSum(lines: readonly InvoiceLine[], mode: RoundingMode, places: number): Decimal {
  switch (mode) {
    case 'total':
      return roundHalfUp(sumOf(lines), places);
    case 'invoice':
      return sumDecimals([...byInvoice(lines).values()].map((own) => roundHalfUp(sumOf(own), places)));
    case 'line':
      return sumDecimals(lines.map(({ rounded }) => rounded));
  }
}

/** The lines of each invoice, in order; rows without one under null. */
export function byInvoice(lines: readonly InvoiceLine[]): Map<string | null, InvoiceLine[]> {
  const invoices = new Map<string | null, InvoiceLine[]>();
  for (const line of lines) {
    const own = invoices.get(line.invoiceId) ?? [];
    own.push(line);
    invoices.set(line.invoiceId, own);
  }
  return invoices;
}
