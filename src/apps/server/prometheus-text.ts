/** Figures in the text format of Prometheus, version 0.0.4. */

/** Label text → number: `route="/api/v1/sources",status="200"`; '' where there is no label. */
export type Series = Map<string, number>;

/** Durations of one label: how many took at most each of `bounds`, in seconds. */
export interface Durations {
  readonly counts: number[];
  sum: number;
  total: number;
}

/** Upper bounds of the histogram of durations, in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60] as const;

/** `{ status: 200 }` → `status="200"`. */
export function labels(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${String(value).replace(/["\\\n]/g, '_')}"`)
    .join(',');
}

export function add(series: Series, label: string, count: number): void {
  series.set(label, (series.get(label) ?? 0) + count);
}

export function observe(durations: Map<string, Durations>, label: string, seconds: number): void {
  const found = durations.get(label) ?? { counts: bounds.map(() => 0), sum: 0, total: 0 };
  bounds.forEach((bound, index) => {
    if (seconds <= bound) found.counts[index] = (found.counts[index] ?? 0) + 1;
  });
  found.sum += seconds;
  found.total++;
  durations.set(label, found);
}

/** What only grows while the process lives. */
export function counter(name: string, help: string, series: ReadonlyMap<string, number>): string[] {
  return family(name, help, 'counter', series);
}

/** What goes up and down: one number, or one for each label. */
export function gauge(name: string, help: string, value: number | ReadonlyMap<string, number>): string[] {
  return family(name, help, 'gauge', typeof value === 'number' ? new Map([['', value]]) : value);
}

export function histogram(name: string, help: string, series: ReadonlyMap<string, Durations>): string[] {
  const lines = [...series].flatMap(([label, { counts, sum, total }]) => [
    ...bounds.map((bound, index) => `${name}_bucket{${label},le="${bound}"} ${counts[index]}`),
    `${name}_bucket{${label},le="+Inf"} ${total}`,
    `${name}_sum{${label}} ${sum}`,
    `${name}_count{${label}} ${total}`,
  ]);
  return [...head(name, help, 'histogram'), ...lines];
}

function family(name: string, help: string, type: string, series: ReadonlyMap<string, number>): string[] {
  const lines = [...series].map(([label, value]) => `${name}${label === '' ? '' : `{${label}}`} ${value}`);
  return [...head(name, help, type), ...lines];
}

function head(name: string, help: string, type: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}
