import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PrometheusEndpoint } from '../../platform/config/index.ts';
import {
  addMonths,
  type Issue,
  must,
  newId,
  type Period,
  periodInterval,
  periodOf,
} from '../../platform/kernel/index.ts';
import { type Session, StatementError, type Workspace } from '../../platform/warehouse/index.ts';
import { openPrometheus, type PrometheusLimits, prometheusLimits, shown } from './prometheus.ts';
import {
  createFetched,
  findUnfitSamples,
  readAnswerHead,
  sumFetched,
  takeAnswer,
  takeFetched,
} from './prometheus-sql.ts';
import { type CheckedUsageFetch, stepSeconds, type UsageQuery, type UsageResult } from './usage-contract.ts';
import { usageErrors } from './usage-errors.ts';
import { findingsOfUsage, refuseStrictly } from './usage-findings.ts';
import { knownNodes, type UsageGraph } from './usage-graph.ts';
import { resultOf } from './usage-import.ts';
import { publishUsage, type StagedUsage } from './usage-publish.ts';
import { createUsageNodes, createUsageRows, monthsOfUsage, writeUsageRows } from './usage-sql.ts';

/** What a fetch asks, and of whom. */
export interface FetchTask {
  readonly graph: UsageGraph;
  readonly endpoint: PrometheusEndpoint;
  readonly request: CheckedUsageFetch;
  readonly signal: AbortSignal;
  readonly limits?: PrometheusLimits | undefined;
  /** Told after each answer: days asked for so far, and in all, over all queries. */
  readonly onDays?: ((done: number, total: number) => void) | undefined;
}

/** Points of a series in one answer: Prometheus refuses more than 11,000. */
const mostPoints = 11_000;
const daySeconds = 86_400;

/** Whole days of a month that are asked for: seconds since 1970 of the first and of the end of the last. */
interface Days {
  readonly start: number;
  readonly end: number;
}

/** An answer on disk. */
interface Saved {
  readonly file: string;
  readonly index: number;
}

/**
 * Fetches usage of a month from a monitoring system and replaces the metrics asked for in the source's month. Only days that have
 * ended are asked for. A day without samples has no row: it is missing, which is not 0.
 *
 * `increase(http_requests_total[1h])` with step 1h asks at 01:00, 02:00 … 24:00; the sum of the 24 answers is the day's value.
 */
