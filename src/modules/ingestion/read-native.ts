import {
  type Decimal,
  formatDecimal,
  isCurrency,
  type Scope,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import {
  type Engine,
  findSnapshot,
  type Lake,
  type Session,
  type VisibleManifest,
} from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { monthsOfGroups } from './books.ts';
import { converterOf } from './choose-converter.ts';
import { type Adjustment, adjustmentsOf, type NativeGroup } from './gate.ts';
import { nativeGroups } from './gate-sql.ts';
import { companionOf, type ImportOrigin, type OriginFile, originOf } from './origin.ts';
import { nativeCopy, quarantinedCopy } from './read-native-sql.ts';

/** What the native copies of a month's bill add up to in one currency. Signed decimal texts. */
export interface NativeMonthSums {
  readonly currency: string;
  /** Rows of the bill, those in quarantine included. */
  readonly rows: number;
  /** Σ of the bill's own cost column, each value rounded half-up at 12 decimals. */
  readonly cost: string;
  /** Native cost that is not billed as such, by named rule. */
  readonly adjustments: readonly Adjustment[];
  /** Rows that were left out of the books, and their native cost. */
  readonly quarantined: { readonly rows: number; readonly cost: string };
  /** What the import said of the step from BilledCost to EffectiveCost that no commitment explains; null: nothing. */
  readonly unexplained: string | null;
}

/** The native side of a month, read again. */
export interface NativeMonthRead {
  readonly importId: string;
  /** The provider has closed the month. */
  readonly final: boolean;
  readonly currencies: readonly NativeMonthSums[];
}

/**
 * Adds up the native copies of the current snapshot of a source's month once more, by the bill's own cost column: the side of the
 * gate that shares nothing with the conversion. Converted rows are not looked at. Refuses with `lake.unknownMonth`, and so for a
 * month out of scope.
 *
 * A bill of 10 and 2.5 USD of which the second row is in quarantine: rows 2, cost 12.5, quarantined 1 row of 2.5.
 */
export async function readNativeMonth(
  engine: Engine,
  lake: Lake,
  scope: Scope,
  { source, period }: { readonly source: string; readonly period: string },
): Promise<NativeMonthRead> {
  const manifest = await lake.visible(scope);
  const entry = findSnapshot(manifest, { dataset: costDataset.name, source, period });
  const origin = originOf(await lake.describe(scope, { dataset: costDataset.name, source, period }));
  const quarantine = quarantineOf(manifest, lake, { source, origin });
  const of = { period, home: homeOf(origin) };
  return engine.session(async (session) => {
    const whole: Group[] = [];
    const out: Group[] = [];
    for (const file of origin.files) {
      const copy = lake.resolve(file.native);
      whole.push(...(await groupsOf(session, file, nativeCopy(copy), of)));
      if (quarantine.length > 0)
        out.push(
          ...(await groupsOf(session, file, quarantinedCopy(copy, { quarantine, number: file.number }), of)),
        );
    }
    const currencies = sumsOf(whole, out).map((sums) => ({
      ...sums,
      unexplained: unexplainedOf(origin, { period, currency: sums.currency }),
    }));
    return { importId: entry.id, final: entry.final, currencies };
  });
}

/** Files of the rows that the import left out; they lie with the first of its months. */
function quarantineOf(
  manifest: VisibleManifest,
  lake: Lake,
  { source, origin }: { readonly source: string; readonly origin: ImportOrigin },
): string[] {
  const dataset = companionOf(costDataset.name, 'quarantine');
  const partition = manifest.partitions.find(
    (one) => one.dataset === dataset && one.source === source && one.period === origin.months[0],
  );
  const entries = [...(partition?.current ? [partition.current] : []), ...(partition?.history ?? [])];
  const entry = entries.find(({ id }) => id === origin.importId);
  return (entry?.files ?? []).map(({ path }) => lake.resolve(path));
}

/** A month and currency of a delivery. */
interface Place {
  readonly period: string | null;
  readonly currency: string;
}

/** The first month and currency of a delivery: where rows in quarantine count that name no month or no currency. */
function homeOf({ entries }: ImportOrigin): Place | undefined {
  const [first] = entries
    .flatMap(({ billingPeriod, currency }) =>
      billingPeriod === null || currency === null ? [] : [{ period: billingPeriod, currency }],
    )
    .sort((a, b) => (`${a.period} ${a.currency}` < `${b.period} ${b.currency}` ? -1 : 1));
  return first;
}

type Group = NativeGroup & { readonly month: string };

/** Groups of a file's rows in the month, each with its currency in words of ours (`month`). */
async function groupsOf(
  session: Session,
  { choices }: OriginFile,
  from: string,
  { period, home }: { readonly period: string; readonly home: Place | undefined },
): Promise<Group[]> {
  const { converter } = converterOf(choices);
  if (converter.nativeCost === undefined) return [];
  const groups = await nativeGroups(session, {
    from,
    cost: converter.nativeCost,
    period: converter.periodColumn?.name,
    currency: converter.currencyColumn,
    kind: converter.kindColumn,
  });
  const { dateOrder, labels, periodColumn } = converter;
  const reading = { dateOrder, isLabel: periodColumn?.isLabel ?? false, ...labels };
  return monthsOfGroups(groups, reading, periodColumn !== undefined)
    .map((month) => ({
      ...month,
      period: month.period ?? home?.period,
      currency: isCurrency(month.currency) ? month.currency : (home?.currency ?? month.currency),
    }))
    .filter((month) => month.period === period)
    .flatMap((month) => month.groups.map((group) => ({ ...group, month: month.currency })));
}

function unexplainedOf({ entries }: ImportOrigin, { period, currency }: Place): string | null {
  const entry = entries.find((one) => one.billingPeriod === period && one.currency === currency);
  return entry?.bridge.find(({ part }) => part === 'unexplained')?.amount ?? null;
}

function sumsOf(whole: readonly Group[], out: readonly Group[]): Omit<NativeMonthSums, 'unexplained'>[] {
  const currencies = [...new Set(whole.map(({ month }) => month))].sort();
  return currencies.map((currency) => {
    const own = whole.filter(({ month }) => month === currency);
    const left = out.filter(({ month }) => month === currency);
    return {
      currency,
      rows: rowsOf(own),
      cost: formatDecimal(costOf(own)),
      adjustments: adjustmentsOf(own),
      quarantined: { rows: rowsOf(left), cost: formatDecimal(costOf(left)) },
    };
  });
}

function rowsOf(groups: readonly NativeGroup[]): number {
  return groups.reduce((sum, { rows }) => sum + rows, 0);
}

function costOf(groups: readonly NativeGroup[]): Decimal {
  return sumDecimals(groups.map(({ cost }) => cost));
}
