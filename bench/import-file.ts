import { importBill } from '../src/modules/ingestion/index.ts';
import { everything } from '../src/platform/kernel/index.ts';
import { openWorkspace } from '../src/platform/warehouse/index.ts';
import { report } from './timed.ts';

/** The import of one file into a workspace: from the file to reconciled, published FOCUS 1.4. */
const [file = '', root = '', threads = '2'] = process.argv.slice(2);
const workspace = openWorkspace({ root, threads: Number(threads) });
const started = performance.now();
const result = await importBill(
  { ...workspace, scope: everything, workspaceRoot: root, engine: await workspace.engine() },
  { path: file, source: 'bench' },
  { roots: ['/'] },
);
const milliseconds = performance.now() - started;
await workspace.close();
if (result.errors.length > 0) throw new Error(result.errors[0]?.message);
const [entry] = result.imports;
report(milliseconds, {
  status: entry?.status,
  rows: entry?.rowsWritten,
  nativeCost: entry?.nativeCost,
  billedCost: entry?.billedCost,
});