export async function fetchUsage(workspace: Workspace, task: FetchTask): Promise<UsageResult> {
  const { graph, endpoint, request } = task;
  const { month, days } = daysOf(request.month, workspace.clock.now());
  const folder = join(workspace.root, 'tmp', `usage-${newId(workspace.clock, workspace.randomness)}`);
  await mkdir(folder, { recursive: true });
  try {
    const saved = await saveAnswers(task, days, folder);
    const engine = await workspace.engine();
    const staged = await engine.session((session) =>
      stageAnswers(session, { task, saved, month, days, target: join(folder, 'rows.parquet') }),
    );
    refuseStrictly(request.strict, `What '${endpoint.name}' gave`, staged.findings);
    const facts = { endpoint: endpoint.name, queries: request.queries };
    const delivery = `prometheus:${endpoint.name}`;
    const months = await publishUsage(
      workspace,
      { ...staged, delivery, keepsOthers: true, raw: [], facts },
      request.dryRun,
    );
    return resultOf({ ...staged, graph: graph.id }, request.dryRun, months);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The days of the month that have ended; without a month, the one of yesterday. */
function daysOf(asked: string | undefined, now: Date): { readonly month: Period; readonly days: Days } {
  const today = Math.floor(now.getTime() / 1000 / daySeconds) * daySeconds;
  const month = (asked as Period | undefined) ?? periodOf(new Date((today - daySeconds) * 1000));
  const { start, end } = periodInterval(month);
  const days = { start: start.getTime() / 1000, end: Math.min(end.getTime() / 1000, today) };
  if (days.end <= days.start) throw usageErrors.monthNotBegun({ month });
  return { month, days };
}

/** Asks every query for all days, in ranges of as many days as one answer may hold. */
async function saveAnswers(task: FetchTask, days: Days, folder: string): Promise<Saved[]> {
  const { endpoint, request, signal, limits } = task;
  const client = openPrometheus(endpoint, signal, limits);
  const saved: Saved[] = [];
  const count = (days.end - days.start) / daySeconds;
  for (const [index, { query, step }] of request.queries.entries()) {
    const seconds = stepSeconds(step);
    const daysAtOnce = Math.max(1, Math.floor(mostPoints / (daySeconds / seconds)));
    const waiting = rangesOf(days, daysAtOnce);
    let done = 0;
    for (let range = waiting.shift(); range; range = waiting.shift()) {
      const file = join(folder, `${saved.length}.json`);
      // The first answer is at the end of the first step: it tells of the time before it.
      const asked = { query, start: range.start + seconds, end: range.end, step: seconds };
      if ((await client.queryRange(asked, file)) === 'done') {
        saved.push({ file, index });
        done += (range.end - range.start) / daySeconds;
        task.onDays?.(index * count + done, request.queries.length * count);
      } else waiting.unshift(...halvesOf(range, task, query));
    }
  }
  return saved;
}

function rangesOf({ start, end }: Days, daysAtOnce: number): Days[] {
  const length = daysAtOnce * daySeconds;
  return Array.from({ length: Math.ceil((end - start) / length) }, (_, index) => ({
    start: start + index * length,
    end: Math.min(end, start + (index + 1) * length),
  }));
}

/** Two ranges in the place of one whose answer was too large. */
function halvesOf({ start, end }: Days, { endpoint, limits }: FetchTask, query: string): Days[] {
  const days = (end - start) / daySeconds;
  const { maxBytes } = limits ?? prometheusLimits;
  if (days <= 1)
    throw usageErrors.answerTooLarge({
      endpoint: endpoint.name,
      query: shown(endpoint, query),
      day: dayText(start),
      limitMb: Math.round(maxBytes / 1024 ** 2),
    });
  return rangesOf({ start, end }, Math.ceil(days / 2));
}

function dayText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

interface Staging {
  readonly task: FetchTask;
  readonly saved: readonly Saved[];
  readonly month: Period;
  readonly days: Days;
  readonly target: string;
}

type Staged = Pick<StagedUsage, 'graph' | 'source' | 'file' | 'months' | 'findings'>;

async function stageAnswers(session: Session, staging: Staging): Promise<Staged> {
  const { task, saved, month, target } = staging;
  const { graph, endpoint, request } = task;
  const { maxBytes } = task.limits ?? prometheusLimits;
  await createFetched(session);
  await createUsageRows(session);
  const findings: Issue[] = [];
  for (const { file, index } of saved) {
    findings.push(...(await readHead(session, endpoint, { file, maxBytes })));
    await takeAnswer(session, { file, maxBytes, index, query: must(request.queries[index], 'query') });
  }
  for (const [index, query] of request.queries.entries())
    findings.push(...(await takeQuery(session, staging, index, query)));
  await createUsageNodes(session, knownNodes(graph.document));
  const source = request.source ?? endpoint.name;
  await writeUsageRows(session, { graph: graph.id, source, entity: graph.entity }, target);
  findings.push(...(await findingsOfUsage(session, graph, endpoint.name)));
  const { end } = periodInterval(month);
  if (staging.days.end * 1000 < end.getTime()) findings.push(notOver(endpoint.name, month, staging.days));
  return {
    graph: graph.id,
    source,
    file: target,
    months: await monthsOfUsage(session),
    findings: withoutRepeats(findings),
  };
}

/** Refuses what is no matrix; the warnings that came with it are findings. */
async function readHead(
  session: Session,
  endpoint: PrometheusEndpoint,
  answer: { readonly file: string; readonly maxBytes: number },
): Promise<Issue[]> {
  const { name } = endpoint;
  const head = await readAnswerHead(session, answer.file, answer.maxBytes).catch((error: unknown) => {
    if (!(error instanceof StatementError) || /out of memory/i.test(error.message)) throw error;
    throw usageErrors.unfitAnswer({ endpoint: name, problem: 'its answer is not the JSON of the API' });
  });
  if (head.status !== 'success' || head.resultType !== 'matrix')
    throw usageErrors.unfitAnswer({
      endpoint: name,
      problem: `its answer is no matrix but ${shown(endpoint, `${head.status} ${head.resultType}`)}`,
    });
  return head.warnings.map((warning) => ({
    code: 'usage.remote_warning',
    severity: 'warning',
    path: name,
    message: `'${name}' warns: ${shown(endpoint, warning)}. Some values may be missing.`,
  }));
}

/** Puts what a query gave into the rows. Refuses what cannot be usage, and a query that gave nothing. */
async function takeQuery(
  session: Session,
  { task: { endpoint, request }, month, days }: Staging,
  index: number,
  query: UsageQuery,
): Promise<Issue[]> {
  const { name } = endpoint;
  const said = shown(endpoint, query.query);
  const unfit = await findUnfitSamples(session, index, 5);
  if (unfit.samples > 0) {
    const examples = unfit.examples.map(
      ({ series, moment, found }) =>
        `${shown(endpoint, String(found))} at ${moment} of ${shown(endpoint, String(series))}`,
    );
    throw usageErrors.unfitValues({ endpoint: name, query: said, samples: unfit.samples, examples });
  }
  const figures = await sumFetched(session, index);
  if (figures.days === 0) throw usageErrors.nothingFound({ endpoint: name, query: said, month });
  await takeFetched(session, index, query, `prometheus:${name}: ${query.query}`);
  const asked = (days.end - days.start) / daySeconds;
  const path = `${name}: ${request.queries.length > 1 ? `queries/${index}/` : ''}${query.metric}`;
  return [
    ...(figures.seriesWithoutNode > 0 ? [withoutNode(path, query, figures)] : []),
    ...(figures.days < asked ? [daysMissing(path, figures.days, asked)] : []),
    ...(figures.nans > 0 ? [notNumbers(path, figures.nans)] : []),
  ];
}

function withoutNode(
  path: string,
  { node }: UsageQuery,
  { seriesWithoutNode, example }: { readonly seriesWithoutNode: number; readonly example: string | null },
): Issue {
  return {
    code: 'usage.series_without_node',
    severity: 'warning',
    path,
    message: `${seriesWithoutNode} series make no node by ${node}, such as ${example}: they were left out.`,
    params: { series: seriesWithoutNode, example },
  };
}

function daysMissing(path: string, days: number, asked: number): Issue {
  return {
    code: 'usage.days_missing',
    severity: 'info',
    path,
    message: `${asked - days} of ${asked} days have no value. They are missing, which is not 0.`,
    params: { days, asked },
  };
}

function notNumbers(path: string, samples: number): Issue {
  return {
    code: 'usage.not_a_number',
    severity: 'info',
    path,
    message: `${samples} values are NaN, as of 0 ÷ 0, and were left out.`,
    params: { samples },
  };
}

function notOver(path: string, month: Period, { end }: Days): Issue {
  return {
    code: 'usage.month_not_over',
    severity: 'info',
    path,
    message: `${month} is not over: only the days before ${dayText(end)} were fetched. Fetch again when it is.`,
    params: { month, before: dayText(end), next: addMonths(month, 1) },
  };
}

/** Each answer repeats the warnings of its query. */
function withoutRepeats(findings: readonly Issue[]): Issue[] {
  return findings.filter(
    ({ code, message }, index) =>
      findings.findIndex((other) => other.code === code && other.message === message) === index,
  );
}
