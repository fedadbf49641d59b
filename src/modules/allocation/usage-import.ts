import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Issue, newId } from '../../platform/kernel/index.ts';
import { checkGzip, openStore } from '../../platform/objects/index.ts';
import type { Session, Workspace } from '../../platform/warehouse/index.ts';
import { cellError } from './usage-cell-messages.ts';
import type { UsageMonthChange, UsageResult } from './usage-contract.ts';
import { readUsageHeader } from './usage-csv-header.ts';
import { beginningOf, findEmptyRecords } from './usage-csv-lines.ts';
import { type CsvFile, findBadCells, readUsageCells, stageUsageText } from './usage-csv-sql.ts';
import { usageErrors } from './usage-errors.ts';
import { findingsOfUsage, refuseStrictly } from './usage-findings.ts';
import { knownNodes, type UsageGraph } from './usage-graph.ts';
import { publishUsage, type StagedUsage } from './usage-publish.ts';
import {
  createUsageNodes,
  createUsageRows,
  monthsOfUsage,
  takeUsageCells,
  writeUsageRows,
} from './usage-sql.ts';

/** A file to import, and how. */
export interface UsageFile {
  /** Where it lies. */
  readonly path: string;
  /** Folders that it may lie in. */
  readonly roots: readonly string[];
  /** What it is called in findings and origins. */
  readonly name: string;
  readonly source: string;
  readonly month?: string | undefined;
  readonly wide: boolean;
  readonly dryRun: boolean;
  readonly strict: boolean;
  /** The name under `raw/` of a file that is kept there. */
  readonly raw?: string | undefined;
}

/** Told before each part of the work: `read`, `check`, `publish`. */
export type OnStep = (step: string) => void;

/** Cells that are told with a refusal; all are counted. */
const shownCells = 100;

/**
 * Imports usage of a graph from a CSV file: the file is copied, read as text, checked whole, and every month in it replaced at
 * once. One cell that does not fit refuses the file with `usage.unfitRows`, which names the first hundred.
 */
export async function importUsage(
  workspace: Workspace,
  graph: UsageGraph,
  file: UsageFile,
  onStep: OnStep = () => {},
): Promise<UsageResult> {
  const folder = join(workspace.root, 'tmp', `usage-${newId(workspace.clock, workspace.randomness)}`);
  await mkdir(folder, { recursive: true });
  try {
    onStep('read');
    const { csv, sha256 } = await takeFile(file, folder);
    onStep('check');
    const engine = await workspace.engine();
    const staged = await engine.session((session) =>
      stageFile(session, { graph, file, csv, target: join(folder, 'rows.parquet') }),
    );
    refuseStrictly(file.strict, file.name, staged.findings);
    onStep('publish');
    const facts = { file: file.name, sha256, wide: file.wide };
    const raw = file.raw === undefined ? [] : [file.raw];
    const months = await publishUsage(
      workspace,
      { ...staged, delivery: `file:${file.name}`, keepsOthers: false, raw, facts },
      file.dryRun,
    );
    return resultOf(staged, file.dryRun, months);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What an import or fetch answers. */
export function resultOf(
  { graph, source, findings }: Pick<StagedUsage, 'graph' | 'source' | 'findings'>,
  dryRun: boolean,
  months: readonly UsageMonthChange[],
): UsageResult {
  const shown = findings.map(({ costAtStake: _, currency: __, params, ...finding }) => ({
    ...finding,
    ...(params === undefined ? {} : { params: { ...params } }),
  }));
  return { schemaVersion: 1, graph, source, dryRun, months: [...months], findings: shown };
}

/** Copies the file, so that nobody changes it while it is read, and proves that it is whole and text. */
async function takeFile(
  { path, roots, name }: UsageFile,
  folder: string,
): Promise<{ readonly csv: CsvFile; readonly sha256: string }> {
  const target = join(folder, 'original');
  const store = await openStore(path, { roots });
  const { sha256 } = await store.fetch(path, target).finally(store.close);
  const start = await firstBytes(target);
  const gzip = start[0] === 0x1f && start[1] === 0x8b;
  if (gzip) await checkGzip(target);
  const other = otherKind(start);
  if (other !== undefined) throw usageErrors.notText({ file: name, problem: other });
  return { csv: { path: target, gzip }, sha256 };
}

async function firstBytes(path: string): Promise<Buffer> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** What a file is that people take for CSV. */
function otherKind(start: Buffer): string | undefined {
  if (start.subarray(0, 2).toString('latin1') === 'PK') return 'it is a ZIP archive or a spreadsheet';
  if (start.toString('latin1') === 'PAR1') return 'it is Parquet';
  const mark = start.subarray(0, 2).toString('hex');
  return mark === 'fffe' || mark === 'feff' ? 'it is UTF-16' : undefined;
}

type Staged = Pick<StagedUsage, 'graph' | 'source' | 'file' | 'months' | 'findings'>;

async function stageFile(
  session: Session,
  given: {
    readonly graph: UsageGraph;
    readonly file: UsageFile;
    readonly csv: CsvFile;
    readonly target: string;
  },
): Promise<Staged> {
  const { graph, file, csv, target } = given;
  const { name, source } = file;
  const beginning = await beginningOf(csv.path, csv.gzip);
  if (beginning === undefined)
    throw usageErrors.notText({ file: name, problem: 'its first lines are not UTF-8' });
  const header = readUsageHeader(name, beginning, file.wide);
  const empty = await findEmptyRecords(csv.path, csv.gzip, header.delimiter);
  await stageUsageText(session, csv, header, empty);
  await readUsageCells(session, header, file.month);
  const bad = await findBadCells(session, shownCells);
  const { rows: badRows, cells, of, shown } = bad;
  if (cells > 0)
    throw usageErrors.unfitRows({ file: name, rows: badRows, cells, of, errors: shown.map(cellError) });
  await createUsageRows(session);
  await takeUsageCells(session, name);
  await createUsageNodes(session, knownNodes(graph.document));
  const rows = await writeUsageRows(session, { graph: graph.id, source, entity: graph.entity }, target);
  if (rows === 0) throw usageErrors.noRows({ file: name });
  const findings: Issue[] = await findingsOfUsage(session, graph, name);
  return { graph: graph.id, source, file: target, months: await monthsOfUsage(session), findings };
}
