import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Period } from '../../platform/kernel/index.ts';
import { usageUnits } from './demo-graph.ts';
import { labsApplications, logisticsApplications, monthOf, months, retailApplications } from './group.ts';

type Metric = keyof typeof usageUnits;

/** One line of a usage file; `env` is the label of segments. */
interface Line {
  readonly day: string;
  readonly node: string;
  readonly metric: Metric;
  readonly value: number;
  readonly env?: string;
}

const header = 'day,node,metric,value,unit,label.env';

/** What each application uses on a common day, before growth, weekdays and noise. */
const usual: Readonly<Record<Exclude<Metric, 'pods' | 'utilisation'>, number>> = {
  cpu_hours: 400,
  egress_gb: 120,
  log_gb: 25,
  requests: 90_000,
};

/** The days on which the logging of the logistics company delivered nothing: its cost is then held, not guessed. */
const silentDays: readonly string[] = ['2026-09-10', '2026-09-11', '2026-09-12'];
/** A metric that came later than the rest: missing before, which is not zero. */
const requestsSince = '2025-11-01';

/** Nodes whose utilisation is measured, in percent. */
const utilised: Readonly<Record<string, number>> = {
  'db:image-studio': 3,
  'db:customs-desk': 22,
  'infra:compute-azure': 41,
  'platform:eks': 63,
};

/** Writes one CSV file of usage per month; the same seed gives the same bytes. Returns their paths. */
export async function writeDemoUsage(folder: string, seed: number): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const paths = [];
  for (const period of months) {
    const path = join(folder, `usage-${period}.csv`);
    const lines = linesOf(period, seed).map(({ day, node, metric, value, env = '' }) =>
      [day, node, metric, value, usageUnits[metric], env].join(','),
    );
    await writeFile(path, `${[header, ...lines].join('\n')}\n`);
    paths.push(path);
  }
  return paths;
}

function linesOf(period: Period, seed: number): readonly Line[] {
  const { start, end } = monthOf(period);
  const lines: Line[] = [];
  for (let at = new Date(`${start}T00:00:00Z`); at < new Date(`${end}T00:00:00Z`); at = dayAfter(at)) {
    const day = at.toISOString().slice(0, 10);
    const factor = (1 + 0.02 * monthOf(period).index) * (at.getUTCDay() % 6 === 0 ? 0.6 : 1);
    lines.push(...applicationLines(day, factor, seed), ...platformLines(day, factor, seed));
  }
  return lines;
}

function applicationLines(day: string, factor: number, seed: number): readonly Line[] {
  const groups = [retailApplications, logisticsApplications, labsApplications];
  return groups.flatMap((group) =>
    group.flatMap(({ app }) => {
      const node = `app:${app}`;
      const size = 0.4 + 1.6 * noise(seed, app);
      const value = (metric: keyof typeof usual) =>
        Math.round(usual[metric] * size * factor * (0.9 + 0.2 * noise(seed, day, node, metric)));
      const silent = group === logisticsApplications && silentDays.includes(day);
      return [
        { day, node, metric: 'cpu_hours', value: value('cpu_hours') },
        { day, node, metric: 'egress_gb', value: value('egress_gb') },
        ...(silent ? [] : logLines(day, node, value('log_gb'))),
        ...(day < requestsSince
          ? []
          : [{ day, node, metric: 'requests', value: value('requests') } as const]),
      ] satisfies Line[];
    }),
  );
}

function logLines(day: string, node: string, value: number): readonly Line[] {
  const prod = Math.round(value * 0.8);
  return [
    { day, node, metric: 'log_gb', value: prod, env: 'prod' },
    { day, node, metric: 'log_gb', value: value - prod, env: 'non_prod' },
  ];
}

function platformLines(day: string, factor: number, seed: number): readonly Line[] {
  const pods = (node: string, usualPods: number): Line => ({
    day,
    node,
    metric: 'pods',
    value: Math.round(usualPods * factor * (0.95 + 0.1 * noise(seed, day, node))),
  });
  return [
    pods('platform:retail-runtime', 4800),
    pods('platform:logistics-runtime', 1900),
    ...Object.entries(utilised).map(
      ([node, percent]): Line => ({
        day,
        node,
        metric: 'utilisation',
        value: Math.max(0, Math.round(percent + 4 * noise(seed, day, node) - 2)),
      }),
    ),
  ];
}

/** A number from 0 to 1 that follows from the seed and the words alone. */
function noise(seed: number, ...words: readonly string[]): number {
  return (
    createHash('sha256')
      .update([seed, ...words].join('|'))
      .digest()
      .readUInt32BE(0) /
    2 ** 32
  );
}

function dayAfter(day: Date): Date {
  return new Date(day.getTime() + 86_400_000);
}
