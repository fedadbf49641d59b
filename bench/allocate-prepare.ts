import { openRecords } from '../src/platform/records/index.ts';
import { prepareTestRecords } from '../src/platform/records/testing/test-records.ts';
import { openWorkspace } from '../src/platform/warehouse/index.ts';
import { publishLargeGraph, type Size, writeBill, writeUsage } from './large-month.ts';
import { report } from './timed.ts';

/** Makes a workspace with a large graph and a month of bill and usage: `node allocate-prepare.ts <folder> <size as JSON>`. */
const folder = process.argv[2] as string;
const size = JSON.parse(process.argv[3] as string) as Size;
const began = performance.now();
await prepareTestRecords(folder);
const records = await openRecords({ root: folder, databaseUrl: undefined });
await publishLargeGraph(records, size);
await records.close();
const workspace = openWorkspace({ root: folder });
await writeBill(workspace, size);
await writeUsage(workspace, size);
await workspace.close();
report(performance.now() - began);
