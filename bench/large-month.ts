import { join } from 'node:path';
import { usageDataset } from '../src/modules/allocation/datasets.ts';
import { publishDraft, replaceDraft } from '../src/modules/allocation/drafts.ts';
import { createGraph } from '../src/modules/allocation/graphs.ts';
import { graphDocumentSchema } from '../src/modules/allocation/index.ts';
import { costDataset } from '../src/modules/focus/index.ts';
import { newId, systemCaller, systemClock } from '../src/platform/kernel/index.ts';
import type { Records } from '../src/platform/records/index.ts';
import {
  type Dataset,
  identifier,
  literal,
  sqlType,
  type Workspace,
} from '../src/platform/warehouse/index.ts';
import { largeGraph } from './large-graph.ts';

/** How large a month is. */
export interface Size {
  readonly nodes: number;
  readonly edges: number;
  readonly days: number;
  readonly dimensions: number;
}

const period = '2026-10';

/** Publishes `largeGraph` as the graph `main`. */
export async function publishLargeGraph(records: Records, { nodes, edges }: Size): Promise<void> {
  const document = graphDocumentSchema.parse(largeGraph({ nodes, edges }));
  await records.write(systemCaller, async (tx) => {
    await createGraph(tx, systemCaller, { id: 'main', label: 'main', entity: null });
    await replaceDraft(tx, systemCaller, 'main', document);
    await publishDraft(tx, systemCaller, 'main');
  });
}

function nodeOf(number: string): string {
  return `'n:' || lpad(${number}::varchar, 6, '0')`;
}

function dayOf(number: string): string {
  return `timestamp '2026-10-01' + to_days(${number}::int)`;
}

/** The bill of 2026-10: a row for every node of the first layer, day and dimension. `more`: SQL of what is added to its cost. */
export async function writeBill(
  workspace: Workspace,
  { nodes, days, dimensions }: Size,
  more = '0',
): Promise<void> {
  const cost = `((hash(i) % 1000000)::decimal(18, 0) / 1000 + 1 + ${more})::decimal(18, 6)`;
  const values = {
    ...{
      BilledCost: cost,
      EffectiveCost: cost,
      ListCost: cost,
      ContractedCost: cost,
      BillingCurrency: "'USD'",
    },
    ...{ BillingPeriodStart: "timestamp '2026-10-01'", BillingPeriodEnd: "timestamp '2026-11-01'" },
    ...{ ChargePeriodStart: dayOf('day'), ChargePeriodEnd: dayOf('day + 1'), ChargeCategory: "'Usage'" },
    ...{ ServiceCategory: "'Dimension ' || dim", Tags: `'{"node":"' || ${nodeOf('node')} || '"}'` },
    ...{ x_SourceName: "'cloud'", x_RowId: "'r' || i", x_SourceRow: 'i', x_Part: '0' },
  };
  const roots = nodes / 5;
  const from = `(select i, i % ${roots} as node, (i // ${roots}) % ${dimensions} as dim, i // ${roots * dimensions} as day
    from range(${roots * dimensions * days}) as r(i))`;
  await publishRows(workspace, costDataset, {
    source: 'cloud',
    values,
    from,
    rows: roots * dimensions * days,
  });
}

/** The usage that edges weigh by: a value for every node and day. */
export async function writeUsage(workspace: Workspace, { nodes, days }: Size): Promise<void> {
  const values = {
    ...{
      Graph: "'main'",
      UsageSource: "'monitoring'",
      BillingPeriodStart: "timestamp '2026-10-01'",
      Labels: "'{}'",
    },
    ...{ Day: dayOf('day'), NodeId: nodeOf('node'), Metric: "'requests'", Value: '(1 + hash(i) % 10000)' },
  };
  const from = `(select i, i % ${nodes} as node, i // ${nodes} as day from range(${nodes * days}) as r(i))`;
  await publishRows(workspace, usageDataset, {
    ...{ source: 'usage~main~monitoring', values, from },
    rows: nodes * days,
  });
}

interface Rows {
  readonly source: string;
  readonly values: Readonly<Record<string, string>>;
  readonly from: string;
  readonly rows: number;
}

async function publishRows(
  { lake, randomness, engine }: Workspace,
  dataset: Dataset,
  { source, values, from, rows }: Rows,
): Promise<void> {
  const id = newId(systemClock, randomness);
  const columns = dataset.columns.map(
    ({ name, type }) => `(${values[name] ?? 'null'})::${sqlType(type)} as ${identifier(name)}`,
  );
  await lake.write(async (writer) => {
    const { path, absolute } = await writer.newFile(join(dataset.name, source, period), `${id}.parquet`);
    await (await engine()).run(
      `copy (select ${columns.join(', ')} from ${from}) to ${literal(absolute)} (format parquet)`,
    );
    const sealed = await writer.seal({
      ...{
        id,
        dataset: dataset.name,
        source,
        period,
        files: [{ path, rows }],
        currencyColumn: null,
        totals: [],
      },
      ...{ delivery: { key: source, fingerprint: id }, final: false, raw: [], origin: null },
    });
    await writer.publish(source, [sealed]);
  });
}
