import {
  addDecimal,
  type Caller,
  currencyExponent,
  type Decimal,
  formatDecimal,
  formatFixed,
  isZero,
  parseDecimal,
  subtractDecimal,
  sumDecimals,
  zero,
} from '../../platform/kernel/index.ts';
import { type Row, StatementError } from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import {
  type NativeMonthRead,
  type NativeMonthSums,
  readNativeMonth,
  reconcileInvoice,
} from '../ingestion/index.ts';
import { billedSums } from './bill-sql.ts';
import { compare, type LineHead, remark, tell } from './check-line.ts';
import type { CheckLine, InvoiceTotal } from './contract.ts';
import type { CloseMonth, CloseWorld, MonthSource } from './month-state.ts';

/** What the bill of a source is held against, and what was accepted about it. */
export interface BillAsked {
  readonly period: string;
  /** Printed totals of invoices, of any source. */
  readonly invoices: readonly InvoiceTotal[];
  /** Sources whose bill is not waited for, or may have rows in quarantine. */
  readonly accepted: ReadonlySet<string>;
}

/** A bill from both sides: the native copies, and the rows that were made of them. */
interface BillRead {
  readonly native: NativeMonthRead;
  readonly converted: readonly Row[];
}

/**
 * Lines about the bills of a month, source by source: the original against what was made of it (`import`), the bill against the
 * provider's invoice, BilledCost against EffectiveCost by named parts. Both sides of each are read from the lake.
 */
export async function billLines(
  world: CloseWorld,
  caller: Caller,
  { sources, period }: CloseMonth,
  asked: Omit<BillAsked, 'period'>,
): Promise<CheckLine[]> {
  const lines: CheckLine[] = [];
  for (const one of sources) lines.push(...(await linesOfSource(world, caller, one, { ...asked, period })));
  return lines;
}

async function linesOfSource(
  world: CloseWorld,
  caller: Caller,
  one: MonthSource,
  asked: BillAsked,
): Promise<CheckLine[]> {
  if (!one.isThere) return [absentLine(one, asked)];
  const read = await readBill(world, caller, one.source, asked.period);
  if (read === undefined) return [unreadableLine(one, asked.period)];
  const currencies = [
    ...new Set([
      ...read.native.currencies.map(({ currency }) => currency),
      ...read.converted.map((row) => String(row['currency'])),
    ]),
  ].sort();
  return [
    ...currencies.flatMap((currency) => importLines(one, asked, read, currency)),
    ...(await invoiceLines(world, caller, one, asked, read)),
    ...currencies.flatMap((currency) => bridgeLines(one, asked, read, currency)),
  ];
}

/** Undefined where files of the lake cannot be read. */
async function readBill(
  { workspace }: CloseWorld,
  { scope }: Caller,
  source: string,
  period: string,
): Promise<BillRead | undefined> {
  const { lake } = workspace;
  const engine = await workspace.engine();
  try {
    const native = await readNativeMonth(engine, lake, scope, { source, period });
    const { relation } = await lake.selectMonth(scope, costDataset, { source, period });
    return { native, converted: await engine.session((session) => billedSums(session, relation)) };
  } catch (error) {
    if (error instanceof StatementError) return undefined;
    throw error;
  }
}

function headOf(step: LineHead['step'], what: string, one: MonthSource, period: string): LineHead {
  return {
    step,
    what,
    subject: { source: one.source, entity: one.entity },
    link: `/api/v1/periods/${encodeURIComponent(one.source)}/${period}`,
    command: `finops periods list --source ${one.source} --from ${period} --to ${period}`,
  };
}

function absentLine(one: MonthSource, { period, accepted }: BillAsked): CheckLine {
  const head = headOf('import', 'a bill of the month', one, period);
  const note = accepted.has(one.source)
    ? 'There is no bill of the month; the month was closed without it.'
    : `Import it with 'finops import', or close without it: --accept-missing ${one.source}.`;
  const link = '/api/v1/sources';
  return remark({ ...head, link }, 'missing', { left: 'bill', right: 'lake', note });
}

function unreadableLine(one: MonthSource, period: string): CheckLine {
  const head = headOf('import', 'files of the bill', one, period);
  const note = `Files of the lake cannot be read. 'finops snapshots verify' names them; a backup has them, or import the bill again with --again.`;
  return remark(head, 'broken', { left: 'bill', right: 'lake', note });
}

