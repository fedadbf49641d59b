import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Clock, ownerCaller } from '../../kernel/index.ts';
import {
  type Engine,
  filesBelow,
  openEngine,
  openLake,
  syncFile,
  syncFolder,
  verifyLake,
} from '../../warehouse/index.ts';
import { audit } from '../audit.ts';
import { addAnchor } from '../chain/audit-head.ts';
import { sealNow } from '../chain/seal-audit.ts';
import { openRecords } from '../open-records.ts';
import { databaseIsEmpty } from './empty-database-sql.ts';
import { backupErrors } from './errors.ts';
import { checkFiles, copyFiles, syncFolders } from './files.ts';
import { lakePart } from './lake-part.ts';
import { expectSame, loadRecords, schemaOf } from './load-records.ts';
import { type BackupManifest, readManifest } from './manifest.ts';

export interface RestoreOptions {
  /** Folder of the backup. */
  readonly backup: string;
  /** Workspace folder to restore into: absent, or empty but for a key file. */
  readonly root: string;
  /** PostgreSQL to restore the records into, an empty database; without it, PGlite in the workspace. */
  readonly databaseUrl?: string | undefined;
  readonly clock: Clock;
  readonly threads?: number | undefined;
  readonly memoryLimitMb?: number | undefined;
  /** Hears what is done now: one short sentence. */
  readonly onStep?: ((step: string) => void) | undefined;
}

/** What was proven of a backup by restoring it. */
export interface Restored {
  readonly manifest: BackupManifest;
  /** Rows of the records, and rows of the lake whose sums were recomputed. */
  readonly recordsRows: number;
  readonly lakeRows: number;
}

/** Where everything is put together before it gets its place. */
const draftName = '.restoring';
/** What may lie in a workspace before a restore: the owner has put the key there. */
const keyName = 'finops.key';
const mayBeThere = [keyName, draftName];

/**
 * Restores a backup into an empty workspace and an empty database, and proves that it is the same: checksums of every
 * file, of every table written out again, the audit chain, and the sums of every month recomputed from the lake. Nothing
 * is ever overwritten. The workspace gets its parts when all of this holds; a restore that fails leaves no part of it
 * (in a PostgreSQL, the tables without rows, which the next one fills).
 *
 * Refusals: `backup.notABackup`, `backup.damaged`, `backup.newerBackup`, `backup.otherSchema`, `backup.notEmpty`,
 * `backup.differs`.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { root, databaseUrl, clock, onStep: step = () => {} } = options;
  const backup = resolve(options.backup);
  const manifest = await checkedManifest(backup, step);
  await refuseUsedPlaces(root, databaseUrl);
  const draft = join(root, draftName);
  await mkdir(draft, { recursive: true });
  try {
    step('copying the lake');
    await copyParts(backup, { root, draft }, manifest);
    const lakeRows = await proveLake({ root: draft, scratch: join(draft, 'tmp') }, manifest, options);
    step('loading the records');
    await restoreRecords(backup, { root: draft, databaseUrl, clock }, manifest);
    const { auditHead } = manifest.records;
    if (auditHead) await addAnchor(draft, { ...auditHead, at: clock.now().toISOString(), by: 'restore' });
    await moveIntoPlace(draft, root);
    return { manifest, lakeRows, recordsRows: rowsOf(manifest) };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/**
 * Proves that a backup can be restored, without restoring it: everything that `restoreBackup` checks, with the records
 * loaded into a database that is thrown away. `scratch` is a folder for that; it is removed.
 */
