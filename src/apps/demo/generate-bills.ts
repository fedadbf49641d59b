import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine, Session } from '../../platform/warehouse/index.ts';
import { openAwsSource, type WrittenMonth, writeAwsMonth } from './aws-bills.ts';
import { anomaly, restatedMonth } from './aws-lines-sql.ts';
import { type AwsSource, awsLogistics, awsRetail } from './aws-sources.ts';
import type {
  DemoAnomaly,
  DemoBills,
  DemoDelivery,
  DemoRestatement,
  DemoUntagged,
  ExpectedMonth,
} from './demo-bills.ts';
import { demoErrors } from './errors.ts';
import { type FocusSource, focusSources, writeFocusMonth } from './focus-bills.ts';
import { type DemoScale, entities, group, monthOf, months } from './group.ts';

/** What to generate, and who hears of it. */
export interface GenerateOptions {
  readonly scale: DemoScale;
  /** Whole number from 0 to 2147483647; the same seed gives the same bills on every machine. */
  readonly seed: number;
  /** Called after each written month. */
  readonly onProgress?: (progress: GenerateProgress) => void;
}

/** One written month. */
interface GenerateProgress {
  readonly source: string;
  readonly billingPeriod: string;
  readonly rows: number;
  /** Written months so far, and in all. */
  readonly done: number;
  readonly total: number;
}

/**
 * Writes the bills of the invented group into `folder`, which must not exist or be empty: real files in the layouts of
 * the providers, by SQL alone, in three connections of one thread each so that files do not depend on the machine.
 * Refuses a folder that holds anything (`demo.folderNotEmpty`) and a seed out of range (`demo.badSeed`).
 * Sets the engine to one thread while it runs; give it an engine of its own.
 */
export async function generateBills(
  engine: Engine,
  folder: string,
  options: GenerateOptions,
): Promise<DemoBills> {
  if (!Number.isInteger(options.seed) || options.seed < 0 || options.seed > 2_147_483_647) {
    throw demoErrors.badSeed({ seed: options.seed });
  }
  await makeEmpty(folder);
  const [before] = await engine.rows(`select current_setting('threads') as threads`);
  await engine.run('set threads = 1');
  try {
    return await writeAll(engine, folder, options);
  } finally {
    await engine.run(`set threads = ${Number(before?.['threads'])}`);
  }
}

async function writeAll(engine: Engine, folder: string, options: GenerateOptions): Promise<DemoBills> {
  const report = progressReporter(options, (2 + focusSources.length) * months.length);
  const [retail, logistics, others] = await Promise.all([
    engine.session((session) => writeRetail(session, folder, options, report)),
    engine.session((session) => writeLogistics(session, folder, options, report)),
    engine.session((session) => writeFocusSources(session, folder, options, report)),
  ]);
  const expected = [...retail.expected, ...logistics.expected, ...others];
  return {
    group,
    entities,
    deliveries: [
      awsDelivery(folder, awsRetail, 'aws-cur-v2'),
      awsDelivery(folder, awsLogistics, 'aws-cur-v1'),
      ...focusSources.map((source) => focusDelivery(folder, source)),
    ],
    restatement: logistics.restatement,
    anomaly: retail.anomaly,
    untagged: retail.untagged,
    expected,
    rows: expected.reduce((sum, month) => sum + month.rows, 0),
  };
}

type Report = (month: ExpectedMonth) => void;

interface RetailBills {
  readonly expected: readonly ExpectedMonth[];
  readonly anomaly: DemoAnomaly;
  readonly untagged: DemoUntagged;
}

async function writeRetail(
  session: Session,
  folder: string,
  options: GenerateOptions,
  report: Report,
): Promise<RetailBills> {
  const writer = { session, source: awsRetail, seed: options.seed, scale: options.scale };
  const expected: ExpectedMonth[] = [];
  await openAwsSource(writer);
  await session.run(
    'create or replace temp table tally (cluster decimal(38,12), untagged decimal(38,12), every decimal(38,12))',
  );
  let runaway: DemoAnomaly | undefined;
  for (const period of months) {
    const written = await writeAwsMonth(writer, join(folder, awsRetail.source), monthOf(period), 'first');
    expected.push(written.expected);
    await session.run(`insert into tally
      select sum(effective) filter (in_cluster), sum(effective) filter (app is null), sum(effective)
      from line join resource using (resource)`);
    if (anomaly.start.startsWith(period)) runaway = await readAnomaly(session);
    report(written.expected);
  }
  if (!runaway) throw new RangeError(`no billing month of the calendar holds ${anomaly.start}`);
  return { expected, anomaly: runaway, untagged: await readUntagged(session) };
}

