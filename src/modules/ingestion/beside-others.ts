import { type Issue, must, type Scope, seesSource } from '../../platform/kernel/index.ts';
import type { Partition } from '../../platform/warehouse/index.ts';
import type { ReadyFile, Run, WrittenMonth } from './import-run.ts';
import { originOf } from './origin.ts';

/** What a delivery looks like beside the months that are there already: the same bill twice, or months that it no longer has. */
export async function besideOthers(
  run: Run,
  files: readonly ReadyFile[],
  months: readonly WrittenMonth[],
): Promise<Issue[]> {
  const { name } = must(files[0], 'file').converter.dataset;
  const current = run.writer.manifest().partitions.filter((p) => p.dataset === name && p.current);
  return [...(await sameBillElsewhere(run, files, months, current)), ...goneMonths(run, months, current)];
}

const sameBillTwice = 'ingestion.sameBillTwice';

/**
 * Whether a caller may read an issue that an import has left behind: whoever imported may have seen more, and the same bill
 * under another source names that source.
 */
export function isIssueInScope({ code, params }: Issue, scope: Scope): boolean {
  return scope.kind === 'all' || code !== sameBillTwice || seesSource(scope, String(params?.['otherSource']));
}

/** The same content under another source that the importer sees counts every cost twice. */
async function sameBillElsewhere(
  run: Run,
  files: readonly ReadyFile[],
  months: readonly WrittenMonth[],
  current: readonly Partition[],
): Promise<Issue[]> {
  const periods = new Set(months.map(({ period }) => period));
  const contents = new Map(files.map(({ origin }) => [origin.sha256, origin.uri]));
  const found = new Map<string, Issue>();
  const { scope, lake } = run.context;
  const others = current.filter(({ source }) => source !== run.delivery.source && seesSource(scope, source));
  for (const other of others.filter(({ period }) => periods.has(period))) {
    const origin = originOf(await lake.describe(scope, other));
    const same = origin?.files.find(({ sha256 }) => contents.has(sha256));
    if (!same) continue;
    found.set(other.source, {
      code: sameBillTwice,
      severity: 'warning',
      path: contents.get(same.sha256) ?? '',
      message: `The same file is there as source '${other.source}' (${same.uri}): its costs count twice. Withdraw one with 'finops snapshots rollback --to none'.`,
      params: { otherSource: other.source },
    });
  }
  return [...found.values()];
}

/** Months that an earlier delivery of the same file had stay as they are, and somebody should know. */
function goneMonths(run: Run, months: readonly WrittenMonth[], current: readonly Partition[]): Issue[] {
  const { source, key, label } = run.delivery;
  if (!key.startsWith('file:')) return [];
  const here = new Set(months.map(({ period }) => period));
  const gone = current.filter(
    (p) => p.source === source && p.current?.delivery.key === key && !here.has(p.period),
  );
  if (gone.length === 0) return [];
  return [
    {
      code: 'ingestion.monthsGone',
      severity: 'warning',
      path: label,
      message: `The file no longer has ${gone.map(({ period }) => period).join(', ')}, which it brought before; these months stay as they were. Withdraw them with 'finops snapshots rollback --to none' if they are wrong.`,
    },
  ];
}
