import { addMonths, type Period, tryParsePeriod } from '../../../platform/kernel/index.ts';
import { baseName } from '../../../platform/objects/index.ts';

/** How AWS names what it delivers (AWS documentation of CUR and Data Exports; real deliveries). */
const manifestEnding = '-Manifest.json';
const partitionName = 'BILLING_PERIOD=';

/** `koku-local-Manifest.json` is a manifest of `koku-local`; any other file gives `undefined`. */
export function exportNameOf(uri: string): string | undefined {
  const name = baseName(uri);
  return name.endsWith(manifestEnding) && name.length > manifestEnding.length
    ? name.slice(0, -manifestEnding.length)
    : undefined;
}

/** `20180801-20180901` is 2018-08; `undefined` for anything that is not exactly one calendar month. */
export function parsePeriodFolder(name: string): Period | undefined {
  const match = /^(\d{4})(\d\d)01-(\d{4})(\d\d)01$/.exec(name);
  const start = match && tryParsePeriod(`${match[1]}-${match[2]}`);
  if (!start) return undefined;
  return addMonths(start, 1) === `${match[3]}-${match[4]}` ? start : undefined;
}

/** `BILLING_PERIOD=2023-11` is 2023-11. */
export function parsePartition(name: string): Period | undefined {
  return name.startsWith(partitionName) ? tryParsePeriod(name.slice(partitionName.length)) : undefined;
}

/** The month that the folders of a URI state, the innermost first; `undefined` when none does. */
export function folderPeriod(uri: string): Period | undefined {
  const folders = uri.split('/').slice(0, -1).reverse();
  for (const folder of folders) {
    const period = parsePartition(folder) ?? parsePeriodFolder(folder);
    if (period) return period;
  }
  return undefined;
}
