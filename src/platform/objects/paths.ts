import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { errors } from './errors.ts';

/**
 * The real path (every symbolic link followed) of something that may be read.
 *
 * Refused: NUL bytes, `..` segments, and whatever really lies outside `roots`, through a link too. A path outside the
 * roots is answered alike whether it exists or not. Open the returned path, never the one that came in.
 */
export async function allowedPath(path: string, roots: readonly string[]): Promise<string> {
  if (path === '') throw errors.badPath({ path, reason: 'it is empty' });
  if (path.includes('\0')) throw errors.badPath({ path, reason: 'it holds a NUL byte' });
  if (path.split(/[/\\]/).includes('..')) throw errors.badPath({ path, reason: "it holds '..'" });
  const asked = resolve(path);
  const realRoots = await Promise.all(roots.map(realOrSame));
  const real = await realpath(asked).catch((error: NodeJS.ErrnoException) => error);
  if (typeof real === 'string') {
    if (!realRoots.some((root) => lies(real, root))) throw errors.outsideRoots({ path });
    return real;
  }
  if (![...roots.map((root) => resolve(root)), ...realRoots].some((root) => lies(asked, root))) {
    throw errors.outsideRoots({ path });
  }
  throw pathError(real, path);
}

/** A failed system call on a path as a refusal; what is no expected failure is thrown as it is. */
export function pathError(error: unknown, path: string): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return errors.notFound({ uri: path });
    case 'EACCES':
    case 'EPERM':
      return errors.fileRefused({ path });
    case 'ELOOP':
      return errors.badPath({
        path,
        reason: 'its symbolic links lead in a circle or were changed meanwhile',
      });
    case 'ENAMETOOLONG':
      return errors.badPath({ path, reason: 'it is too long' });
    case 'EISDIR':
      return errors.notAFile({ path });
    default:
      return error;
  }
}

/** As `pathError`, for a file that is being written: a full disk is not the data's fault. */
export function writeError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  const writing = [
    'ENOSPC',
    'EDQUOT',
    'EROFS',
    'EFBIG',
    'EACCES',
    'EPERM',
    'EIO',
    'EMFILE',
    'ENOTDIR',
    'EISDIR',
  ];
  return code && writing.includes(code) ? errors.cannotWrite({ path, reason: code }) : error;
}

/** Any text as one harmless file name: letters, digits, `.`, `_`, `-`, not starting with a dot, at most 100 characters. */
export function safeFileName(text: string): string {
  const name = text
    .normalize('NFKC')
    .replace(/[^A-Za-z0-9._-]/g, '_')
    .replace(/^\.+/, '_')
    .slice(-100);
  return name === '' ? '_' : name;
}

async function realOrSame(root: string): Promise<string> {
  const absolute = resolve(root);
  return realpath(absolute).catch(() => absolute);
}

function lies(path: string, root: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}
