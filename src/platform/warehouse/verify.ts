import { must } from '../kernel/index.ts';
import { fileSize } from './durable.ts';
import { type Engine, fileLiteral, identifier } from './engine.ts';
import type { Lake } from './lake.ts';
import { descriptionPath, fileSha256, readDescription, type SnapshotDescription } from './snapshot.ts';

/** One thing that is not as the manifest says. */
export interface Finding {
  readonly path: string;
  readonly problem: string;
}

export interface Verified {
  readonly snapshots: number;
  readonly files: number;
  readonly rows: number;
  readonly findings: readonly Finding[];
}

/** Recomputes checksums, row counts and sums of every snapshot, current and old, and reports each difference. */
export async function verifyLake(lake: Lake, engine: Engine): Promise<Verified> {
  const manifest = await lake.current();
  const findings: Finding[] = [];
  const checked = new Map<string, boolean>();
  let snapshots = 0;
  let rows = 0;
  for (const partition of manifest.partitions) {
    for (const entry of [...(partition.current ? [partition.current] : []), ...partition.history]) {
      snapshots++;
      const key = { ...partition, snapshot: entry.id };
      const description = await readDescription(lake.root, key).catch((error: unknown) => {
        findings.push({
          path: descriptionPath(key),
          problem: error instanceof Error ? error.message : String(error),
        });
      });
      if (!description) continue;
      let whole = true;
      for (const file of description.files) {
        if (!checked.has(file.path)) checked.set(file.path, await checkFile(lake, file, findings));
        whole &&= checked.get(file.path) === true;
      }
      if (whole) findings.push(...(await checkSums(lake, engine, description)));
      rows += description.files.reduce((sum, file) => sum + file.rows, 0);
    }
  }
  return { snapshots, files: checked.size, rows, findings };
}

async function checkFile(
  lake: Lake,
  file: { readonly path: string; readonly bytes: number; readonly sha256: string },
  findings: Finding[],
): Promise<boolean> {
  const absolute = lake.resolve(file.path);
  const bytes = await fileSize(absolute);
  if (bytes === undefined) findings.push({ path: file.path, problem: 'the file is missing' });
  else if (bytes !== file.bytes)
    findings.push({ path: file.path, problem: `it has ${bytes} bytes, not ${file.bytes}` });
  else if ((await fileSha256(absolute)) !== file.sha256)
    findings.push({ path: file.path, problem: 'its checksum differs' });
  else return true;
  return false;
}

async function checkSums(lake: Lake, engine: Engine, description: SnapshotDescription): Promise<Finding[]> {
  const findings: Finding[] = [];
  const path = descriptionPath({ ...description, snapshot: description.id });
  for (const file of description.files) {
    const [row] = await engine.rows(
      `select count(*) as n from read_parquet(${fileLiteral(lake.resolve(file.path))})`,
    );
    if (row?.['n'] !== file.rows)
      findings.push({ path: file.path, problem: `it has ${row?.['n']} rows, not ${file.rows}` });
  }
  if (description.currencyColumn === null || description.files.length === 0) return findings;
  const columns = Object.keys(must(description.totals[0], 'totals').sums);
  const currency = identifier(description.currencyColumn);
  const files = description.files.map((file) => fileLiteral(lake.resolve(file.path))).join(', ');
  const sums = columns.map((column) => `sum(${identifier(column)}) as ${identifier(column)}`).join(', ');
  const found = await engine.rows(
    `select ${currency} as currency, count(*) as rows, ${sums} from read_parquet([${files}]) group by 1`,
  );
  for (const total of description.totals) {
    const row = found.find((candidate) => candidate['currency'] === total.currency);
    if (row?.['rows'] !== total.rows) {
      findings.push({ path, problem: `${total.currency}: ${row?.['rows'] ?? 0} rows, not ${total.rows}` });
    }
    for (const column of columns) {
      const was = total.sums[column] ?? null;
      const is = (row?.[column] ?? null) as string | null;
      if (was !== is) findings.push({ path, problem: `${total.currency}: ${column} is ${is}, not ${was}` });
    }
  }
  return findings;
}
