import { join } from 'node:path';
import { verifyAudit } from '../chain/verify-audit.ts';
import { checksumOf } from '../migrate.ts';
import { migrations } from '../migrations/index.ts';
import type { Tx } from '../records.ts';
import { backupErrors } from './errors.ts';
import type { BackupManifest } from './manifest.ts';
import { digestTable, importTable, shapeFor, tableFile } from './tables.ts';
import {
  listSequences,
  listTables,
  putBack,
  setAside,
  setSequence,
  settleText,
  type TableShape,
} from './tables-sql.ts';

/** The migration that the schema of a backup stands at. Refusals: `backup.newerBackup`, `backup.otherSchema`. */
export function schemaOf(folder: string, { product, records }: BackupManifest): number {
  const known = migrations.at(-1)?.number ?? 0;
  const found = Math.max(...records.migrations.map(({ number }) => number));
  if (found > known) throw backupErrors.newerBackup({ folder, product, found, known });
  for (const { number, name, checksum } of records.migrations) {
    const ours = migrations.find((migration) => migration.number === number);
    if (ours && checksumOf(ours) === checksum) continue;
    throw backupErrors.otherSchema({ folder, product, difference: `migration ${number}, ${name}` });
  }
  return found;
}

/**
 * Fills the empty tables of a schema from a backup and proves in the same transaction that they hold what was backed up:
 * every table is written out again and its checksum compared, foreign keys are checked by the server, sequences compared,
 * and the audit chain recomputed up to the head that the backup names. Throws before anything is kept when one differs.
 */
export async function loadRecords(tx: Tx, folder: string, manifest: BackupManifest): Promise<void> {
  await settleText(tx);
  const shapes = await fittingShapes(tx, folder, manifest);
  const aside = await setAside(tx);
  for (const shape of shapes) await importTable(tx, shape, join(folder, tableFile(shape.name)));
  for (const sequence of manifest.records.sequences) await setSequence(tx, sequence);
  await putBack(tx, aside);
  await compareTables(tx, shapes, manifest);
  await compareSequences(tx, manifest);
  await compareChain(tx, manifest);
}

async function fittingShapes(
  tx: Tx,
  folder: string,
  manifest: BackupManifest,
): Promise<readonly TableShape[]> {
  const { product, records } = manifest;
  const found = await listTables(tx);
  const refuse = (difference: string) => backupErrors.otherSchema({ folder, product, difference });
  const missing = found.find(({ name }) => !records.tables.some((table) => table.name === name));
  if (missing) throw refuse(`the backup has no table ${missing.name}`);
  return records.tables.map((table) => {
    const shape = shapeFor(table, found);
    if (typeof shape === 'string') throw refuse(shape);
    return shape;
  });
}

async function compareTables(tx: Tx, shapes: readonly TableShape[], manifest: BackupManifest): Promise<void> {
  for (const shape of shapes) {
    const file = manifest.files.find(({ path }) => path === tableFile(shape.name));
    const table = manifest.records.tables.find(({ name }) => name === shape.name);
    const { rows, sha256 } = await digestTable(tx, shape);
    expectSame(`the number of rows of ${shape.name}`, table?.rows, rows);
    expectSame(`the content of ${shape.name}`, file?.sha256, sha256);
  }
}

async function compareSequences(tx: Tx, { records }: BackupManifest): Promise<void> {
  expectSame('the sequences', JSON.stringify(records.sequences), JSON.stringify(await listSequences(tx)));
}

async function compareChain(tx: Tx, { records: { auditHead } }: BackupManifest): Promise<void> {
  const verified = await verifyAudit((work) => work(tx), auditHead ? [auditHead] : []);
  const [first] = verified.findings.filter(({ severity }) => severity === 'error');
  expectSame('the audit log', 'whole', first ? first.message : 'whole');
  expectSame('the head of the audit log', auditHead?.hash ?? 'none', verified.head?.hash ?? 'none');
}

/** Refuses with `backup.differs` when what was restored is not what was backed up. */
export function expectSame(
  what: string,
  backup: string | number | undefined,
  restored: string | number,
): void {
  if (backup !== restored)
    throw backupErrors.differs({ what, backup: String(backup), restored: String(restored) });
}