function importLines(
  one: MonthSource,
  { period, accepted }: BillAsked,
  { native, converted }: BillRead,
  currency: string,
): CheckLine[] {
  const sums = native.currencies.find((own) => own.currency === currency);
  const rows = converted.filter((row) => row['currency'] === currency);
  const link = `/api/v1/imports/${native.importId}`;
  const head = { ...headOf('import', '', one, period), link };
  const adjustments = (sums?.adjustments ?? []).map(({ amount }) => parseDecimal(amount));
  const made = addDecimal(
    addDecimal(sumOf(rows, 'billed'), sumDecimals(adjustments)),
    parseDecimal(sums?.quarantined.cost ?? '0'),
  );
  const cost = compare(
    { ...head, what: 'native = billed + adjustments + quarantined' },
    {
      left: ['native', sums?.cost ?? '0'],
      right: ['billed + adjustments + quarantined', formatDecimal(made)],
      currency,
    },
    { ties: saidOf(native, sums), broken: tampered },
  );
  const written = countOf(rows, 'rows') - countOf(rows, 'synthesised') + (sums?.quarantined.rows ?? 0);
  const count = compare(
    { ...head, what: 'rows read = written + quarantined' },
    {
      left: ['read', String(sums?.rows ?? 0)],
      right: ['written + quarantined', String(written)],
      unit: 'rows',
    },
    { broken: tampered },
  );
  const out = sums?.quarantined ?? { rows: 0, cost: '0' };
  if (out.rows === 0) return [cost, count];
  const kept = accepted.has(one.source)
    ? 'This was accepted when the month was closed.'
    : `Mend the bill and import it again, or close without these rows: --accept-missing ${one.source}.`;
  const note = `${out.rows} row(s) cannot be read and are in nobody's books. ${kept}`;
  const sides = { left: ['in quarantine', out.cost], right: ['accepted', '0'], currency } as const;
  return [cost, count, tell({ ...head, what: quarantine }, sides, note)];
}

/** Of the line that says what a bill has in quarantine. */
const quarantine = 'nothing in quarantine';

/** Why bills of a month are not whole, from the lines about them: sources without a bill, and with cost in quarantine. */
export function missingIn(
  lines: readonly CheckLine[],
): { readonly source: string; readonly entity: string | null; readonly why: string }[] {
  return lines
    .filter(({ step }) => step === 'import')
    .flatMap(({ state, what, subject, difference, currency }) => {
      const of = { source: subject['source'] ?? '', entity: subject['entity'] ?? null };
      if (state === 'missing') return [{ ...of, why: 'no bill' }];
      if (what !== quarantine || difference === '0') return [];
      return [{ ...of, why: `${difference} ${currency} in quarantine` }];
    });
}

const tampered =
  "What lies in the lake is not what the bill says. 'finops snapshots verify' finds files that were changed; import the bill again with --again.";

/** How a bill stands that ties. */
function saidOf({ final }: NativeMonthRead, sums: NativeMonthSums | undefined): string {
  const state = final ? 'The provider has closed it.' : 'The provider may still change it.';
  const adjusted = (sums?.adjustments ?? []).map(({ rule, amount }) => `${rule} ${amount}`);
  return adjusted.length === 0 ? state : `${state} Adjustments: ${adjusted.join(', ')}.`;
}

async function invoiceLines(
  world: CloseWorld,
  { scope }: Caller,
  one: MonthSource,
  { period, invoices }: BillAsked,
  { converted }: BillRead,
): Promise<CheckLine[]> {
  const { source } = one;
  const lines: CheckLine[] = [];
  const link = `/api/v1/periods/${encodeURIComponent(source)}/${period}`;
  for (const { total, currency } of invoices.filter((invoice) => invoice.source === source)) {
    const asked = { source, period, invoiceTotal: total, currency };
    const engine = await world.workspace.engine();
    const tied = await reconcileInvoice(engine, world.workspace.lake, scope, asked);
    const [first] = tied.candidates;
    const hint =
      first === undefined
        ? 'Nothing simple gives the printed total.'
        : `It would tie ${first.without.length > 0 ? `without ${first.without.join(' and ')}` : ''}${first.invoiceId === null ? '' : ` as invoice ${first.invoiceId} alone`}, rounded per ${first.rounding}.`;
    const command = `finops reconcile --source ${source} --month ${period} --invoice-total ${total}`;
    lines.push(
      compare(
        { ...headOf('invoice', 'bill = invoice', one, period), link, command },
        {
          left: ['bill, rounded', tied.rounded],
          right: ['invoice', tied.invoiceTotal],
          currency: tied.currency,
        },
        { broken: `${hint} The command shows every part.` },
      ),
    );
  }
  const said = new Set(lines.map(({ currency }) => currency));
  const open = [...new Set(converted.map((row) => String(row['currency'])))].filter(
    (currency) => !said.has(currency),
  );
  return [...lines, ...open.flatMap((currency) => openInvoice(one, period, converted, currency))];
}

