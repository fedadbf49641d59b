import { fixedClock } from '../../../platform/kernel/index.ts';
import type { Io } from '../io.ts';

/** A world in memory: what is written is kept, nothing of the machine's environment is seen. */
export function fakeIo(
  overrides: Partial<Io> = {},
): Io & { readonly out: () => string; readonly err: () => string } {
  const written = { out: '', err: '' };
  return {
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text) },
    stdin: (async function* () {})(),
    env: {},
    cwd: '/nowhere',
    isTTY: { stdout: false, stderr: false, stdin: false },
    clock: fixedClock('2026-11-21T10:00:00Z'),
    interrupted: new AbortController().signal,
    out: () => written.out,
    err: () => written.err,
    ...overrides,
  };
}
