import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { type FigureFiles, readFigures, writeFigures } from './trace-cache-figures.ts';

const nodes = 400;
let root: string;
let workspace: Workspace;
let files: FigureFiles;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'finops-figures-'));
  workspace = openWorkspace({ root, threads: 2 });
  files = { figures: join(root, 'figure.bin'), index: join(root, 'figure.index') };
  const holding = join(root, 'holding.parquet');
  const engine = await workspace.engine();
  await engine.session(async (session) => {
    // Node i has i % 41 slots, so that some have none and some an odd number; every third has direct cost.
    await session.run(`copy (
  select cast(i as integer) as i, cast(slot * 2 as integer) as slot, case when i % 3 = 0 then i + slot / 8 else 0 end::double as direct,
    slot::double as inflow
  from range(${nodes}) as node(i), range(41) as slots(slot)
  where slot < i % 41
  order by i, slot
) to '${holding}' (format parquet)`);
    // Three nodes at a time.
    await writeFigures(session, { ...files, holding }, { nodes, slots: 330_000 });
  });
});
afterAll(async () => {
  await workspace.close();
  await rm(root, { recursive: true, force: true });
});

/** What a node has, worked out again. */
function expected(node: number) {
  const slots = Array.from({ length: node % 41 }, (_, slot) => slot);
  const direct = slots.map((slot) => (node % 3 === 0 ? node + slot / 8 : 0));
  return {
    node,
    slot: slots.map((slot) => slot * 2),
    total: slots.map((slot) => (direct[slot] ?? 0) + slot),
    direct: node % 3 === 0 ? direct : undefined,
  };
}

async function read(wanted: readonly number[]) {
  const found = await readFigures(files, wanted);
  return found.map(({ node, slot, total, direct }) => ({
    ...{ node, slot: [...slot], total: [...total] },
    direct: direct && [...direct],
  }));
}

describe('figures of nodes on disk', () => {
  it('are found again for all nodes, in order', async () => {
    const all = Array.from({ length: nodes }, (_, node) => node);
    expect(await read(all)).toEqual(all.filter((node) => node % 41 > 0).map(expected));
  });

  it('are found for a few nodes that lie far apart, in any order', async () => {
    const wanted = [399, 2, 123, 1, 246, 3];
    expect(await read(wanted)).toEqual([1, 2, 3, 399].map(expected));
    expect(await read([5, 398, 200])).toEqual([5, 200, 398].map(expected));
  });
});
