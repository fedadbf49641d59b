import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ImportEntry,
  type ImportResult,
  importBill,
  refreshViews,
} from '../../modules/ingestion/index.ts';
import { addDecimal, everything, formatDecimal, parseDecimal, zero } from '../../platform/kernel/index.ts';
import { type Engine, openEngine, openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import type { DemoBills, DemoRestatement } from './demo-bills.ts';
import { writeDemoUsage } from './demo-usage.ts';
import { demoErrors } from './errors.ts';
import { generateBills } from './generate-bills.ts';
import type { DemoScale } from './group.ts';
import { type DemoAllocation, writeAllocation } from './write-allocation.ts';
import { type DemoOrganization, writeOrganization } from './write-organization.ts';
import { type DemoShowback, writeShowback } from './write-showback.ts';

export interface DemoOptions {
  /** The one folder that the demo makes: `bills/` and the workspace `data/` in it. */
  readonly folder: string;
  readonly scale: DemoScale;
  readonly seed: number;
  readonly onStep: (step: { readonly text: string; readonly rows?: number }) => void;
}

/** A source from both ends: what the generator meant and what the books say. Amounts are decimal strings. */
export interface TieLine {
  readonly source: string;
  readonly entity: string;
  readonly format: string;
  readonly currency: string;
  readonly months: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly generatedCost: string;
  readonly nativeCost: string;
  readonly billedCost: string;
  readonly effectiveCost: string;
  readonly ties: boolean;
}

export interface DemoOutcome {
  readonly folder: string;
  readonly workspace: string;
  readonly bills: DemoBills;
  readonly tieOut: readonly TieLine[];
  readonly restated: {
    readonly source: string;
    readonly billingPeriod: string;
    readonly before: string;
    readonly after: string;
    readonly ties: boolean;
  };
  readonly organization: DemoOrganization;
  readonly allocation: DemoAllocation;
  readonly showback: DemoShowback;
  readonly seconds: {
    readonly generate: number;
    readonly import: number;
    readonly organization: number;
    readonly allocation: number;
    readonly showback: number;
  };
}

const marker = '.centrail-demo';

/** Generates the bills of the invented group, imports them as any bill is imported, and ties each source to the cent. */
export async function runDemo(options: DemoOptions): Promise<DemoOutcome> {
  await makeDemoFolder(options.folder);
  const started = performance.now();
  options.onStep({ text: 'writing the bills of an invented group' });
  const bills = await withEngine((engine) =>
    generateBills(engine, join(options.folder, 'bills'), {
      scale: options.scale,
      seed: options.seed,
      onProgress: ({ source, billingPeriod, rows }) =>
        options.onStep({ text: `writing ${source} ${billingPeriod}`, rows }),
    }),
  );
  const generated = performance.now();
  const workspace = openDemo(options.folder);
  try {
    const tieOut = [];
    for (const delivery of bills.deliveries) {
      const { imports } = await importFolder(workspace, delivery.path, { source: delivery.source }, options);
      tieOut.push(tieLine(bills, delivery, imports));
    }
    const restated = await importRestatement(workspace, bills.restatement, options);
    await refreshViews(workspace);
    const imported = performance.now();
    options.onStep({ text: 'writing the group into the records' });
    const organization = await writeOrganization({
      root: workspace.root,
      clock: workspace.clock,
      entityOfSource: Object.fromEntries(bills.deliveries.map(({ source, entity }) => [source, entity])),
    });
    const written = performance.now();
    const allocation = await allocate(options);
    const allocated = performance.now();
    const showback = await writeShowback({
      workspace,
      folder: join(options.folder, 'consumption'),
      seed: options.seed,
      onStep: (text) => options.onStep({ text }),
    });
    return {
      folder: options.folder,
      workspace: workspace.root,
      bills,
      tieOut,
      restated,
      organization,
      allocation,
      showback,
      seconds: {
        generate: seconds(started, generated),
        import: seconds(generated, imported),
        organization: seconds(imported, written),
        allocation: seconds(written, allocated),
        showback: seconds(allocated, performance.now()),
      },
    };
  } finally {
    await workspace.close();
  }
}

/** `threads`: of the engine; the machine's cores where it is not said. */
function openDemo(folder: string, threads?: number): Workspace {
  return openWorkspace({
    root: join(folder, 'data'),
    shown: async () => (await import('../../modules/allocation/index.ts')).allocationViews,
    ...(threads === undefined ? {} : { threads }),
  });
}

/**
 * One thread: a day of the demo has a few thousand rows, and handing statements of a few milliseconds to a second thread takes a third
 * more processor time than it saves.
 */
async function allocate({ folder, seed, onStep }: DemoOptions): Promise<DemoAllocation> {
  const workspace = openDemo(folder, 1);
  try {
    const allocation = await writeAllocation({
      workspace,
      usage: await writeDemoUsage(join(folder, 'usage'), seed),
      onStep: (text) => onStep({ text }),
    });
    await refreshViews(workspace);
    return allocation;
  } finally {
    await workspace.close();
  }
}

/** A demo folder may be made again; any other folder with something in it is left alone. */
async function makeDemoFolder(folder: string): Promise<void> {
  const found = existsSync(folder) ? await readdir(folder) : [];
  if (found.length > 0 && !found.includes(marker)) throw demoErrors.folderNotEmpty({ folder });
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, marker), 'Made by `finops demo`; delete the folder when you are done.\n');
}

