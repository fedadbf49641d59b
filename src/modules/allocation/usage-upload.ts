import { createHash } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../platform/kernel/index.ts';
import { syncFile, syncFolder, type Workspace } from '../../platform/warehouse/index.ts';

/** Where an original lies below the workspace, by its content. */
export function uploadPath(root: string, sha256: string): string {
  return join(root, 'raw', sha256.slice(0, 2), `${sha256}.csv`);
}

/**
 * Keeps a text that came with a request under its SHA-256 in `raw/`, synced, so that its import may run later, elsewhere, and again.
 * The same text is kept once; `gc` removes it when no snapshot is made from it.
 */
export async function keepUpload({ root, clock, randomness }: Workspace, text: string): Promise<string> {
  const sha256 = createHash('sha256').update(text).digest('hex');
  const path = uploadPath(root, sha256);
  const folder = join(path, '..');
  await mkdir(folder, { recursive: true });
  const isThere = await stat(path).then(
    ({ size }) => size === Buffer.byteLength(text),
    () => false,
  );
  if (isThere) return sha256;
  const draft = join(folder, `${newId(clock, randomness)}.draft`);
  try {
    await writeFile(draft, text, { flag: 'wx', mode: 0o600 });
    await syncFile(draft);
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(folder);
  return sha256;
}
