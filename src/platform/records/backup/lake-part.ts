import { join, relative } from 'node:path';
import {
  descriptionPath,
  type Lake,
  type Manifest,
  manifestFile,
  readDescription,
  type SnapshotDescription,
} from '../../warehouse/index.ts';
import type { FileToCopy } from './files.ts';
import type { BackupManifest } from './manifest.ts';

/** The lake at one generation: what there is to copy, and what it must come to. */
export interface LakePart {
  readonly lake: BackupManifest['lake'];
  readonly files: readonly FileToCopy[];
}

/**
 * Everything that a generation of the lake names, current and old snapshots alike, under the paths that it has in a
 * workspace. What leaves the lake meanwhile stays on the disk for the 24 h of grace that gc gives readers.
 */
export async function lakePart(lake: Lake, manifest: Manifest): Promise<LakePart> {
  const files = new Map<string, FileToCopy>();
  const add = (path: string, sha256?: string) =>
    files.set(path, { from: join(lake.root, path), path: `lake/${path}`, sha256 });
  const totals: LakePart['lake']['totals'] = [];
  let snapshots = 0;
  for (const partition of manifest.partitions) {
    for (const entry of [...(partition.current ? [partition.current] : []), ...partition.history]) {
      const key = { ...partition, snapshot: entry.id };
      const description = await readDescription(lake.root, key);
      add(descriptionPath(key));
      for (const { path, sha256 } of description.files) add(path, sha256);
      if (entry === partition.current) totals.push(...totalsOf(description));
      snapshots++;
    }
  }
  if (manifest.generation > 0)
    add(relative(lake.root, manifestFile(lake.manifestFolder, manifest.generation)));
  return { lake: { generation: manifest.generation, snapshots, totals }, files: [...files.values()] };
}

/** The sums of a snapshot as a backup keeps them. */
function totalsOf({ dataset, source, period, totals }: SnapshotDescription): LakePart['lake']['totals'] {
  return totals.map(({ currency, rows, sums }) => ({
    dataset,
    source,
    period,
    currency,
    rows,
    sums: { ...sums },
  }));
}
