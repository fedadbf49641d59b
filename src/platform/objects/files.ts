import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errors } from './errors.ts';
import { pathError } from './paths.ts';

/**
 * Opens an already resolved path for reading. No link is followed (it would have been put there after the check),
 * and a pipe or device is refused instead of blocking for ever.
 */
export async function openRegular(real: string): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(real, flags).catch((error) => {
    throw pathError(error, real);
  });
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw errors.notAFile({ path: real });
}

/** Opens a file for writing that is never reached through a link. */
export async function openTarget(path: string, mode: 'append' | 'replace'): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true });
  const start = mode === 'append' ? constants.O_APPEND : constants.O_TRUNC;
  return open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | start, 0o600);
}

/** Puts a finished file in its place for good: rename, then fsync of the folder. The file itself is fsynced before. */
export async function settle(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
  if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
}

/** Writes a small file so that a crash leaves the old content or the new, never a part. */
export async function writeSmallFile(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  const handle = await openTarget(draft, 'replace');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await settle(draft, path);
}

/** Removes files; that one is not there is no error. */
export async function removeFiles(...paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true });
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
