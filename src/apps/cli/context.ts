import type { Command } from 'commander';
import { type Config, loadConfig, type SettingKey } from '../../platform/config/index.ts';
import type { ExitCode } from '../../platform/kernel/index.ts';
import { errors } from './errors.ts';
import type { Io } from './io.ts';
import { type Format, type Result, render } from './output.ts';
import { type Progress, startProgress } from './progress.ts';

/** The options that every command takes, as commander reads them. */
interface GlobalOptions {
  readonly data?: string;
  readonly json?: boolean;
  readonly format?: Format;
  readonly config?: string;
  readonly quiet?: boolean;
  readonly color?: boolean;
  readonly exact?: boolean;
}

/** What a command is given besides its own arguments. */
export interface Context {
  readonly io: Io;
  /** The configuration, read on first use. `flags`: what the command's own flags say; they count on every call. */
  readonly config: (flags?: Readonly<Partial<Record<SettingKey, string>>>) => Config;
  readonly format: () => Format;
  /** Prints a result on stdout in the format asked for. */
  readonly print: (result: Result) => void;
  /** A sentence for people on stderr; silent with --quiet. */
  readonly say: (sentence: string) => void;
  /** Progress on stderr; silent with --quiet. Stop it before printing. */
  readonly progress: (label: string) => Progress;
  /** Aborts on Ctrl-C and SIGTERM. A command that asks for it gets time to stop by itself. */
  readonly signal: () => AbortSignal;
  /** Ends the run with this code although nothing is thrown: the answer was printed, and it is a no. */
  readonly exitWith: (code: ExitCode) => void;
}

/** What the program knows of its run, for the code that ends it. */
export interface RunState {
  config?: Config;
  exitCode: ExitCode;
  usesSignal: boolean;
}

/** The context of one run. Options are read late: they are known only when a command runs. */
export function createContext(program: Command, io: Io, state: RunState): Context {
  const options = () => program.opts<GlobalOptions>();
  const say = (sentence: string) => {
    if (!options().quiet) io.stderr.write(`${sentence}\n`);
  };

  function config(flags: Readonly<Partial<Record<SettingKey, string>>> = {}): Config {
    const { data, color } = options();
    const given = {
      ...(data === undefined ? {} : { data }),
      ...(color === false ? { color: 'never' } : {}),
      ...flags,
    };
    const loaded = loadConfig({ flags: given, env: io.env, cwd: io.cwd, file: options().config });
    if (!state.config) for (const hint of loaded.hints) say(`hint: ${hint}`);
    state.config = loaded;
    return loaded;
  }

  function format(): Format {
    const { json, format: named } = options();
    if (json && named !== undefined && named !== 'json') {
      throw errors.usage({ problem: `--json and --format ${named} exclude each other.` });
    }
    return json ? 'json' : (named ?? 'table');
  }

  return {
    io,
    config,
    format,
    say,
    print: (result) => {
      const style = { exact: options().exact ?? false, color: usesColor(io, options().color, state.config) };
      io.stdout.write(render(result, format(), style));
    },
    progress: (label) =>
      startProgress(label, {
        stderr: io.stderr,
        isTTY: io.isTTY.stderr,
        clock: io.clock,
        quiet: options().quiet ?? false,
        ...(io.columns === undefined ? {} : { columns: io.columns }),
      }),
    signal: () => {
      state.usesSignal = true;
      return io.interrupted;
    },
    exitWith: (code) => {
      state.exitCode = code;
    },
  };
}

function usesColor(io: Io, flag: boolean | undefined, config: Config | undefined): boolean {
  // A command that reads no configuration (version, completion) still honours the flag and NO_COLOR.
  const choice =
    flag === false || (!config && io.env['NO_COLOR']) ? 'never' : (config?.values.color ?? 'auto');
  return choice === 'always' || (choice === 'auto' && io.isTTY.stdout);
}