async function withEngine<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await openEngine({ memoryLimitMb: 500 });
  try {
    return await work(engine);
  } finally {
    engine.close();
  }
}

async function importFolder(
  workspace: Workspace,
  path: string,
  request: { readonly source: string; readonly acceptRestatement?: boolean },
  options: DemoOptions,
): Promise<ImportResult> {
  const context = {
    ...workspace,
    scope: everything,
    workspaceRoot: workspace.root,
    engine: await workspace.engine(),
    onProgress: (progress: { source: string; step: string; rows: number }) =>
      options.onStep({ text: `importing ${progress.source}: ${progress.step}`, rows: progress.rows }),
  };
  const result = await importBill(context, { path, ...request }, { roots: [options.folder] });
  const [error] = result.errors;
  if (error) throw demoErrors.importRefused({ source: request.source, message: error.message });
  return result;
}

function tieLine(
  bills: DemoBills,
  delivery: DemoBills['deliveries'][number],
  imports: readonly ImportEntry[],
): TieLine {
  const expected = bills.expected.filter(({ source }) => source === delivery.source);
  const generatedCost = sum(expected.map(({ nativeCost }) => nativeCost));
  const nativeCost = sum(imports.map((entry) => entry.nativeCost));
  const effectiveCost = sum(imports.map((entry) => entry.effectiveCost));
  const rowsRead = imports.reduce((rows, entry) => rows + entry.rowsRead, 0);
  return {
    source: delivery.source,
    entity: delivery.entity,
    format: delivery.format,
    currency: delivery.currency,
    months: imports.length,
    rowsRead,
    rowsWritten: imports.reduce((rows, entry) => rows + entry.rowsWritten, 0),
    generatedCost,
    nativeCost,
    billedCost: sum(imports.map((entry) => entry.billedCost)),
    effectiveCost,
    ties:
      generatedCost === nativeCost &&
      sum(expected.map((month) => month.effectiveCost)) === effectiveCost &&
      rowsRead === expected.reduce((rows, month) => rows + month.rows, 0) &&
      imports.every((entry) => entry.unexplained === '0' && entry.rowsQuarantined === 0),
  };
}

/** The provider delivers a closed month again: it is replaced as a whole, and the history keeps the first delivery. */
async function importRestatement(
  workspace: Workspace,
  restatement: DemoRestatement,
  options: DemoOptions,
): Promise<DemoOutcome['restated']> {
  const { source, billingPeriod, path, before, after } = restatement;
  const { imports } = await importFolder(workspace, path, { source, acceptRestatement: true }, options);
  const entry = imports.find((candidate) => candidate.billingPeriod === billingPeriod);
  return {
    source,
    billingPeriod,
    before: before.nativeCost,
    after: after.nativeCost,
    ties: entry?.status === 'replaced' && entry.nativeCost === after.nativeCost,
  };
}

function sum(amounts: readonly (string | null)[]): string {
  return formatDecimal(
    amounts.reduce((total, amount) => addDecimal(total, parseDecimal(amount ?? '0')), zero),
  );
}

function seconds(from: number, to: number): number {
  return Math.round((to - from) / 10) / 100;
}
