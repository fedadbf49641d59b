import {
  type Decimal,
  formatDecimal,
  type Issue,
  isZero,
  noCurrency,
  parseDecimal,
  subtractDecimal,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import type { Engine, Row, Selection } from '../../platform/warehouse/index.ts';
import { compileQualityChecks, qualityIssues } from '../focus/index.ts';
import { converterOf } from './choose-converter.ts';
import type { ImportEntry } from './contract.ts';
import { columnKey } from './convert/native-columns.ts';
import type { PreparedFile } from './prepare-file.ts';

/** What is worth knowing of the files themselves: lift reports, lenient reading, what stood in for a missing column. */
export function fileIssues(files: readonly PreparedFile[]): Issue[] {
  return files.flatMap((file) => {
    const path = file.staged.uri;
    const lift = converterOf(file.choices).report.map((issue) => ({
      ...issue,
      path: issue.path === '' ? path : `${path}: ${issue.path}`,
    }));
    return [...lift, ...readingIssues(file, path), ...quarantineIssues(file, path)];
  });
}

function readingIssues({ staged, choices, converter }: PreparedFile, path: string): Issue[] {
  const issues: Issue[] = [];
  const add = (code: string, severity: Issue['severity'], message: string) =>
    issues.push({ code: `ingestion.${code}`, severity, path, message });
  if (staged.mode === 'lenient')
    add(
      'lenientReading',
      'warning',
      'The CSV is not well-formed and was read in lenient mode: short rows padded, long rows cut.',
    );
  if (choices.dateOrder !== 'iso')
    add(
      'dateOrder',
      'warning',
      `Dates are not ISO 8601; they were read as ${choices.dateOrder === 'mdy' ? 'month/day/year' : 'day/month/year'}, because billing periods are whole months only so.`,
    );
  if (choices.grossAlone > 0)
    add(
      'netCostsPartly',
      'warning',
      `${choices.grossAlone} row(s) have a gross cost and no net one: gross costs were taken for the whole file, discounts by their own rows.`,
    );
  if (choices.net)
    add('netCosts', 'info', `Costs are net of discounts (${converter.nativeCost}), for the whole file.`);
  const { currency } = converter.labels;
  // A mapping may name a constant: then the currency is neither missing nor given.
  const isConstant = currency !== noCurrency && choices.currency === undefined;
  if (converter.currencyColumn === undefined && converter.dataset.roles.costs.length > 0 && !isConstant) {
    add(
      'currencyMissing',
      'warning',
      currency === noCurrency
        ? `The file names no currency: its costs are kept apart as ${noCurrency}. Pass --currency CODE.`
        : `The file names no currency: ${currency} was given.`,
    );
  }
  if (converter.periodColumn?.isLabel === false)
    add(
      'periodFromCharge',
      'info',
      `The file names no billing month: it is the month of ${converter.periodColumn.name}.`,
    );
  return issues;
}

function quarantineIssues(file: PreparedFile, path: string): Issue[] {
  const rules = new Set(file.quarantine.map(({ rule }) => rule));
  return [...rules].map((rule) => {
    const rows = file.quarantine.filter((row) => row.rule === rule);
    const first = rows[0];
    return {
      code: `ingestion.quarantine.${rule}`,
      severity: 'error',
      path: `${path}, row ${first?.row}`,
      message: `${rows.length} row(s) left out by rule ${rule}, first ${first?.field} '${first?.value}'. They are kept in quarantine.`,
      rows: rows.length,
    };
  });
}

/** Columns that came or went since the last delivery of the source; `before` are the columns of that one. */
export function driftIssues(before: readonly string[], files: readonly PreparedFile[]): Issue[] {
  const first = files[0];
  if (before.length === 0 || !first) return [];
  const known = new Set(before.map(columnKey));
  const now = new Set(first.choices.columns.map(({ name }) => columnKey(name)));
  const came = first.choices.columns
    .filter(({ name }) => !known.has(columnKey(name)))
    .map(({ name }) => name);
  const went = before.filter((name) => !now.has(columnKey(name)));
  const drift = (code: string, names: readonly string[], message: string): Issue[] =>
    names.length === 0
      ? []
      : [
          {
            code: `ingestion.${code}`,
            severity: 'warning',
            path: first.staged.uri,
            message: `${message}: ${names.join(', ')}.`,
          },
        ];
  return [
    ...drift('columnsAdded', came, 'Columns that the last delivery did not have'),
    ...drift('columnsGone', went, 'Columns of the last delivery that are gone'),
  ];
}

/** Identities of a converted month that may fail for one month alone: findings with their amount, never refusals. */
export function findingsOf(month: {
  readonly path: string;
  readonly converted: readonly Row[];
  readonly entries: readonly ImportEntry[];
}): Issue[] {
  return month.entries.flatMap((entry) => [
    ...negationIssues(entry, month.path),
    ...bridgeIssues(entry, month.path),
    ...commitmentIssues(
      month.converted.filter((row) => row['currency'] === entry.currency),
      month.path,
    ),
  ]);
}

/** Quality checks of FOCUS over stored rows: which rows break them, and the cost at stake. */
export async function qualityOf(
  engine: Engine,
  selection: Pick<Selection, 'relation' | 'columns'>,
  path: string,
): Promise<Issue[]> {
  return qualityIssues(await engine.rows(compileQualityChecks(selection.relation, selection.columns)), path);
}

function commitmentIssues(converted: readonly Row[], path: string): Issue[] {
  const kinds = new Set(converted.map((row) => row['commitment']).filter((kind) => typeof kind === 'string'));
  return [...kinds].flatMap((kind) => {
    const rows = converted.filter((row) => row['commitment'] === kind);
    const bought = sumOf(rows, 'BilledCost', ['commitment-purchases']);
    const amortised = sumOf(rows, 'EffectiveCost', ['commitment-used', 'commitment-unused']);
    const difference = subtractDecimal(bought, amortised);
    if (isZero(difference)) return [];
    return [
      {
        code: 'ingestion.commitmentIdentity',
        severity: 'info' as const,
        path,
        message: `${kind}: bought ${formatDecimal(bought)}, used and unused ${formatDecimal(amortised)} in this month. They agree over the term, not in each month: upfront fees are bought once and used for years.`,
        costAtStake: formatDecimal(difference),
        currency: String(rows[0]?.['currency']),
      },
    ];
  });
}

function sumOf(rows: readonly Row[], column: string, parts: readonly string[]): Decimal {
  const chosen = rows.filter((row) => parts.includes(String(row['bridge'])));
  return sumDecimals(chosen.map((row) => parseDecimal(String(row[column] ?? '0'))));
}

/** Covered usage is billed by its plan; AWS takes its on-demand value back in a row of its own. */
function negationIssues(entry: ImportEntry, path: string): Issue[] {
  if (entry.adjustments.length === 0) return [];
  const difference = sumDecimals(entry.adjustments.map(({ amount }) => parseDecimal(amount)));
  if (isZero(difference)) return [];
  return [
    {
      code: 'ingestion.negationMissing',
      severity: 'warning',
      path,
      message: `Savings-plan covered usage and its negation differ by ${formatDecimal(difference)}: rows of the pair are in another file or month, so that the native sum is no invoice total.`,
      costAtStake: formatDecimal(difference),
      ...(entry.currency === null ? {} : { currency: entry.currency }),
    },
  ];
}

function bridgeIssues(entry: ImportEntry, path: string): Issue[] {
  const unexplained = entry.bridge.find(({ part }) => part === 'unexplained');
  if (!unexplained || unexplained.amount === '0') return [];
  return [
    {
      code: 'ingestion.bridgeUnexplained',
      severity: 'warning',
      path,
      message: `BilledCost and EffectiveCost differ by ${unexplained.amount} without a commitment that explains it.`,
      costAtStake: unexplained.amount,
      ...(entry.currency === null ? {} : { currency: entry.currency }),
    },
  ];
}