async function readAnomaly(session: Session): Promise<DemoAnomaly> {
  const [row] = await session.rows(`
    select
      any_value(resource_identity) as resource, any_value(account_id) as account, any_value(app) as app,
      sum(unblended) filter (day >= date '${anomaly.start}' and day < date '${anomaly.end}') as cost,
      sum(unblended) filter (day >= date '${anomaly.start}' - 5 and day < date '${anomaly.start}') as before
    from line join resource using (resource)
    where resource = 0`);
  return {
    source: awsRetail.source,
    start: anomaly.start,
    end: anomaly.end,
    resourceId: String(row?.['resource']),
    account: String(row?.['account']),
    app: String(row?.['app']),
    cost: String(row?.['cost']),
    costBefore: String(row?.['before']),
  };
}

async function readUntagged(session: Session): Promise<DemoUntagged> {
  const [row] = await session.rows(`
    select sum(cluster) as cluster, sum(untagged) as untagged, sum(every) as every,
      (select count(*) from resource where in_cluster and shape = 'i') as nodes
    from tally`);
  return {
    source: awsRetail.source,
    cluster: 'meridian-shared-eks',
    nodes: Number(row?.['nodes']),
    clusterCost: String(row?.['cluster']),
    untaggedCost: String(row?.['untagged']),
    resourceCost: String(row?.['every']),
  };
}

interface LogisticsBills {
  readonly expected: readonly ExpectedMonth[];
  readonly restatement: DemoRestatement;
}

async function writeLogistics(
  session: Session,
  folder: string,
  options: GenerateOptions,
  report: Report,
): Promise<LogisticsBills> {
  const writer = { session, source: awsLogistics, seed: options.seed, scale: options.scale };
  const expected: ExpectedMonth[] = [];
  let restatement: DemoRestatement | undefined;
  await openAwsSource(writer);
  for (const period of months) {
    const month = monthOf(period);
    const first = await writeAwsMonth(writer, join(folder, awsLogistics.source), month, 'first');
    expected.push(first.expected);
    if (period === restatedMonth) {
      const path = join(folder, 'restated', awsLogistics.source);
      restatement = restatementOf(path, first, await writeAwsMonth(writer, path, month, 'restated'));
    }
    report(first.expected);
  }
  if (!restatement) throw new RangeError(`the calendar lacks the restated month ${restatedMonth}`);
  return { expected, restatement };
}

function restatementOf(path: string, first: WrittenMonth, second: WrittenMonth): DemoRestatement {
  return {
    source: awsLogistics.source,
    billingPeriod: restatedMonth,
    path,
    manifest: second.manifest,
    before: { ...first.expected, assemblyId: first.version },
    after: { ...second.expected, assemblyId: second.version },
    changes: [
      'three late credits for a metering error on NAT gateways',
      `usage of one NAT gateway on ${restatedMonth}-10 corrected to a sixth`,
      `log ingestion of ${restatedMonth}-29 and ${restatedMonth}-30 added`,
      'discounts, support fee and tax computed again',
    ],
  };
}

async function writeFocusSources(
  session: Session,
  folder: string,
  options: GenerateOptions,
  report: Report,
): Promise<readonly ExpectedMonth[]> {
  const expected: ExpectedMonth[] = [];
  for (const source of focusSources) {
    for (const statement of source.open(options.seed, options.scale)) await session.run(statement);
    for (const period of months) {
      const month = await writeFocusMonth(
        session,
        source,
        join(folder, source.source),
        monthOf(period),
        options,
      );
      expected.push(month);
      report(month);
    }
  }
  return expected;
}

function awsDelivery(folder: string, source: AwsSource, format: 'aws-cur-v2' | 'aws-cur-v1'): DemoDelivery {
  return {
    source: source.source,
    format,
    path: join(folder, source.source),
    entity: source.entity,
    currency: 'USD',
  };
}

function focusDelivery(folder: string, { source, entity, currency }: FocusSource): DemoDelivery {
  return { source, format: 'focus-1.2', path: join(folder, source), entity, currency };
}

function progressReporter(options: GenerateOptions, total: number): Report {
  let done = 0;
  return ({ source, billingPeriod, rows }) => {
    done++;
    options.onProgress?.({ source, billingPeriod, rows, done, total });
  };
}

async function makeEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) throw demoErrors.folderNotEmpty({ folder });
}
