import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { copyNewFile, fileSha256, filesBelow, syncFile, syncFolder } from '../../warehouse/index.ts';
import { fileBytes } from '../durable-file.ts';
import { backupErrors } from './errors.ts';
import type { BackupFile } from './manifest.ts';

/** A file to copy: from where, to which path in the backup, and what is known of its content. */
export interface FileToCopy {
  readonly from: string;
  readonly path: string;
  readonly sha256?: string | undefined;
}

/**
 * Copies files into a folder, syncs them and gives their checksums, read back from the copy. Shares blocks with the
 * original where the file system can, and is a file of its own nevertheless. Refuses one that is gone
 * (`backup.changedMeanwhile`) or has another content than it must have (`backup.damagedSource`).
 */
export async function copyFiles(folder: string, files: readonly FileToCopy[]): Promise<BackupFile[]> {
  const copied: BackupFile[] = [];
  for (const { from, path, sha256: known } of files) {
    const to = join(folder, path);
    await mkdir(dirname(to), { recursive: true });
    await copyNewFile(from, to).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? backupErrors.changedMeanwhile({ file: from }) : error;
    });
    await syncFile(to);
    const sha256 = await fileSha256(to);
    if (known !== undefined && known !== sha256) throw backupErrors.damagedSource({ file: from });
    copied.push({ path, bytes: await fileBytes(to), sha256 });
  }
  return copied;
}

/** Syncs every folder below and including the given one: the names in it are on the disk. */
export async function syncFolders(folder: string): Promise<void> {
  const folders = new Set([folder]);
  for (const path of await filesBelow(folder))
    for (let at = dirname(path); at !== '.'; at = dirname(at)) folders.add(join(folder, at));
  for (const path of folders) await syncFolder(path);
}

/** Checks size and checksum of every file that a backup names; `onBytes` hears how far it is. */
export async function checkFiles(
  folder: string,
  files: readonly BackupFile[],
  onBytes: (bytes: number) => void = () => {},
): Promise<void> {
  for (const { path, bytes, sha256 } of files) {
    const file = join(folder, path);
    const damaged = (reason: string) => backupErrors.damaged({ folder, file: path, reason });
    const found = await fileBytes(file).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? damaged('is missing') : error;
    });
    if (found !== bytes) throw damaged(`has ${found} bytes, not ${bytes}`);
    if ((await fileSha256(file)) !== sha256) throw damaged('does not have its checksum');
    onBytes(bytes);
  }
}
