import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { readServerFile } from '../src/apps/server/index.ts';

const program = join(import.meta.dirname, '../dist/apps/cli/main.js');

/** Start of the program and of the server on the embedded default, and whether it lives while it works. */
export async function benchServe(cache: string, bill: string): Promise<void> {
  console.log('\nserver on the embedded default (built program)');
  const help = await median(9, async () => {
    await once(spawn(process.execPath, [program, '--help'], { stdio: 'ignore' }), 'close');
  });
  line('finops --help', `${Math.round(help)} ms`, '< 150 ms');

  const data = join(cache, 'serve');
  await rm(data, { recursive: true, force: true });
  line('first start, empty workspace', await startOnce(data), 'none');
  const starts = [];
  for (let round = 0; round < 3; round++) starts.push(Number.parseInt(await startOnce(data), 10));
  line('start on an existing workspace', `${starts.sort((a, b) => a - b)[1]} ms`, '< 2000 ms');
  await benchHealth(data, bill);
  await rm(data, { recursive: true, force: true });
}

async function startOnce(data: string): Promise<string> {
  const started = performance.now();
  const server = await startServer(data);
  const ms = Math.round(performance.now() - started);
  await stop(server);
  return `${ms} ms`;
}

/** Starts the program and waits until it says that it serves. */
async function startServer(data: string): Promise<ChildProcess> {
  const args = ['serve', '--data', data, '--port', '0', '--json', '--quiet'];
  const server = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(createInterface(server.stdout), 'line');
  return server;
}

async function stop(server: ChildProcess): Promise<void> {
  server.kill('SIGTERM');
  await once(server, 'close');
}

/** Asks /healthz every 20 ms while a bill is imported and reports are read. */
async function benchHealth(data: string, bill: string): Promise<void> {
  const server = await startServer(data);
  const { url, secret } = (await readServerFile(data)) as { url: string; secret: string };
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  const post = (path: string, body: unknown, more: Readonly<Record<string, string>> = {}) =>
    fetch(`${url}/api/v1${path}`, {
      method: 'POST',
      headers: { ...headers, ...more },
      body: JSON.stringify(body),
    });
  // Something for the reports to read.
  await (await post('/imports', { path: bill, source: 'bench' })).text();
  const asked = await post('/imports', { path: bill, source: 'bench-again' }, { prefer: 'respond-async' });
  const run = asked.headers.get('location') ?? '';
  let working = true;
  const reading = (async () => {
    while (working) await (await post('/reports/service-costs-by-region/runs', {})).text();
  })();
  const times: number[] = [];
  const watching = (async () => {
    while (working) {
      const started = performance.now();
      await (await fetch(`${url}/healthz`)).text();
      times.push(performance.now() - started);
      await sleep(20);
    }
  })();
  for (;;) {
    await sleep(500);
    const { state } = (await (await fetch(`${url}${run}`, { headers })).json()) as { state: string };
    if (!['queued', 'running'].includes(state)) break;
  }
  working = false;
  await Promise.all([reading, watching]);
  await stop(server);
  times.sort((a, b) => a - b);
  line(
    `/healthz during import and report (${times.length} times)`,
    `${Math.round(times.at(-1) ?? 0)} ms`,
    `< 200 ms   (median ${(times[times.length >> 1] ?? 0).toFixed(1)} ms)`,
  );
}

async function median(rounds: number, work: () => Promise<void>): Promise<number> {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    await work();
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[rounds >> 1] ?? Number.NaN;
}

function line(what: string, figure: string, goal: string): void {
  console.log(`  ${what.padEnd(46)} ${figure.padStart(10)}   goal ${goal}`);
}
