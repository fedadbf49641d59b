import { readFileSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createFile, replaceFile } from '../durable-file.ts';
import { secretsErrors } from './errors.ts';
import { type Key, newKey, parseKeys, writtenKeys } from './key.ts';

/** Which version of the file was read: a replaced file has another inode, an edited one another time or size. */
export type FileVersion = string;

const ownerOnly = 0o600;

/** The version of the file now; undefined when there is none. */
export function fileVersion(file: string): FileVersion | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  return found && `${found.ino} ${found.mtimeMs} ${found.size}`;
}

/** The keys of a file, current one first. Refuses a file that others than its owner can read (`secrets.openFile`). */
export function readKeyFile(file: string): readonly Key[] {
  const mode = statSync(file).mode & 0o777;
  // Windows has no such bits.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw secretsErrors.openFile({ file, mode: mode.toString(8) });
  return parseKeys(readFileSync(file, 'utf8'), /\r?\n/, file);
}

/** Makes a key file with one new key for its owner's eyes only, unless another process has just made one. */
export async function createKeyFile(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await createFile(file, writtenKeys([newKey()]), ownerOnly);
}

/** Puts other keys in the place of those in the file: whole and durable, or not at all. */
export async function replaceKeyFile(file: string, keys: readonly Key[]): Promise<void> {
  await replaceFile(file, writtenKeys(keys), ownerOnly);
}
