import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createContext } from './context.ts';
import { createProgram } from './program.ts';
import { run } from './run.ts';
import { fakeIo } from './testing/fake-io.ts';

function folderWith(toml: string): string {
  const cwd = mkdtempSync(join(tmpdir(), 'finops-cli-'));
  writeFileSync(join(cwd, 'finops.toml'), toml);
  return cwd;
}

describe('exit codes and errors', () => {
  it.each([
    [['confg'], "cli.usage: Unknown command 'confg' (Did you mean config?)"],
    [
      ['config', 'list', '--show-orign'],
      "cli.usage: Unknown option '--show-orign' (Did you mean --show-origin?)",
    ],
    [
      ['config', 'list', '--format', 'xml'],
      "cli.usage: Option '--format <format>' argument 'xml' is invalid.",
    ],
    [['completion', 'tcsh'], "cli.usage: Command-argument value 'tcsh' is invalid for argument 'shell'."],
    [['config', 'list', '--config', 'no.toml'], 'config.fileMissing: flag --config'],
  ])('answers %j on stderr with exit code 2', async (args, sentence) => {
    const io = fakeIo();
    expect(await run(args, io)).toBe(2);
    expect(io.err()).toContain(sentence);
    expect(io.err().trimEnd().split('\n')).toHaveLength(1);
    expect(io.out()).toBe('');
  });

  it('refuses --json with another format before anything is done', async () => {
    const io = fakeIo({ cwd: folderWith('nonsense') });
    expect(await run(['config', 'list', '--json', '--format', 'csv'], io)).toBe(2);
    expect(JSON.parse(io.out()).error.message).toContain('--json and --format csv exclude each other.');
  });

  it('prints an error as JSON on stdout when JSON is asked for, even when the options cannot be read', async () => {
    const io = fakeIo();
    expect(await run(['config', 'list', '--colour', '--json'], io)).toBe(2);
    expect(JSON.parse(io.out())).toMatchObject({ schemaVersion: 1, error: { code: 'cli.usage' } });
    expect(io.err()).toBe('');
  });

  it('prints help on stdout with 0 when asked for, on stderr with 2 when a command is missing', async () => {
    const asked = fakeIo();
    expect(await run(['--help'], asked)).toBe(0);
    expect(asked.out()).toMatch(/^Usage: finops/);
    const missing = fakeIo();
    expect(await run([], missing)).toBe(2);
    expect(missing.out()).toBe('');
    expect(missing.err()).toMatch(/^Usage: finops/);
  });

  it('answers a bug of ours with an id and how to report it, and shows its stack at level debug only', async () => {
    const broken = (env: Record<string, string>) => {
      const io = fakeIo({ env });
      const write = () => {
        throw new Error('column x is missing\nLINE 1: select x');
      };
      return { io: { ...io, stdout: { write } }, err: io.err };
    };
    const plain = broken({});
    expect(await run(['version'], plain.io)).toBe(1);
    expect(plain.err()).toMatch(
      /^cli\.defect: This is a bug of finops \(\w{17}\): column x is missing\. Run it again /,
    );
    expect(plain.err()).not.toMatch(/select x|\n {4}at /);
    const debug = broken({ FINOPS_LOG_LEVEL: 'debug' });
    await run(['version'], debug.io);
    expect(debug.err()).toMatch(/select x[\s\S]+\n {4}at /);
  });

  it('tells a refusal of the operating system from a bug', async () => {
    const io = fakeIo();
    const error = Object.assign(new Error("EACCES: permission denied, open 'x'"), {
      code: 'EACCES',
      syscall: 'open',
    });
    const write = () => {
      throw error;
    };
    expect(await run(['version'], { ...io, stdout: { write } })).toBe(4);
    expect(io.err()).toContain(
      "cli.denied: The operating system denied access: EACCES: permission denied, open 'x'.",
    );
  });

  it('ends with 130 when interrupted, with 143 when terminated', async () => {
    for (const [reason, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const io = fakeIo({ interrupted: AbortSignal.abort(reason) });
      expect(await run(['version'], io)).toBe(code);
      expect(io.err()).toBe('interrupted\n');
    }
  });
});

describe('Ctrl-C', () => {
  function interruptible(work: (signal: () => AbortSignal) => Promise<void>) {
    const controller = new AbortController();
    const io = fakeIo({ interrupted: controller.signal });
    const ended = run(['wait'], io, (world, state) => {
      const program = createProgram(world, state);
      program.command('wait').action(() => work(createContext(program, world, state).signal));
      return program;
    });
    return { io, ended, interrupt: () => controller.abort('SIGINT') };
  }

  it('leaves a command that does not listen', async () => {
    const { io, ended, interrupt } = interruptible(() => new Promise(() => {}));
    setTimeout(interrupt, 10);
    expect(await ended).toBe(130);
    expect(io.err()).toBe('interrupted\n');
  });

  it('waits for a command that stops by itself, and takes its own end as its answer', async () => {
    let cleaned = false;
    const { io, ended, interrupt } = interruptible(async (signal) => {
      await new Promise((resolve) => signal().addEventListener('abort', resolve));
      await new Promise((resolve) => setTimeout(resolve, 20));
      cleaned = true;
    });
    setTimeout(interrupt, 10);
    expect([await ended, cleaned]).toEqual([0, true]);
    expect(io.err()).toBe('stopping; press Ctrl-C again to stop at once\n');
  });

  it('ends with 130 when such a command gives up', async () => {
    const { ended, interrupt } = interruptible(async (signal) => {
      await new Promise((resolve) => signal().addEventListener('abort', resolve));
      signal().throwIfAborted();
    });
    setTimeout(interrupt, 10);
    expect(await ended).toBe(130);
  });
});

describe('finops config list', () => {
  it('shows keys and values, and the origin when asked', async () => {
    const io = fakeIo({
      cwd: folderWith('[server]\nport = 5000\ntoken = "hunter2"\n'),
      env: { FINOPS_GC_KEEP_DAYS: '7' },
    });
    expect(await run(['config', 'list', '--show-origin', '--data', 'lake', '--format', 'csv'], io)).toBe(0);
    expect(io.out()).toMatch(/^data,\/.*\/lake,flag --data$/m);
    expect(io.out()).toContain('server.port,5000,finops.toml:2\n');
    expect(io.out()).toContain('server.token,***,finops.toml:3\n');
    expect(io.out()).toContain('gc.keepDays,7,env FINOPS_GC_KEEP_DAYS\n');
    expect(io.out()).toContain('gc.keepVersions,3,default\n');
    expect(io.out() + io.err()).not.toContain('hunter2');
  });

  it('gives everything in JSON', async () => {
    const io = fakeIo({ cwd: folderWith('') });
    await run(['config', 'list', '--json'], io);
    const { schemaVersion, file, settings } = JSON.parse(io.out());
    expect([schemaVersion, file]).toEqual([1, 'finops.toml']);
    expect(Object.keys(settings[0])).toEqual(['key', 'value', 'origin', 'description']);
  });

  it('prints hints on stderr once, and none when quiet', async () => {
    const env = { OPEN_FINOPS_DATA_DIR: 'lake' };
    const io = fakeIo({ env });
    await run(['config', 'list', '--json'], io);
    expect(io.err()).toBe('hint: env OPEN_FINOPS_DATA_DIR is read as data; write FINOPS_DATA\n');
    const quiet = fakeIo({ env });
    await run(['config', 'list', '--quiet'], quiet);
    expect(quiet.err()).toBe('');
  });
});

describe('finops version', () => {
  it('works with a broken configuration, since a bug report needs it', async () => {
    const io = fakeIo({ cwd: folderWith('nonsense') });
    expect(await run(['version', '--json'], io)).toBe(0);
    expect(JSON.parse(io.out())).toMatchObject({
      schemaVersion: 1,
      centrail: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
  });

  it('names the engine by the version that is installed', async () => {
    const io = fakeIo();
    await run(['version', '--json'], io);
    const engine = await import('@duckdb/node-api');
    expect(`v${JSON.parse(io.out()).duckdb}`).toContain(engine.version());
  });
});
