import { copyFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Context } from './context.ts';
import { errors } from './errors.ts';

/** Where a command puts a file: on this machine, or in S3. */
export interface OutFile {
  /** Absolute path or `s3://bucket/key`. */
  readonly name: string;
  /** Moves a finished file there. */
  readonly take: (file: string) => Promise<void>;
}

/**
 * The place that `--out` names; refused when its folder is missing or, without `overwrite`, when something is there. S3 is reached with
 * the environment's credentials, region and endpoint.
 */
export async function outFile({ io }: Context, out: string, overwrite: boolean): Promise<OutFile> {
  if (out.startsWith('s3://')) {
    return {
      name: out,
      take: async (file) => {
        const { putToS3 } = await import('../../platform/objects/index.ts');
        await putToS3({ uri: out, file, overwrite });
        await rm(file);
      },
    };
  }
  const name = resolve(io.cwd, out);
  const folder = await stat(dirname(name)).catch(() => undefined);
  if (!folder?.isDirectory()) throw errors.folderMissing({ folder: dirname(name) });
  const taken = await stat(name).catch(() => undefined);
  if (taken && !overwrite) throw errors.fileTaken({ file: name });
  return { name, take: (file) => move(file, name) };
}

/** The two may be on different disks. */
async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await copyFile(from, to);
    await rm(from);
  }
}
