import {
  absDecimal,
  type Caller,
  compareDecimal,
  currencyExponent,
  parseDecimal,
} from '../../platform/kernel/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import type { AnomaliesAsked, AnomalyList, ForecastList, ForecastsAsked } from './contract.ts';
import { dailyAnomalies } from './daily-anomalies.ts';
import { forecastSeries, leastForecastPoints } from './forecast.ts';
import type { Anomaly } from './judge.ts';
import { monthlyAnomalies } from './monthly-anomalies.ts';
import { type ReadSeries, readSeries, sumTexts } from './read-series.ts';
import type { Gaps } from './series.ts';

/** Series that are judged before others get their turn. */
const portion = 20;

/**
 * Finds what is unusual in the daily or monthly costs, the largest excess first. A day without a row counts as 0 between the first
 * and the last day that anything was delivered for. Refusals: as `readSeries`.
 */
export async function askAnomalies(
  workspace: Workspace,
  caller: Caller,
  asked: AnomaliesAsked,
): Promise<AnomalyList> {
  const read = await readSeries(workspace, caller, asked);
  const { grain, floors, threshold, judgeFrom } = asked;
  const now = workspace.clock.now();
  const found: Anomaly[] = [];
  let tooLittleHistory = 0;
  for (const [index, series] of read.series.entries()) {
    if (index % portion === portion - 1) await new Promise(setImmediate);
    const options = {
      now,
      floors: { currency: series.currency, ...floors },
      gaps: gapsOf(read),
      places: placesOf(series.currency),
      threshold,
      ...(judgeFrom === undefined ? {} : { judgeFrom }),
    };
    const findings =
      grain === 'day' ? dailyAnomalies(series, options) : monthlyAnomalies(series, options, {});
    found.push(...findings.anomalies);
    if (findings.judged === 0) tooLittleHistory++;
  }
  found.sort((a, b) => compareDecimal(sizeOf(b.excess), sizeOf(a.excess)) || (a.first < b.first ? -1 : 1));
  const currencies = [...new Set(found.map(({ currency }) => currency))].sort();
  return {
    context: { ...contextOf(asked, read, now), floors, series: read.series.length, tooLittleHistory },
    items: found.map(({ points, ...one }) => ({ ...one, points: points.map((point) => ({ ...point })) })),
    totals: currencies.map((currency) => {
      const mine = found.filter((one) => one.currency === currency);
      return { currency, excess: sumTexts(mine.map(({ excess }) => excess)), anomalies: mine.length };
    }),
  };
}

function sizeOf(text: string) {
  return absDecimal(parseDecimal(text));
}

/** Forecasts the largest series, each with the model that erred least. Refusals: as `readSeries`. */
export async function askForecasts(
  workspace: Workspace,
  caller: Caller,
  asked: ForecastsAsked,
): Promise<ForecastList> {
  const read = await readSeries(workspace, caller, asked);
  const { grain, horizon, top } = asked;
  const now = workspace.clock.now();
  const items: ForecastList['items'] = [];
  for (const series of read.series.slice(0, top)) {
    await new Promise(setImmediate);
    const places = placesOf(series.currency);
    const made = forecastSeries(series, { grain, now, gaps: gapsOf(read), horizon, places });
    const { key, currency } = series;
    if (made.kind === 'tooShort')
      items.push({
        ...{ key, currency, model: null, points: made.points, needed: made.needed },
        ...{ errors: [], total: null, ahead: [] },
      });
    else
      items.push({
        ...{ key, currency, model: made.model, points: made.points, needed: leastForecastPoints },
        errors: made.errors.map(({ model, mae }) => ({ model, mae: Number(mae) })),
        total: { ...made.total },
        ahead: made.ahead.map((point) => ({ ...point })),
      });
  }
  return { context: { ...contextOf(asked, read, now), horizon }, items };
}

function contextOf(
  { of, grain }: Pick<AnomaliesAsked, 'of' | 'grain'>,
  { by, metric, first, last }: ReadSeries,
  now: Date,
) {
  return { of, by, metric, grain, from: first, to: last, asOf: now.toISOString() };
}

function gapsOf({ first, last }: ReadSeries): Gaps {
  return first === null || last === null ? { are: 'missing' } : { are: 'zero', from: first, to: last };
}

function placesOf(currency: string): number {
  return Math.max(2, currencyExponent(currency) ?? 2);
}