export async function verifyBackup(
  options: Omit<RestoreOptions, 'root' | 'databaseUrl'> & { readonly scratch: string },
): Promise<Restored> {
  const { scratch, clock, onStep: step = () => {} } = options;
  const backup = resolve(options.backup);
  try {
    const manifest = await checkedManifest(backup, step);
    const lakeRows = await proveLake({ root: backup, scratch: join(scratch, 'tmp') }, manifest, options);
    step('loading the records, to throw them away');
    await restoreRecords(backup, { root: scratch, databaseUrl: undefined, clock }, manifest);
    return { manifest, lakeRows, recordsRows: rowsOf(manifest) };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function checkedManifest(backup: string, step: (step: string) => void): Promise<BackupManifest> {
  const manifest = await readManifest(backup);
  schemaOf(backup, manifest);
  step('checking the files of the backup');
  await checkFiles(backup, manifest.files);
  return manifest;
}

async function refuseUsedPlaces(root: string, databaseUrl: string | undefined): Promise<void> {
  const names = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (names.some((name) => !mayBeThere.includes(name))) throw backupErrors.notEmpty({ place: root });
  // What a killed restore has left; nothing of it was ever used.
  await rm(join(root, draftName), { recursive: true, force: true });
  if (databaseUrl !== undefined && !(await databaseIsEmpty(databaseUrl)))
    throw backupErrors.notEmpty({ place: 'The database' });
}

/** A key file that is there already stays: it may hold more keys than the backup. */
async function copyParts(
  backup: string,
  { root, draft }: { readonly root: string; readonly draft: string },
  { files }: BackupManifest,
): Promise<void> {
  const wanted = files.filter(
    ({ path }) => /^(lake|raw)\//.test(path) || (path === keyName && !existsSync(join(root, keyName))),
  );
  await copyFiles(
    draft,
    wanted.map(({ path, sha256 }) => ({ from: join(backup, path), path, sha256 })),
  );
  await syncFolders(draft);
}

/** Sums of every snapshot recomputed from its files; those of the current ones are what the backup says. */
async function proveLake(
  { root, scratch }: { readonly root: string; readonly scratch: string },
  manifest: BackupManifest,
  {
    clock,
    threads,
    memoryLimitMb,
    onStep,
  }: Pick<RestoreOptions, 'clock' | 'threads' | 'memoryLimitMb' | 'onStep'>,
): Promise<number> {
  onStep?.('adding up every month of the lake');
  const lake = openLake(root, clock);
  const found = await lakePart(lake, await lake.current());
  expectSame('the generation of the lake', manifest.lake.generation, found.lake.generation);
  expectSame(
    'the totals of the lake',
    JSON.stringify(manifest.lake.totals),
    JSON.stringify(found.lake.totals),
  );
  if (found.lake.snapshots === 0) return 0;
  const engine: Engine = await openEngine({
    tempDirectory: scratch,
    memoryLimitMb: memoryLimitMb ?? 500,
    ...(threads === undefined ? {} : { threads }),
  });
  try {
    const { rows, findings } = await verifyLake(lake, engine);
    const [first] = findings;
    expectSame('the lake', 'whole', first ? `${first.path}: ${first.problem}` : 'whole');
    return rows;
  } finally {
    engine.close();
  }
}

async function restoreRecords(
  backup: string,
  { root, databaseUrl, clock }: { root: string; databaseUrl: string | undefined; clock: Clock },
  manifest: BackupManifest,
): Promise<void> {
  const loading = await openRecords({ root, databaseUrl, schema: schemaOf(backup, manifest) });
  try {
    await loading.asOwner((tx) => loadRecords(tx, backup, manifest));
  } finally {
    await loading.close();
  }
  // From here on it lives: the schema goes forward, and the log tells where it came from.
  const records = await openRecords({ root, databaseUrl });
  try {
    const caller = ownerCaller(null);
    const { name, createdAt, product } = manifest;
    await records.write(caller, (tx) =>
      audit(tx, caller, {
        action: 'backup.restore',
        object: { type: 'backup', id: name },
        entity: null,
        before: null,
        after: {
          createdAt,
          product,
          restoredAt: clock.now().toISOString(),
          head: manifest.records.auditHead,
        },
      }),
    );
    await sealNow(records, { everything: true });
  } finally {
    await records.close();
  }
}

/** Everything is on the disk before it has its name; the lake comes last. */
async function moveIntoPlace(draft: string, root: string): Promise<void> {
  for (const name of ['finops.lock', 'tmp']) await rm(join(draft, name), { recursive: true, force: true });
  // PGlite syncs nothing itself.
  for (const path of await filesBelow(join(draft, 'records'))) await syncFile(join(draft, 'records', path));
  await syncFolders(draft);
  const others = (await readdir(root)).find((name) => !mayBeThere.includes(name));
  if (others !== undefined) throw backupErrors.notEmpty({ place: root });
  const parts = (await readdir(draft)).sort((a, b) => Number(a === 'lake') - Number(b === 'lake'));
  for (const part of parts) await rename(join(draft, part), join(root, part));
  await rmdir(draft);
  await syncFolder(root);
}

function rowsOf({ records }: BackupManifest): number {
  return records.tables.reduce((sum, { rows }) => sum + rows, 0);
}
