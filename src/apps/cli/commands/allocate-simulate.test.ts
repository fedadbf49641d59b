import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../run.ts';
import { fakeIo } from '../testing/fake-io.ts';
import { exitOf } from './allocate-simulate.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finops-simulate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** There is no workspace at `--data`, and there is none afterwards. */
async function simulate(text: string, ...options: readonly string[]) {
  await writeFile(join(folder, 'graph.json'), text);
  const io = fakeIo({ cwd: folder });
  const code = await run(['allocate', 'simulate', 'graph.json', ...options, '--data', 'nowhere'], io);
  expect(existsSync(join(folder, 'nowhere'))).toBe(false);
  return { code, out: io.out(), err: io.err() };
}

const example = {
  currency: 'EUR',
  nodes: [
    { id: 'pool', type: 'shared', direct: '500' },
    { id: 'web', type: 'product' },
    { id: 'api', type: 'product' },
  ],
  edges: ['web', 'api'].map((to) => ({
    ...{ from: 'pool', to, strategy: 'proportional' },
    params: { metric: 'hours' },
  })),
  usage: [
    { node: 'web', metric: 'hours', value: 1000 },
    { node: 'api', metric: 'hours', value: 4000 },
  ],
};

describe('finops allocate simulate', () => {
  it('needs no workspace, and answers in decimal texts', async () => {
    const { code, out } = await simulate(JSON.stringify(example), '--json');
    expect(code).toBe(0);
    const node = (id: string, type: string, direct: string, inflow: string, outflow: string) => ({
      ...{ id, type, direct, inflow, outflow },
    });
    expect(JSON.parse(out)).toMatchObject({
      schemaVersion: 1,
      currency: 'EUR',
      nodes: [
        { ...node('pool', 'shared', '500', '0', '500'), retained: '0', holistic: '500' },
        { ...node('web', 'product', '0', '100', '0'), retained: '100', holistic: '100' },
        { ...node('api', 'product', '0', '400', '0'), retained: '400', holistic: '400' },
      ],
      total: '500',
      allocated: '500',
      unallocated: '0',
      coverage: '1.000000',
      findings: [],
    });
  });

  it('prints tables for people', async () => {
    const { out } = await simulate(JSON.stringify(example));
    expect(out).toContain('500 EUR = 500 allocated + 0 unallocated; coverage 1.000000; the books balance');
    expect(out).toMatch(/api +product +0\.00 +400\.00 +0\.00 +400\.00/);
    expect(out).toMatch(/pool +web +100\.00 +20\.00 % +measured/);
  });

  it('shows in its help a file that it can compute', async () => {
    const io = fakeIo({ cwd: folder });
    await run(['allocate', 'simulate', '--help'], io);
    const [, shown = ''] = /The file:\n([\s\S]*?)\nIt gives web 100 and api 400/.exec(io.out()) ?? [];
    const { code, out } = await simulate(shown, '--json');
    expect([code, JSON.parse(out).nodes]).toMatchObject([
      0,
      [{ id: 'pool' }, { id: 'web', retained: '100' }, { id: 'api', retained: '400' }],
    ]);
  });

  it('reads standard input', async () => {
    const io = fakeIo({ cwd: folder, stdin: Readable.from([`\ufeff${JSON.stringify(example)}`]) });
    expect(await run(['allocate', 'simulate', '-', '--json'], io)).toBe(0);
    expect(JSON.parse(io.out()).allocated).toBe('500');
  });

  it('ends with 5 where nothing can be computed, and names the field', async () => {
    const broken = await simulate('{ "currency": "EUR", ', '--json');
    expect([broken.code, JSON.parse(broken.out).findings[0].message]).toEqual([
      5,
      expect.stringMatching(/^The input is no JSON: /),
    ]);
    const [pool, ...products] = example.nodes;
    const typed = { ...example, nodes: [{ ...pool, direct: 'much' }, ...products] };
    const wrong = await simulate(JSON.stringify(typed), '--json');
    expect([wrong.code, JSON.parse(wrong.out)]).toMatchObject([
      5,
      { findings: [{ path: 'nodes/0/direct', message: expect.stringContaining("of the node 'pool'") }] },
    ]);
    const back = { from: 'api', to: 'pool', strategy: 'equal' };
    const circle = await simulate(JSON.stringify({ ...example, edges: [...example.edges, back] }));
    expect([circle.code, circle.out]).toEqual([5, expect.stringMatching(/Cost would go round in a circle/)]);
    expect(circle.out).not.toContain('allocated');
  });

  it('ends with 6 when its books do not balance', () => {
    const sound = { name: 'conservation', ok: true, difference: '0' };
    expect(exitOf({ checks: [sound] })).toBe(0);
    expect(exitOf({ checks: [sound, { name: 'outflow', ok: false, difference: '0.000000001' }] })).toBe(6);
  });

  it('says that there is no such file', async () => {
    const io = fakeIo({ cwd: folder });
    expect(await run(['allocate', 'simulate', 'none.json'], io)).toBe(1);
    expect(io.err()).toContain('none.json');
  });
});
