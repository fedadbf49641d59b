import {
  addDecimal,
  formatDecimal,
  parseDecimal,
  type Scope,
  subtractDecimal,
  zero,
} from '../../platform/kernel/index.ts';
import {
  type Engine,
  findPartition,
  findSnapshot,
  identifier,
  type Lake,
  lakeErrors,
  type Row,
  type Selection,
  type SnapshotEntry,
  sourcesIn,
  type VisibleManifest,
} from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { ingestionErrors } from './errors.ts';
import { type ChangeKey, compareSnapshots, readChanges } from './months-sql.ts';

/**
 * What two versions of a month may be compared by. `x_UsageType`: the provider's usage type, SkuMeter where a row has
 * none. `day`: the UTC day on which the charge period begins.
 */
export const diffDimensions = ['SubAccountId', 'ServiceName', 'x_UsageType', 'ResourceId', 'day'] as const;
export type DiffDimension = (typeof diffDimensions)[number];

/** A figure on both sides, and to − from. Costs are decimal strings. */
export interface Change<T> {
  readonly from: T;
  readonly to: T;
  readonly difference: T;
}

/** Rows and costs of one currency on both sides. */
export interface MonthChange {
  readonly currency: string;
  readonly rows: Change<number>;
  readonly BilledCost: Change<string>;
  readonly EffectiveCost: Change<string>;
}

/** Two snapshots of a month, compared: the differences of the groups, with `rest`, sum exactly to those of `totals`. */
export interface MonthDiff {
  readonly source: string;
  readonly period: string;
  readonly from: DiffSide;
  readonly to: DiffSide;
  readonly by: readonly DiffDimension[];
  /** One line per currency, different or not. */
  readonly totals: readonly MonthChange[];
  /** The groups that differ, the largest difference of cost first. */
  readonly groups: readonly (MonthChange & { readonly key: Readonly<Record<string, string | null>> })[];
  /** Groups that differ in all; beyond the limit they are not listed. */
  readonly groupsInAll: number;
  /** What the groups that are not listed add up to, per currency; empty when all are listed. */
  readonly rest: readonly {
    readonly currency: string;
    readonly rows: number;
    readonly BilledCost: string;
    readonly EffectiveCost: string;
  }[];
}

export interface DiffSide {
  readonly snapshot: string;
  readonly createdAt: string;
}

/**
 * What changed between two snapshots of a month; from the one before to the current one unless told otherwise. Rows are
 * never matched one to one, because line ids are not stable between deliveries: groups are compared.
 * Refuses with `lake.unknownMonth` (and so for a month out of scope), `lake.unknownSnapshot`, `lake.nothingEarlier`, with
 * `ingestion.unknownWord`, and a scope that shows no rows.
 */
export async function diffMonth(
  engine: Engine,
  lake: Lake,
  scope: Scope,
  asked: {
    readonly source: string;
    readonly period: string;
    /** Snapshot ids, or unique beginnings of 6 or more characters. */
    readonly from?: string | undefined;
    readonly to?: string | undefined;
    /** Groups are the combinations that occur; none compares the totals alone. */
    readonly by: readonly string[];
    /** How many groups to list. Default 1000. */
    readonly limit?: number | undefined;
  },
): Promise<MonthDiff> {
  const { source, period, limit = 1000 } = asked;
  const by = asked.by.map(dimensionOf);
  sourcesIn(scope);
  const sides = sidesOf(await lake.visible(scope), asked);
  const select = ({ id }: SnapshotEntry) =>
    lake.selectMonth(scope, costDataset, { source, period, snapshot: id });
  const [from, to] = [await select(sides.from), await select(sides.to)];
  const relations = { from: from.relation, to: to.relation };
  const keys = by.map((name): ChangeKey => ({ name, from: keySql(name, from), to: keySql(name, to) }));

  return engine.session(async (session) => {
    await compareSnapshots(session, relations, []);
    const totals = (await readChanges(session, 0, 1000)).shown
      .map(changeOf)
      .sort((a, b) => (a.currency < b.currency ? -1 : 1));
    await compareSnapshots(session, relations, keys);
    const { shown, groups: groupsInAll } = await readChanges(session, keys.length, limit);
    const groups = keys.length === 0 ? [] : shown.map((row) => ({ key: keyOf(row, by), ...changeOf(row) }));
    const whole = keys.length === 0 || groupsInAll <= limit;
    return {
      source,
      period,
      from: { snapshot: sides.from.id, createdAt: sides.from.createdAt },
      to: { snapshot: sides.to.id, createdAt: sides.to.createdAt },
      by,
      totals,
      groups,
      groupsInAll: keys.length === 0 ? 0 : groupsInAll,
      rest: whole ? [] : totals.map((total) => restOf(total, groups)),
    };
  });
}

function dimensionOf(name: string): DiffDimension {
  const found = diffDimensions.find((dimension) => dimension === name);
  if (!found) {
    throw ingestionErrors.unknownWord({ option: '--by', value: name, allowed: diffDimensions.join(', ') });
  }
  return found;
}

function sidesOf(
  manifest: VisibleManifest,
  asked: {
    readonly source: string;
    readonly period: string;
    readonly from?: string | undefined;
    readonly to?: string | undefined;
  },
): { readonly from: SnapshotEntry; readonly to: SnapshotEntry } {
  const key = { dataset: costDataset.name, source: asked.source, period: asked.period };
  const to = findSnapshot(manifest, { ...key, snapshot: asked.to });
  if (asked.from !== undefined) return { to, from: findSnapshot(manifest, { ...key, snapshot: asked.from }) };
  const { history } = findPartition(manifest, key);
  const before = history[history.findIndex(({ id }) => id === to.id) + 1];
  if (!before) throw lakeErrors.nothingEarlier(key);
  return { to, from: before };
}

function keySql(name: DiffDimension, { columns }: Selection): string {
  if (name === 'day') return `strftime(ChargePeriodStart, '%Y-%m-%d')`;
  if (name === 'x_UsageType') return columns.has(name) ? 'coalesce(x_UsageType, SkuMeter)' : 'SkuMeter';
  return identifier(name);
}

function keyOf(row: Row, by: readonly DiffDimension[]): Record<string, string | null> {
  return Object.fromEntries(by.map((name, index) => [name, (row[`key_${index}`] ?? null) as string | null]));
}

function changeOf(row: Row): MonthChange {
  const cost = (name: string): Change<string> => {
    const [from, to] = [String(row[`${name}_from`]), String(row[`${name}_to`])];
    return { from, to, difference: minus(to, from) };
  };
  const rows = { from: Number(row['rows_from']), to: Number(row['rows_to']) };
  return {
    currency: String(row['currency']),
    rows: { ...rows, difference: rows.to - rows.from },
    BilledCost: cost('billed'),
    EffectiveCost: cost('effective'),
  };
}

function restOf(total: MonthChange, groups: readonly MonthChange[]): MonthDiff['rest'][number] {
  const shown = groups.filter(({ currency }) => currency === total.currency);
  const cost = (name: 'BilledCost' | 'EffectiveCost') => {
    const sum = shown.map((group) => parseDecimal(group[name].difference)).reduce(addDecimal, zero);
    return minus(total[name].difference, formatDecimal(sum));
  };
  return {
    currency: total.currency,
    rows: total.rows.difference - shown.reduce((sum, group) => sum + group.rows.difference, 0),
    BilledCost: cost('BilledCost'),
    EffectiveCost: cost('EffectiveCost'),
  };
}

function minus(a: string, b: string): string {
  return formatDecimal(subtractDecimal(parseDecimal(a), parseDecimal(b)));
}
