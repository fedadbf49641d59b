import { spawn } from 'node:child_process';

/** What a measured process reports as its last line. */
export interface Measured {
  readonly milliseconds: number;
  readonly maxRssMb: number;
  readonly [key: string]: unknown;
}

/** Runs a module of this folder in a process of its own, so that its memory is its own. */
export function measure(module: string, args: readonly string[]): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', `${import.meta.dirname}/${module}`, ...args]);
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as Measured);
      else reject(new Error(`${module} ended with ${code}: ${err.slice(0, 2000)}`));
    });
  });
}

/** Prints the measurements of this process as its last line. */
export function report(milliseconds: number, facts: Readonly<Record<string, unknown>> = {}): void {
  const maxRssMb = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(`${JSON.stringify({ milliseconds: Math.round(milliseconds), maxRssMb, ...facts })}\n`);
}
