import { importBill } from '../../src/modules/ingestion/index.ts';
import { everything } from '../../src/platform/kernel/index.ts';
import { openWorkspace } from '../../src/platform/warehouse/index.ts';

/** Imports one file into one workspace, as a process of its own that can be killed. */
const [root = '', file = '', roots = ''] = process.argv.slice(2);
const workspace = openWorkspace({ root, threads: 1 });
const engine = await workspace.engine();
process.stdout.write('started\n');
const result = await importBill(
  { ...workspace, scope: everything, workspaceRoot: root, engine },
  { path: file, source: 'bill', acceptRestatement: true },
  { roots: [roots] },
);
process.stdout.write(`${result.imports.map(({ status }) => status).join()}\n`);
await workspace.close();
