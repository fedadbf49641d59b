import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Caller, Clock } from '../../kernel/index.ts';
import { filesBelow, type Lake, type Manifest, syncFolder } from '../../warehouse/index.ts';
import { audit } from '../audit.ts';
import { addAnchor } from '../chain/audit-head.ts';
import { sealNow } from '../chain/seal-audit.ts';
import { chainEnd } from '../chain/seal-sql.ts';
import { replaceFile } from '../durable-file.ts';
import type { Records, Tx } from '../records.ts';
import { keysInUse } from '../secrets/secrets-sql.ts';
import { backupErrors } from './errors.ts';
import { copyFiles, type FileToCopy, syncFolders } from './files.ts';
import { lakePart } from './lake-part.ts';
import { type BackupFile, type BackupManifest, manifestName, manifestText } from './manifest.ts';
import { exportTable, tableFile } from './tables.ts';
import { listMigrations, listSequences, listTables, settleText } from './tables-sql.ts';

/** What is backed up. */
export interface BackedUp {
  readonly records: Records;
  readonly lake: Lake;
  readonly workspaceRoot: string;
  readonly clock: Clock;
  /** Version of finops, for the one who restores it. */
  readonly product: string;
}

export interface BackupOptions {
  readonly caller: Caller;
  /** Where the backup is made; the folder must not exist. */
  readonly folder: string;
  /** Put fetched originals (`raw/`) in: they are needed to import a month again, not for any figure. */
  readonly withRaw: boolean;
  /** The key file, to put it in. Whoever has such a backup reads every sealed field; without it, keep the key elsewhere. */
  readonly keyFile: string | undefined;
}

/** A backup that is whole and on the disk. */
export interface Backup {
  readonly folder: string;
  readonly bytes: number;
  readonly manifest: BackupManifest;
}

/**
 * Backs up records and lake into a folder. The records are read at one moment, and the lake is taken at the generation
 * that stood just after it: whatever the records point at is there. The folder gets its name when everything in it is
 * on the disk, so that half a backup is never taken for a whole one. The head of the audit log goes into the backup and
 * into `audit-head.json` of the workspace. Refusals: `backup.taken`, `backup.changedMeanwhile`, `backup.damagedSource`,
 * `backup.noKeyFile`.
 */
export async function createBackup(what: BackedUp, options: BackupOptions): Promise<Backup> {
  const { folder, caller, keyFile } = options;
  if (existsSync(folder)) throw backupErrors.taken({ folder });
  if (keyFile !== undefined && !existsSync(keyFile)) throw backupErrors.noKeyFile({ file: keyFile });
  await mkdir(dirname(folder), { recursive: true });
  const draft = `${folder}.${randomBytes(4).toString('hex')}.partial`;
  try {
    const backup = await fillDraft(what, options, draft);
    await publish(draft, folder);
    await remember(what, caller, backup.manifest);
    return backup;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function fillDraft(what: BackedUp, options: BackupOptions, draft: string): Promise<Backup> {
  const { records, workspaceRoot, clock, product } = what;
  const createdAt = clock.now().toISOString();
  await mkdir(join(draft, 'records'), { recursive: true, mode: 0o700 });
  // Rows that are not chained yet would stand in the backup without a seal.
  await sealNow(records, { everything: true });
  const {
    part,
    manifest: generation,
    files,
  } = await records.snapshotAsOwner((tx) => exportRecords(tx, what.lake, draft));
  const lake = await lakePart(what.lake, generation);
  const { raw, keys } = await othersToCopy(workspaceRoot, options);
  const copied = await copyFiles(draft, [...lake.files, ...raw, ...keys]);
  const manifest: BackupManifest = {
    format: 1,
    name: basename(options.folder),
    product,
    createdAt,
    records: { kind: records.kind, ...part },
    lake: lake.lake,
    contains: { raw: options.withRaw, keys: keys.length > 0 },
    files: [...files, ...copied].sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
  await replaceFile(join(draft, manifestName), manifestText(manifest));
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  return { folder: options.folder, bytes, manifest };
}

type RecordsPart = Omit<BackupManifest['records'], 'kind'>;

/** Everything of one moment: the tables, and then the generation of the lake. */
async function exportRecords(
  tx: Tx,
  lake: Lake,
  draft: string,
): Promise<{ part: RecordsPart; manifest: Manifest; files: BackupFile[] }> {
  await settleText(tx);
  const end = await chainEnd(tx);
  const manifest = await lake.current();
  const tables: RecordsPart['tables'] = [];
  const files: BackupFile[] = [];
  for (const shape of await listTables(tx)) {
    const path = tableFile(shape.name);
    const { rows, bytes, sha256 } = await exportTable(tx, shape, join(draft, path));
    tables.push({ name: shape.name, columns: [...shape.columns], rows });
    files.push({ path, bytes, sha256 });
  }
  const part: RecordsPart = {
    migrations: await listMigrations(tx),
    tables,
    sequences: await listSequences(tx),
    auditHead: end.hash === null ? null : { position: String(end.position), hash: end.hash },
    sealedWith: await keysInUse(tx),
  };
  return { part, manifest, files };
}

async function othersToCopy(
  workspaceRoot: string,
  { withRaw, keyFile }: BackupOptions,
): Promise<{ readonly raw: readonly FileToCopy[]; readonly keys: readonly FileToCopy[] }> {
  const originals = withRaw ? await filesBelow(join(workspaceRoot, 'raw')) : [];
  const raw = originals
    // What is still being fetched.
    .filter((path) => !path.startsWith('incoming'))
    .map((path) => ({ from: join(workspaceRoot, 'raw', path), path: `raw/${path}` }));
  return { raw, keys: keyFile === undefined ? [] : [{ from: keyFile, path: 'finops.key' }] };
}

async function publish(draft: string, folder: string): Promise<void> {
  await syncFolders(draft);
  await rename(draft, folder).catch((error: NodeJS.ErrnoException) => {
    throw ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(error.code ?? '')
      ? backupErrors.taken({ folder })
      : error;
  });
  await syncFolder(dirname(folder));
}

async function remember(what: BackedUp, caller: Caller, manifest: BackupManifest): Promise<void> {
  const { auditHead } = manifest.records;
  if (auditHead) await addAnchor(what.workspaceRoot, { ...auditHead, at: manifest.createdAt, by: 'backup' });
  await what.records.write(caller, (tx) =>
    audit(tx, caller, {
      action: 'backup.create',
      object: { type: 'backup', id: manifest.name },
      entity: null,
      before: null,
      after: { contains: manifest.contains, generation: manifest.lake.generation, head: auditHead },
    }),
  );
}
