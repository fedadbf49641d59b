import { open, readFile, writeFile } from 'node:fs/promises';
import type { Session } from '../../platform/warehouse/index.ts';
import { figuresOf } from './trace-cache-sql.ts';

/*
 * What nodes have, as plain numbers on disk. An explanation wants a thousand nodes from all over a graph: of a file of rows that
 * would be every block of it, and here it is these nodes' bytes. `figure.bin` has per node its slots (32-bit), what it has in them
 * (direct + inflow, 64-bit) and, where it has any, its direct cost; `figure.index` has place, count and 1 for direct cost, per node.
 */

/** Files of the figures. */
export interface FigureFiles {
  readonly figures: string;
  readonly index: string;
}

/** One node's figures, slot by slot. */
export interface NodeFigures {
  readonly node: number;
  readonly slot: Int32Array;
  readonly total: Float64Array;
  /** Undefined where the node has no direct cost. */
  readonly direct: Float64Array | undefined;
}

/** Rows that are turned into bytes at once: some 30 MB. */
const portion = 1_000_000;
/** Bytes between two nodes that are sooner read than skipped. */
const gap = 64 * 1024;
const columns = 3;

/** Writes the figures of nodes 0 … `nodes` − 1 from rows that are in the order of the nodes; `slots`: the most that a node has. */
export async function writeFigures(
  session: Session,
  { holding, figures, index }: FigureFiles & { readonly holding: string },
  { nodes, slots }: { readonly nodes: number; readonly slots: number },
): Promise<void> {
  const places = new Float64Array(nodes * columns);
  const out = await open(figures, 'w');
  try {
    let at = 0;
    const together = Math.max(1, Math.floor(portion / Math.max(1, slots)));
    for (let first = 0; first < nodes; first += together) {
      const [i, slot, total, direct] = await figuresOf(session, holding, first, first + together - 1);
      const rows = {
        ...{ i: i as Int32Array, slot: slot as Int32Array },
        ...{ total: total as Float64Array, direct: direct as Float64Array },
      };
      const bytes = bytesOf(rows, places, at);
      await out.write(bytes, 0, bytes.length, at);
      at += bytes.length;
    }
  } finally {
    await out.close();
  }
  await writeFile(index, Buffer.from(places.buffer));
}

interface FigureRows {
  readonly i: Int32Array;
  readonly slot: Int32Array;
  readonly total: Float64Array;
  readonly direct: Float64Array;
}

function bytesOf({ i, slot, total, direct }: FigureRows, places: Float64Array, at: number): Buffer {
  const bytes = Buffer.alloc(i.length * 24);
  let end = 0;
  for (let first = 0; first < i.length; ) {
    let last = first;
    while (i[last] === i[first]) last++;
    const count = last - first;
    const own = direct.subarray(first, last);
    const hasDirect = own.some((amount) => amount !== 0);
    const { slots, totals, directs, size } = placeOf(end, count, hasDirect);
    new Int32Array(bytes.buffer, bytes.byteOffset + slots, count).set(slot.subarray(first, last));
    new Float64Array(bytes.buffer, bytes.byteOffset + totals, count).set(total.subarray(first, last));
    if (hasDirect) new Float64Array(bytes.buffer, bytes.byteOffset + directs, count).set(own);
    places.set([at + end, count, hasDirect ? 1 : 0], (i[first] as number) * columns);
    end += size;
    first = last;
  }
  return bytes.subarray(0, end);
}

/** Where the numbers of a node lie from `start`, each on a border of eight bytes. */
function placeOf(start: number, count: number, hasDirect: boolean) {
  const totals = start + Math.ceil(count / 2) * 8;
  const directs = totals + count * 8;
  return { slots: start, totals, directs, size: directs + (hasDirect ? count * 8 : 0) - start };
}

/** Reads the figures of some nodes. */
export async function readFigures(
  { figures, index }: FigureFiles,
  nodes: Iterable<number>,
): Promise<NodeFigures[]> {
  const bytes = await readFile(index);
  const places = new Float64Array(new Uint8Array(bytes).buffer);
  const wanted = [...nodes]
    .map((node) => {
      const [at = 0, count = 0, direct = 0] = places.subarray(node * columns, (node + 1) * columns);
      return { node, at, count, hasDirect: direct === 1 };
    })
    .filter(({ count }) => count > 0)
    .map((place) => ({ ...place, end: place.at + placeOf(0, place.count, place.hasDirect).size }))
    .sort((a, b) => a.at - b.at);
  const found: NodeFigures[] = [];
  const file = await open(figures);
  try {
    for (let first = 0; first < wanted.length; ) {
      let last = first + 1;
      while (last < wanted.length && (wanted[last]?.at ?? 0) - (wanted[last - 1]?.end ?? 0) <= gap) last++;
      const start = wanted[first]?.at ?? 0;
      const block = new ArrayBuffer((wanted[last - 1]?.end ?? 0) - start);
      await file.read(new Uint8Array(block), 0, block.byteLength, start);
      for (const { node, at, count, hasDirect } of wanted.slice(first, last)) {
        const { slots, totals, directs } = placeOf(at - start, count, hasDirect);
        found.push({
          node,
          slot: new Int32Array(block, slots, count),
          total: new Float64Array(block, totals, count),
          direct: hasDirect ? new Float64Array(block, directs, count) : undefined,
        });
      }
      first = last;
    }
  } finally {
    await file.close();
  }
  return found;
}
