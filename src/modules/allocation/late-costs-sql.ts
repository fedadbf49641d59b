import { type Dataset, identifier, literal, type Row, type Session } from '../../platform/warehouse/index.ts';
import { rowsOf, storedCosts, type WrittenFiles } from './checks-sql.ts';
import { allocationDataset, attributionDataset, flowDataset } from './datasets.ts';
import { copy, type FileHead } from './write-run-sql.ts';

/*
 * The delta of a closed month: its figures as they would be now, minus all that is booked for it, row by row. Every equation of the
 * books is a sum, so that it holds for the difference of two sets of rows for which it holds.
 */

/** Files of a closed month: computed with the costs of now, and those that hold what is booked for it (among other rows). */
export interface DeltaFiles {
  readonly now: WrittenFiles;
  readonly booked: WrittenFiles;
}

/** Writes the delta of one dataset, in the books of another month; how many rows. */
export type WriteDelta = (target: string) => Promise<number>;

/** How each dataset's delta is written. `origin`: the closed month. */
export function deltaWriters(
  session: Session,
  head: FileHead,
  origin: string,
  files: DeltaFiles,
): Readonly<Record<keyof WrittenFiles, WriteDelta>> {
  const write = (dataset: Dataset, name: keyof WrittenFiles, order: string): WriteDelta => {
    const select = `${differences(dataset, origin, { now: files.now[name], booked: files.booked[name] })}
order by ${order}`;
    return (target) =>
      copy(session, dataset, head, { day: '"Day"', origin: literal(origin) }, select, target);
  };
  const lane = '"Day", "Dimension", "BillingCurrency", "Side"';
  return {
    attribution: write(attributionDataset, 'attribution', `"NodeId", "RuleId", "BillSource", ${lane}`),
    allocation: write(allocationDataset, 'allocation', `"NodeId", ${lane}`),
    flow: write(
      flowDataset,
      'flow',
      `"ToIndex" nulls last, "FromNode", "EdgeId", "Cause", "Quality", ${lane}`,
    ),
  };
}

/** Columns that all rows of a file share: see `copy`. The day of a row is its own. */
const shared = ['Graph', 'BillingPeriodStart', 'ChargePeriodStart', 'ChargePeriodEnd', 'OriginPeriod'];
/** Numbers of nodes: those of the computation of now, which says the same where it says anything. */
const numbers = ['FromIndex', 'ToIndex'];

function differences(
  dataset: Dataset,
  origin: string,
  files: { readonly now: readonly string[]; readonly booked: readonly string[] },
): string {
  const amounts = storedCosts(dataset);
  const keys = dataset.columns.map(({ name }) => name).filter((name) => !shared.includes(name));
  const kept = keys.filter((name) => !amounts.includes(name) && !numbers.includes(name)).map(identifier);
  const numbered = keys.filter((name) => numbers.includes(name)).map(identifier);
  const rows = (of: readonly string[], sign: string) =>
    `select "ChargePeriodStart" as "Day", ${[...kept, ...numbered].join(', ')},
  ${amounts.map((name) => `${sign}${identifier(name)} as ${identifier(name)}`).join(', ')}
from ${rowsOf(dataset, of)}
where "OriginPeriod" = ${literal(origin)}`;
  const sums = [
    ...numbered.map((name) => `max(${name}) as ${name}`),
    ...amounts.map((name) => `sum(${identifier(name)}) as ${identifier(name)}`),
  ];
  return `select "Day", ${[...kept, ...sums].join(', ')}
from (
${rows(files.now, '')}
union all
${rows(files.booked, '-')}
) as given
group by "Day", ${kept.join(', ')}
having ${amounts.map((name) => `sum(${identifier(name)}) <> 0`).join(' or ')}`;
}

/** What files hold of a month of origin, per currency: Σ of the attribution. */
export function bookedCost(session: Session, files: WrittenFiles, origin: string): Promise<Row[]> {
  return session.rows(`select "BillingCurrency" as currency, sum("Cost") as cost
from ${rowsOf(attributionDataset, files.attribution)}
where "OriginPeriod" = ${literal(origin)}
group by 1
order by 1`);
}
