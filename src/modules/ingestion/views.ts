import { join, resolve } from 'node:path';
import { everything } from '../../platform/kernel/index.ts';
import {
  type Engine,
  type FileView,
  type Lake,
  type Manifest,
  openLake,
  readViewFile,
  type ShownDataset,
  type SnapshotEntry,
  type Workspace,
  writeViewFile,
} from '../../platform/warehouse/index.ts';
import {
  billingPeriodDataset,
  contractCommitmentDataset,
  costDataset,
  invoiceDetailDataset,
} from '../focus/index.ts';
import { converterOf, type FileChoices } from './choose-converter.ts';
import { describe, mainPartitions } from './months.ts';
import { type ImportOrigin, type OriginFile, originOf } from './origin.ts';
import { commonProvider, datasetView, generationView, type NativePart, nativeView } from './views-sql.ts';

/** What a refresh made. */
export interface RefreshedViews {
  readonly file: string;
  readonly generation: number;
  readonly views: number;
}

const generation = { schema: 'centrail', name: 'generation' };

/** The views of FOCUS data by name; each shows all current months of its dataset. */
const focusViews: readonly ShownDataset[] = [
  { schema: 'focus', name: 'cost_and_usage', dataset: costDataset },
  { schema: 'focus', name: 'contract_commitment', dataset: contractCommitmentDataset },
  { schema: 'focus', name: 'billing_period', dataset: billingPeriodDataset },
  { schema: 'focus', name: 'invoice_detail', dataset: invoiceDetailDataset },
];

/**
 * Writes `finops.duckdb` of a workspace anew, for Metabase and any DuckDB client: views only, over the current
 * generation. `focus.cost_and_usage` and the supplemental datasets; what later modules show; a native-schema view per source and month,
 * `aws_billing.<source>_2026_10`; `centrail.generation`. Readers keep what they have open. Takes no lock: whoever
 * replaces the file looks afterwards whether the lake has moved on, so the last one to look leaves the newest views.
 */
export async function refreshViews(workspace: Workspace): Promise<RefreshedViews> {
  const root = resolve(workspace.root);
  // Views name files by absolute paths, because each client has a working folder of its own.
  const lake = openLake(root, workspace.clock);
  const file = viewFile(root);
  for (;;) {
    const manifest = await lake.current();
    const views = [
      { ...generation, sql: generationView({ generation: manifest.generation, root }) },
      ...(await viewsOf(lake, [...focusViews, ...(await workspace.shown())])),
      ...(await nativeViews(workspace, lake, manifest)),
    ];
    await writeViewFile(file, views);
    if ((await lake.current()).generation === manifest.generation) {
      return { file, generation: manifest.generation, views: views.length };
    }
  }
}

/** Whether `finops.duckdb` shows the current generation of this workspace, at the place where it lies now. */
export async function viewsAreCurrent(workspace: Workspace): Promise<boolean> {
  const root = resolve(workspace.root);
  const [shown] = (await readViewFile(viewFile(root), generation)) ?? [];
  const manifest = await workspace.lake.current();
  return shown?.['generation'] === String(manifest.generation) && shown['root'] === root;
}

function viewFile(root: string): string {
  return join(root, 'finops.duckdb');
}

async function viewsOf(lake: Lake, shown: readonly ShownDataset[]): Promise<FileView[]> {
  const views: FileView[] = [];
  for (const { schema, name, dataset } of shown) {
    views.push({ schema, name, sql: datasetView(await lake.select(everything, dataset)) });
  }
  return views;
}

async function nativeViews(workspace: Workspace, lake: Lake, manifest: Manifest): Promise<FileView[]> {
  const schemas = new Map<string, string>();
  const taken = new Set<string>();
  const views: FileView[] = [];
  for (const partition of manifest.partitions) {
    const { source, period, current } = partition;
    if (!partition.dataset.startsWith('native') || !current) continue;
    const origin = originOf(await describe(lake, partition, current));
    const schema =
      schemas.get(source) ?? (await schemaOf(() => workspace.engine(), { lake, manifest, source, origin }));
    schemas.set(source, schema);
    const name = freeName(`${source}_${period}`, schema, taken);
    views.push({ schema, name, sql: nativeView(partsOf({ lake, entry: current, origin, period })) });
  }
  return views;
}

/** A name that needs no quotes and is taken once: `aws-main_2026-10` is `aws_main_2026_10`, the next one `aws_main_2026_10_2`. */
function freeName(text: string, schema: string, taken: Set<string>): string {
  const name = text.toLowerCase().replace(/[^a-z0-9_]/g, '_');
  let free = name;
  for (let number = 2; taken.has(`${schema}.${free}`); number++) free = `${name}_${number}`;
  taken.add(`${schema}.${free}`);
  return free;
}

/** Files of a month with the same columns are read together; of a file with several months only the month's rows. */
function partsOf(month: {
  readonly lake: Lake;
  readonly entry: SnapshotEntry;
  readonly origin: ImportOrigin;
  readonly period: string;
}): NativePart[] {
  const { lake, entry, origin, period } = month;
  const parts = new Map<string, NativePart>();
  const paths = new Set(entry.files.map(({ path }) => path));
  for (const { native, choices } of origin.files.filter((file) => paths.has(file.native))) {
    const where = origin.months.length > 1 ? monthCondition(choices, period) : undefined;
    const key = JSON.stringify([choices.columns, where]);
    const part = parts.get(key) ?? { paths: [], columns: choices.columns, where };
    parts.set(key, { ...part, paths: [...part.paths, lake.resolve(native)] });
  }
  return [...parts.values()];
}

/** By the file's own label of the month. `period` is YYYY-MM or `all`: no quote can be in it. */
function monthCondition(choices: FileChoices, period: string): string {
  return `${converterOf(choices).converter.period} = '${period}'`;
}

const providerSchemas: readonly (readonly [RegExp, string])[] = [
  [/\b(aws|amazon)\b/i, 'aws_billing'],
  [/\b(azure|microsoft)\b/i, 'azure_billing'],
  [/\b(gcp|google)\b/i, 'gcp_billing'],
  [/\b(oci|oracle)\b/i, 'oci_billing'],
];

/** The schema of a source: of its provider by format, else by what its newest month says; `billing` for any other. */
async function schemaOf(
  engine: () => Promise<Engine>,
  of: {
    readonly lake: Lake;
    readonly manifest: Manifest;
    readonly source: string;
    readonly origin: ImportOrigin;
  },
): Promise<string> {
  if (of.origin.files.every(isCur)) return 'aws_billing';
  const newest = mainPartitions(of.manifest)
    .filter(({ source, current }) => source === of.source && current)
    .at(-1);
  const dataset = focusViews.find((view) => view.dataset.name === newest?.dataset)?.dataset;
  if (!newest?.current || !dataset) return 'billing';
  const { source, period } = newest;
  const selection = await of.lake.selectMonth(everything, dataset, {
    source,
    period,
    snapshot: newest.current.id,
  });
  const columns = ['ServiceProviderName', 'InvoiceIssuerName'].filter((name) => selection.columns.has(name));
  const provider = columns.length > 0 ? await commonProvider(await engine(), selection, columns) : null;
  return providerSchemas.find(([pattern]) => pattern.test(provider ?? ''))?.[1] ?? 'billing';
}

function isCur({ choices }: OriginFile): boolean {
  return choices.format.kind === 'aws-cur';
}
