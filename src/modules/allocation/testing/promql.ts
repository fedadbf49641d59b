/** A small part of PromQL, evaluated as Prometheus 3 does: selectors, functions over ranges, aggregations, `* 2` and `/ 2`. */

/** A time series; samples ascend in time, seconds since 1970. */
export interface TestSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [seconds: number, value: number])[];
}

interface Point {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Gives the points of an expression at an instant. */
export type Evaluate = (series: readonly TestSeries[], at: number) => Point[];

/** Thrown for what is no query, with the words of Prometheus. */
export class ParseError extends Error {}

/** How long an instant selector looks back. */
const lookBackSeconds = 300;

/** Reads a query. */
export function parseQuery(text: string): Evaluate {
  const parser = new Parser(text);
  const expression = parser.expression();
  parser.end();
  return expression;
}

class Parser {
  private rest: string;
  private readonly whole: string;

  constructor(text: string) {
    this.whole = text;
    this.rest = text.trim();
    if (this.rest === '') throw new ParseError('unknown position: parse error: no expression found in input');
  }

  end(): void {
    if (this.rest !== '') this.fail();
  }

  expression(): Evaluate {
    let left = this.operand();
    for (let sign = this.take(/^[*/]/); sign; sign = this.take(/^[*/]/)) {
      const number = Number(this.need(/^\d+(\.\d+)?/));
      const of = left;
      const isProduct = sign === '*';
      left = (series, at) =>
        of(series, at).map(({ labels, value }) => ({
          labels: withoutName(labels),
          value: isProduct ? value * number : value / number,
        }));
    }
    return left;
  }

  private operand(): Evaluate {
    const aggregation = this.take(/^(sum|avg|max|min|count)(?=\s*(\(|by\b))/);
    if (aggregation) return this.aggregation(aggregation);
    const call = this.take(/^\w+(?=\s*\()/);
    if (call) {
      this.need(/^\(/);
      const select = this.selector();
      const range = durationOf(this.need(/^\[\w+\]/).slice(1, -1));
      this.need(/^\)/);
      return overTime(call, select, range, () => this.fail());
    }
    const select = this.selector();
    return (series, at) =>
      series.filter(select).flatMap(({ labels, samples }) => {
        const last = samples.findLast(([seconds]) => seconds <= at && seconds > at - lookBackSeconds);
        return last ? [{ labels, value: last[1] }] : [];
      });
  }

  private aggregation(name: string): Evaluate {
    const by = this.take(/^by\s*\([^)]*\)/);
    const names = by
      ? by
          .replace(/^by\s*\(|\)$/g, '')
          .split(',')
          .map((one) => one.trim())
      : [];
    this.need(/^\(/);
    const inner = this.expression();
    this.need(/^\)/);
    return (series, at) => {
      const groups = new Map<string, { labels: Record<string, string>; values: number[] }>();
      for (const { labels, value } of inner(series, at)) {
        const kept = Object.fromEntries(names.flatMap((one) => (labels[one] ? [[one, labels[one]]] : [])));
        const group = groups.get(JSON.stringify(kept)) ?? { labels: kept, values: [] };
        group.values.push(value);
        groups.set(JSON.stringify(kept), group);
      }
      return [...groups.values()].map(({ labels, values }) => ({ labels, value: combined(name, values) }));
    };
  }

  private selector(): (series: TestSeries) => boolean {
    const name = this.take(/^[A-Za-z_:][\w:]*/);
    const inner = this.take(/^\{[^}]*\}/)?.slice(1, -1) ?? '';
    if (name === undefined && inner === '') this.fail();
    const matchers = [...inner.matchAll(/\s*(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"\s*,?/g)].map(
      ([, label = '', sign = '', value = '']) => {
        const pattern = new RegExp(`^(?:${value})$`);
        const fits = (found: string) => (sign.endsWith('~') ? pattern.test(found) : found === value);
        return ({ labels }: TestSeries) => fits(labels[label] ?? '') !== sign.startsWith('!');
      },
    );
    return (series) =>
      (name === undefined || series.labels['__name__'] === name) && matchers.every((fits) => fits(series));
  }

  private take(pattern: RegExp): string | undefined {
    const found = pattern.exec(this.rest)?.[0];
    if (found !== undefined) this.rest = this.rest.slice(found.length).trimStart();
    return found;
  }

  private need(pattern: RegExp): string {
    return this.take(pattern) ?? this.fail();
  }

  private fail(): never {
    const at = this.whole.length - this.rest.length + 1;
    throw new ParseError(
      `1:${at}: parse error: unexpected ${this.rest === '' ? 'end of input' : `"${this.rest.slice(0, 20)}"`}`,
    );
  }
}

function withoutName({ __name__: _, ...labels }: Readonly<Record<string, string>>): Record<string, string> {
  return labels;
}

function combined(name: string, values: readonly number[]): number {
  const sum = values.reduce((a, b) => a + b, 0);
  if (name === 'sum') return sum;
  if (name === 'avg') return sum / values.length;
  if (name === 'count') return values.length;
  return name === 'max' ? Math.max(...values) : Math.min(...values);
}

/** Functions over the samples of (t − range, t]: the start is not part of the range. */
function overTime(
  name: string,
  select: (series: TestSeries) => boolean,
  range: number,
  fail: () => never,
): Evaluate {
  const functions: Readonly<Record<string, (values: readonly number[]) => number>> = {
    sum_over_time: (values) => combined('sum', values),
    avg_over_time: (values) => combined('avg', values),
    max_over_time: (values) => combined('max', values),
    count_over_time: (values) => values.length,
    last_over_time: (values) => values.at(-1) as number,
  };
  const fold = functions[name];
  if (!fold && name !== 'increase' && name !== 'rate') return fail();
  return (series, at) =>
    series.filter(select).flatMap(({ labels, samples }) => {
      const within = samples.filter(([seconds]) => seconds > at - range && seconds <= at);
      const value = fold
        ? within.length === 0
          ? undefined
          : fold(within.map(([, one]) => one))
        : increase(within, { start: at - range, end: at });
      if (value === undefined) return [];
      const kept = name === 'last_over_time' ? labels : withoutName(labels);
      return [{ labels: kept, value: name === 'rate' ? value / range : value }];
    });
}

/** How a counter grew, resets included, carried on to the ends of the range as Prometheus does. */
function increase(
  samples: TestSeries['samples'],
  { start, end }: { readonly start: number; readonly end: number },
): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || samples.length < 2) return undefined;
  let grown = last[1] - first[1];
  samples.forEach(([, value], index) => {
    const before = samples[index - 1]?.[1];
    if (before !== undefined && value < before) grown += before;
  });
  const sampled = last[0] - first[0];
  const between = sampled / (samples.length - 1);
  let toStart = first[0] - start;
  let toEnd = end - last[0];
  if (grown > 0 && first[1] >= 0) toStart = Math.min(toStart, sampled * (first[1] / grown));
  if (toStart >= between * 1.1) toStart = between / 2;
  if (toEnd >= between * 1.1) toEnd = between / 2;
  return grown * ((sampled + toStart + toEnd) / sampled);
}

/** Seconds of `90`, `1.5`, `5m`, `1h30m`. */
export function durationOf(text: string): number {
  if (/^[\d.]+$/.test(text)) return Number(text);
  const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  const parts = [...text.matchAll(/(\d+)(ms|[smhdw])/g)];
  if (parts.map(([part]) => part).join('') !== text || text === '')
    throw new ParseError(`cannot parse "${text}" to a valid duration`);
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit as string] as number), 0);
}
