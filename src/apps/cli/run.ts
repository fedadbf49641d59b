import { randomBytes } from 'node:crypto';
import { type Command, CommanderError } from 'commander';
import { exitCodes, newId, Refusal } from '../../platform/kernel/index.ts';
import type { RunState } from './context.ts';
import { errors } from './errors.ts';
import type { Io } from './io.ts';
import { renderJson } from './output.ts';
import { createProgram } from './program.ts';

/** How long a command that stops by itself may take after Ctrl-C. */
const graceMs = 10_000;

/**
 * Runs one command line (the words after `finops`) and gives its exit code. Never throws.
 * An error is one line on stderr, `code: sentence`; with `--json` it is `{schemaVersion, error}` on stdout.
 */
export async function run(
  args: readonly string[],
  io: Io,
  create: (io: Io, state: RunState) => Command = createProgram,
): Promise<number> {
  const state: RunState = { exitCode: exitCodes.ok, usesSignal: false };
  try {
    await untilInterrupted(create(io, state).parseAsync(args, { from: 'user' }), io, state);
    return state.exitCode;
  } catch (error) {
    if (io.interrupted.aborted) return interruptedCode(io);
    if (error instanceof CommanderError && !isUsageError(error)) return exitCodes.ok;
    // Help for a missing command is printed already.
    if (error instanceof CommanderError && error.code === 'commander.help') return exitCodes.usage;
    return report(error, args, io, state);
  }
}

function isUsageError(error: CommanderError): boolean {
  return !['commander.helpDisplayed', 'commander.version'].includes(error.code) && error.exitCode !== 0;
}

/** A command that asked for the signal may finish or clean up; any other is left: the lake survives even kill -9. */
function untilInterrupted(work: Promise<unknown>, io: Io, state: RunState): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let patience: NodeJS.Timeout | undefined;
    const leave = () => reject(new Error('interrupted'));
    function onAbort(): void {
      if (state.usesSignal) {
        io.stderr.write('stopping; press Ctrl-C again to stop at once\n');
        patience = setTimeout(leave, graceMs);
      } else {
        leave();
      }
    }
    if (io.interrupted.aborted) onAbort();
    else io.interrupted.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => {
      clearTimeout(patience);
      io.interrupted.removeEventListener('abort', onAbort);
    });
  });
}

function interruptedCode(io: Io): number {
  io.stderr.write('interrupted\n');
  return io.interrupted.reason === 'SIGTERM' ? 143 : 130;
}

function report(error: unknown, args: readonly string[], io: Io, state: RunState): number {
  const refusal = toRefusal(error, io);
  if (wantsJson(args)) {
    const { code, message, params } = refusal;
    io.stdout.write(renderJson({ error: { code, message, params } }));
  } else {
    io.stderr.write(`${refusal.code}: ${refusal.message}\n`);
  }
  const level = state.config?.values['log.level'] ?? io.env['FINOPS_LOG_LEVEL'];
  if (level === 'debug') io.stderr.write(`${trace(error)}\n`);
  return refusal.exitCode;
}

function toRefusal(error: unknown, io: Io): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof CommanderError) return errors.usage({ problem: usageSentence(error.message) });
  // The first line only: a failed statement quotes its SQL below.
  const problem = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  if (isSystemError(error)) {
    return ['EACCES', 'EPERM', 'EROFS'].includes(error.code)
      ? errors.denied({ problem })
      : errors.system({ problem });
  }
  return errors.defect({ id: newId(io.clock, randomBytes), problem });
}

/** `error: unknown command 'x'` → `Unknown command 'x'.` */
function usageSentence(message: string): string {
  const text = message
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim();
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!)]$/.test(sentence) ? sentence : `${sentence}.`;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

/** Also right when the arguments could not be parsed. */
function wantsJson(args: readonly string[]): boolean {
  return args.some(
    (word, index) =>
      word === '--json' || word === '--format=json' || (word === 'json' && args[index - 1] === '--format'),
  );
}

/** Stack, SQL and causes, for the log at level debug. */
function trace(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const sql = 'sql' in error ? `\nSQL: ${String(error.sql)}` : '';
  const cause = error.cause === undefined ? '' : `\nCaused by: ${trace(error.cause)}`;
  return `${error.stack ?? error.message}${sql}${cause}`;
}
