import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Caller, newId } from '../../platform/kernel/index.ts';
import { checkGzip, openStore } from '../../platform/objects/index.ts';
import type { Records } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import type { ConsumptionImportResult } from './consumption-contract.ts';
import { isPacked, readCsvFile } from './consumption-csv.ts';
import { consumptionErrors } from './consumption-errors.ts';
import { insertImport, insertRejects } from './consumption-import-sql.ts';
import { isEntityInUse, readReference } from './consumption-reference-sql.ts';
import { type Delivery, hashOfParts, planDelivery, replaceConsumption } from './consumption-replace.ts';
import { importResult, shownRejects } from './consumption-result.ts';
import type { ReadRows } from './consumption-rows.ts';
import { readSheet } from './consumption-sheet.ts';

/** What imports and derivations work with. */
export interface ConsumptionWorld {
  readonly workspace: Workspace;
  readonly records: () => Promise<Records>;
}

/** A file of facts, and how it is taken. */
export interface ConsumptionFile {
  readonly path: string;
  /** Folders that it may lie in. */
  readonly roots: readonly string[];
  /** What it is called where facts are explained. */
  readonly name: string;
  /** It was made of a list: its first row is row 1. */
  readonly isList: boolean;
  readonly source: string;
  /** The months that are replaced; absent: those in the file. */
  readonly months?: readonly string[] | undefined;
  /** Only facts of this entity. */
  readonly entity?: string | undefined;
  readonly acceptRejects: boolean;
  readonly dryRun: boolean;
}

/** Told before each part of the work: `read`, `check`, `replace`. */
export interface ImportHooks {
  readonly onStep?: ((step: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Brings what a source says of months to what a file says, all or nothing: every row is checked, facts of the source and months that
 * were there are replaced with their sums, in one transaction. The same content again changes nothing.
 *
 * Refusals: `consumption.rejectedRows` (the import and its rejects are kept, unless `acceptRejects` takes the rest),
 * `consumption.closedMonth`, `consumption.otherOrigin`, those of the header, and those of the file's store. A dry run tells them.
 */
export async function importConsumption(
  world: ConsumptionWorld,
  caller: Caller,
  file: ConsumptionFile,
  { onStep = () => {}, signal }: ImportHooks = {},
): Promise<ConsumptionImportResult> {
  const records = await world.records();
  onStep('read');
  const reference = await records.read(caller, async (tx) => {
    if (file.entity !== undefined && !(await isEntityInUse(tx, file.entity)))
      throw consumptionErrors.unknownEntity({ entity: file.entity });
    return readReference(tx, file.entity);
  });
  const sheet = await withCopy(world.workspace, file, async (path) => {
    onStep('check');
    return readSheet(await readCsvFile(path, file.name), reference, { ...file, signal });
  });
  signal?.throwIfAborted();
  const delivery = deliveryOf(file, sheet);
  const mayGoOn = sheet.rejected.length === 0 || (file.acceptRejects && sheet.parts.length > 0);
  if (file.dryRun) {
    const plan = await records.read(caller, (tx) => planDelivery(tx, delivery));
    return importResult({ ...file, months: delivery.periods }, sheet, { ...plan, importId: null });
  }
  if (!mayGoOn) throw await refuse(world, caller, file, { sheet, delivery });
  onStep('replace');
  const { import: importId, ...plan } = await records.write(caller, async (tx) => {
    const done = await replaceConsumption(tx, caller, delivery, world.workspace.clock);
    if (done.import !== null) await insertRejects(tx, done.import, sheet.rejected);
    return done;
  });
  return importResult({ ...file, months: delivery.periods }, sheet, { ...plan, importId });
}

function deliveryOf(
  { source, name, months, entity }: ConsumptionFile,
  { parts, rejected, rows }: ReadRows,
): Delivery {
  const periods = months ?? [...new Set(parts.map(({ period }) => period))].sort();
  return {
    ...{ kind: 'import', source, origin: name, periods, parts },
    entities: entity === undefined ? undefined : [entity],
    rows: { read: rows, rejected: new Set(rejected.map(({ row }) => row)).size },
  };
}

/** Keeps what was refused and why; the refusal. */
async function refuse(
  { records, workspace }: ConsumptionWorld,
  caller: Caller,
  { source, name, entity }: ConsumptionFile,
  { sheet, delivery }: { readonly sheet: ReadRows; readonly delivery: Delivery },
): Promise<Error> {
  const { rejected, parts, rows } = sheet;
  const named = [...parts.map((part) => part.entity), ...rejected.flatMap((one) => one.entity ?? [])];
  const { scope } = caller;
  const own = entity !== undefined ? [entity] : scope.kind === 'all' ? [] : scope.entities;
  const entities = named.length > 0 ? [...new Set(named)].sort() : [...own];
  const id = await (await records()).write(caller, async (tx) => {
    const importId = await insertImport(tx, {
      ...{ entities, source, kind: 'import', origin: name, periods: delivery.periods },
      ...{ contentHash: hashOfParts(parts), state: 'refused', rowsRead: rows, rowsTaken: 0 },
      ...{ rowsRejected: delivery.rows.rejected, importedAt: workspace.clock.now().toISOString() },
      importedBy: caller.actor.name,
    });
    await insertRejects(tx, importId, rejected);
    return importId;
  });
  const errors = rejected.slice(0, shownRejects).map(({ row, field, message }) => ({ row, field, message }));
  const counts = { rows: delivery.rows.rejected, of: rows, cells: rejected.length };
  return consumptionErrors.rejectedRows({ file: name, import: id, ...counts, errors });
}

/** Copies the file, so that nobody changes it while it is read, and proves that it is whole. */
async function withCopy<T>(
  { root, clock, randomness }: Workspace,
  { path, roots }: Pick<ConsumptionFile, 'path' | 'roots'>,
  work: (copy: string) => Promise<T>,
): Promise<T> {
  const folder = join(root, 'tmp', `consumption-${newId(clock, randomness)}`);
  await mkdir(folder, { recursive: true });
  try {
    const copy = join(folder, 'original');
    const store = await openStore(path, { roots });
    await store.fetch(path, copy).finally(store.close);
    if (await isPacked(copy)) await checkGzip(copy);
    return await work(copy);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
