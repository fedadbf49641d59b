import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Files that survive a power cut. A file is durable when its content and the folder entry that names it are both synced;
 * DuckDB's COPY does neither.
 */

/** Syncs a file's content to the disk. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Syncs a folder, so that the names created, renamed or removed in it are durable. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder and its missing parents, and syncs every folder that got a new entry. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let folder = path; folder.length >= first.length; folder = dirname(folder))
    await syncFolder(dirname(folder));
}

/** Writes a new file and syncs its content; the folder is synced by the caller, once for many files. */
export async function writeNewFile(path: string, content: string): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Copies a file under a new name, sharing blocks where the file system can; not synced. */
export function copyNewFile(from: string, to: string): Promise<void> {
  return copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
}

/**
 * Creates `path` with `content`, or returns false when the name is taken: an atomic compare-and-swap.
 * The content is complete and synced before the name appears (a hard link), so a crash never leaves a torn file.
 */
export async function createExclusively(
  path: string,
  content: string,
  steps: { readonly onWritten?: () => void; readonly onLinked?: () => void } = {},
): Promise<boolean> {
  const draft = `${path}.${process.pid}.draft`;
  await rm(draft, { force: true });
  await writeNewFile(draft, content);
  steps.onWritten?.();
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
  steps.onLinked?.();
  await syncFolder(dirname(path));
  return true;
}

/** Every file below a folder, as paths relative to it, sorted; none when the folder is absent. */
export async function filesBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The size of a file in bytes, or undefined when there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
