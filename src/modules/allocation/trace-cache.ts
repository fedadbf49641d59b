import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { everything } from '../../platform/kernel/index.ts';
import type { Session, Workspace } from '../../platform/warehouse/index.ts';
import { heldCauses, qualities } from './model.ts';
import { type AskedRun, type RunRows, selectRun } from './query-run.ts';
import { type FigureFiles, writeFigures } from './trace-cache-figures.ts';
import {
  addShareRows,
  beginCache,
  type CachedRows,
  holdingsOf,
  keptByProduct,
  movesOf,
  type ShareRows,
  writeCache,
} from './trace-cache-sql.ts';
import { sharesOfDay } from './trace-shares.ts';

/** Flows from which on a cache is worth making: fewer are quickly read as they lie. */
const worthwhileFlows = 300_000;

/** A run's shares as files of the workspace; they can be removed at any time, and are made again. */
export interface TraceCache {
  readonly fileOf: (
    name: 'node' | 'link' | 'share' | 'holding' | 'restated' | 'rule' | 'sender' | 'lane' | 'sum',
  ) => string;
  readonly figures: FigureFiles;
  readonly origin: string;
  readonly firstDay: string;
  readonly lanes: readonly { readonly dimension: string; readonly currency: string; readonly side: string }[];
}

/** The cache of a run, if it was made. It holds all rows: only who sees everything may be answered from it. */
export async function openTraceCache(workspace: Workspace, run: RunRows): Promise<TraceCache | undefined> {
  const folder = folderOf(workspace, run);
  const file = join(folder, 'cache.json');
  if (!existsSync(file)) return undefined;
  const head = JSON.parse(await readFile(file, 'utf8')) as Omit<TraceCache, 'fileOf' | 'figures'>;
  return { ...head, figures: figuresIn(folder), fileOf: (name) => join(folder, `${name}.parquet`) };
}

function figuresIn(folder: string): FigureFiles {
  return { figures: join(folder, 'figure.bin'), index: join(folder, 'figure.index') };
}

const building = new Map<string, Promise<void>>();

/**
 * Makes the cache of a run that is large enough to be worth it, unless it is there: what whoever has published a month does, so
 * that nobody waits for it. Some ten seconds for 15 million flows; explanations read these in a fifth of the time afterwards.
 */
export async function prepareExplanations(
  workspace: Workspace,
  asked: AskedRun,
  worthwhile = worthwhileFlows,
): Promise<void> {
  const run = await selectRun(workspace, everything, asked);
  const folder = folderOf(workspace, run);
  if (run.flow.rows < worthwhile || (await openTraceCache(workspace, run))) return;
  const making = building.get(folder) ?? buildCache(workspace, run, folder);
  building.set(folder, making);
  try {
    await making;
  } finally {
    building.delete(folder);
  }
}

function cachesOf({ root }: Workspace): string {
  return join(root, 'cache', 'allocation');
}

/** The id of a snapshot names its content: a cache of that name is of nothing else. */
function folderOf(workspace: Workspace, { graph, month, snapshot }: RunRows): string {
  return join(cachesOf(workspace), `${graph}~${month}~${snapshot}`);
}

/** Writes a cache beside its place and gives it its name at the end, so that it is whole or not there. */
async function buildCache(workspace: Workspace, run: RunRows, folder: string): Promise<void> {
  const temporary = `${folder}.${randomUUID()}.part`;
  await mkdir(temporary, { recursive: true });
  try {
    const rows = {
      attribution: run.attribution.relation,
      allocation: run.allocation.relation,
      flow: run.flow.relation,
      origin: run.month,
    };
    const engine = await workspace.engine();
    const head = await engine.session((session) => fillCache(session, rows, temporary));
    await writeFile(join(temporary, 'cache.json'), JSON.stringify(head));
    await removeOthers(workspace, run);
    await rename(temporary, folder).catch((error: NodeJS.ErrnoException) => {
      // Another process was quicker; its cache is the same.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Caches of earlier runs of the same month. Who reads one just now finds it gone, and makes it again. */
async function removeOthers(workspace: Workspace, { graph, month, snapshot }: RunRows): Promise<void> {
  const folder = cachesOf(workspace);
  const others = (await readdir(folder)).filter(
    (name) => name.startsWith(`${graph}~${month}~`) && !name.startsWith(`${graph}~${month}~${snapshot}`),
  );
  for (const name of others) await rm(join(folder, name), { recursive: true, force: true });
}

async function fillCache(session: Session, rows: CachedRows, folder: string) {
  const { days, lanes, most } = await beginCache(session, rows);
  const firstDay = days[0] ?? '';
  for (const day of days) {
    const number = Math.round((Date.parse(day) - Date.parse(firstDay)) / 86_400_000);
    await addDay(session, rows, { day, number, nodes: most + 1, lanes: lanes.length });
    await turn();
  }
  await writeCache(session, rows, { firstDay, lanes: lanes.length }, (name) =>
    join(folder, `${name}.parquet`),
  );
  await writeFigures(
    session,
    { ...figuresIn(folder), holding: join(folder, 'holding.parquet') },
    { nodes: most + 1, slots: days.length * lanes.length },
  );
  return { firstDay, lanes, origin: rows.origin };
}

async function addDay(
  session: Session,
  rows: CachedRows,
  {
    day,
    number,
    nodes,
    lanes,
  }: Readonly<Record<'number' | 'nodes' | 'lanes', number>> & { readonly day: string },
): Promise<void> {
  const { i, l, total, retained, isProduct } = await holdingsOf(session, rows, day);
  const totals = new Float64Array(nodes * lanes);
  for (let row = 0; row < i.length; row++)
    totals[(i[row] as number) * lanes + (l[row] as number)] = total[row] as number;
  const carried = await movesOf(session, rows, day);
  // What products keep has no row among the flows.
  const kept = Array.from(i.keys()).filter((row) => isProduct[row] === 1 && (retained[row] as number) > 0);
  const count = carried.f.length + kept.length;
  const near = new Int32Array(count);
  const far = new Int32Array(count);
  const slot = new Int32Array(count);
  const amount = new Float64Array(count);
  const mark = new Int32Array(count);
  const receiverOf = (t: number) => (t >= 0 ? t : nodes - 1 - t);
  for (let row = 0; row < carried.f.length; row++) near[row] = receiverOf(carried.t[row] as number);
  far.set(carried.f);
  slot.set(carried.l);
  amount.set(carried.amount);
  mark.set(carried.mark);
  for (const [at, row] of kept.entries()) {
    const place = carried.f.length + at;
    near[place] = receiverOf(keptByProduct);
    far[place] = i[row] as number;
    slot[place] = l[row] as number;
    amount[place] = retained[row] as number;
    mark[place] = qualities.indexOf('held');
  }
  const receivers = heldCauses.length + 1;
  const shares = emptyShares(count);
  let size = 0;
  sharesOfDay(
    { nodes, receivers, lanes, moves: { count, near, far, slot, amount }, mark, totals },
    (to, from, lane, share, how) => {
      shares.t[size] = to < nodes ? to : nodes - 1 - to;
      shares.f[size] = from;
      shares.day[size] = number;
      shares.lane[size] = lane;
      shares.share[size] = share;
      shares.mark[size] = how;
      size++;
    },
  );
  await addShareRows(session, shares, size);
}

function emptyShares(size: number): ShareRows {
  const numbers = () => new Int32Array(size);
  return {
    t: numbers(),
    f: numbers(),
    day: numbers(),
    lane: numbers(),
    share: new Float64Array(size),
    mark: numbers(),
  };
}
