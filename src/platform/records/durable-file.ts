import { randomBytes } from 'node:crypto';
import { link, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../warehouse/index.ts';

/** Puts `content` under a name, in the place of what was there: whole and on the disk, or not at all. */
export async function replaceFile(path: string, content: string, mode = 0o644): Promise<void> {
  const draft = await writeDraft(path, content, mode);
  await rename(draft, path);
  await syncFolder(dirname(path));
}

/** As `replaceFile`, but false when the name is taken: who comes first has made the file. */
export async function createFile(path: string, content: string, mode = 0o644): Promise<boolean> {
  const draft = await writeDraft(path, content, mode);
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft);
  }
  await syncFolder(dirname(path));
  return true;
}

async function writeDraft(path: string, content: string, mode: number): Promise<string> {
  const draft = `${path}.${randomBytes(4).toString('hex')}.draft`;
  const handle = await open(draft, 'wx', mode);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return draft;
}

/** The size of a file in bytes; fails when there is none. */
export async function fileBytes(path: string): Promise<number> {
  return (await stat(path)).size;
}