/** Rows name invoices whose total nobody has said. */
function openInvoice(
  one: MonthSource,
  period: string,
  converted: readonly Row[],
  currency: string,
): CheckLine[] {
  const rows = converted.filter((row) => row['currency'] === currency);
  if (countOf(rows, 'invoiced') === 0) return [];
  const command = `finops reconcile --source ${one.source} --month ${period} --invoice-total TOTAL`;
  const billed = formatFixed(sumOf(rows, 'billed'), currencyExponent(currency) ?? 2);
  const note = `Say the printed total with --invoice ${one.source}=TOTAL; the bill comes to ${billed} ${currency}.`;
  const head = { ...headOf('invoice', 'bill = invoice', one, period), command };
  const line = remark(head, 'missing', { left: 'bill, rounded', right: 'invoice', note });
  return [{ ...line, left: { label: 'bill, rounded', amount: billed }, currency }];
}

const partsOfBridge: Readonly<Record<string, string>> = {
  'commitment-purchases': 'purchases of commitments',
  'commitment-used': 'commitments used',
  'commitment-unused': 'commitments unused',
  'prepaid-purchases': 'prepaid purchases',
  'prepaid-used': 'prepaid, used',
};

function bridgeLines(
  one: MonthSource,
  { period }: BillAsked,
  { native, converted }: BillRead,
  currency: string,
): CheckLine[] {
  const rows = converted.filter((row) => row['currency'] === currency);
  if (rows.length === 0) return [];
  const head = {
    ...headOf('bridge', 'effective = billed + named parts', one, period),
    command: 'finops report run billed-to-effective-bridge',
  };
  if (countOf(rows, 'valued') === 0) {
    const note = 'The bill has no EffectiveCost: months are allocated at another cost.';
    return [remark(head, 'missing', { left: 'effective', right: 'billed', note })];
  }
  const named = Object.entries(partsOfBridge).flatMap(([part, label]) => {
    const own = rows.filter((row) => row['part'] === part);
    const amount = subtractDecimal(sumOf(own, 'effective'), sumOf(own, 'billed'));
    return isZero(amount) ? [] : [{ label, amount }];
  });
  const explained = named.reduce((sum, { amount }) => addDecimal(sum, amount), sumOf(rows, 'billed'));
  const sides = {
    left: ['effective', formatDecimal(sumOf(rows, 'effective'))],
    right: ['billed + named parts', formatDecimal(explained)],
    currency,
  } as const;
  const parts = named.map(({ label, amount }) => `${label} ${formatDecimal(amount)}`).join(', ');
  const ties = parts === '' ? 'No commitment: what was billed is what it cost.' : `Parts: ${parts}.`;
  const line = compare(head, sides, { ties, broken: tampered });
  // A bill may hold what nobody explains, such as what was paid for in advance: the import has said so.
  const said = native.currencies.find((own) => own.currency === currency)?.unexplained ?? '0';
  if (line.state === 'ties' || line.difference !== said) return [line];
  const note = `Rows without a commitment differ in both costs; the import has said so. ${ties}`;
  return [tell({ ...head, what: 'unexplained between billed and effective' }, sides, note)];
}

function countOf(rows: readonly Row[], column: string): number {
  return rows.reduce((sum, row) => sum + Number(row[column]), 0);
}

function sumOf(rows: readonly Row[], column: string): Decimal {
  return rows.reduce((sum, row) => addDecimal(sum, parseDecimal(String(row[column]))), zero);
}
