import { type Command, Option } from 'commander';
import type { AnomalyList, ForecastList } from '../../../modules/anomalies/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import type { Column } from '../output.ts';

interface SeriesOptions {
  readonly of: string;
  readonly by?: string;
  readonly metric?: string;
  readonly graph?: string;
  readonly where?: string;
  readonly from?: string;
  readonly to?: string;
  readonly grain: string;
}

interface ListOptions extends SeriesOptions {
  readonly absolute: string;
  readonly relative: string;
  readonly threshold: string;
  readonly since?: string;
}

interface ForecastOptions extends SeriesOptions {
  readonly horizon: string;
  readonly top: string;
}

/** `finops anomaly ls`, `finops anomaly forecast`: what is unusual in costs, and what they will be. */
export function register(program: Command, context: Context): void {
  const noun = program.command('anomaly').description('unusual costs, and forecasts').helpGroup(groups.costs);
  const list = asking(noun.command('ls').description('unusual days or months, the largest first'))
    .option('--absolute <amount>', 'at least this much off', '10')
    .option('--relative <fraction>', 'and at least this fraction of what was expected', '0.2')
    .option('--threshold <score>', 'robust score beyond which a day is unusual', '3.5')
    .option('--since <day>', 'the first day or month that is judged')
    .action((options: ListOptions) => showAnomalies(context, options));
  addExamples(list, {
    'finops anomaly ls --by ServiceName': 'services of all bills, day by day',
    'finops anomaly ls --of allocation --since 2026-10-01': 'applications, by their allocated cost',
    'finops anomaly ls --by Tags.team --absolute 100 --relative 0.5': 'only what is large',
  });
  const forecast = asking(noun.command('forecast').description('what costs will be, with an 80 % range'))
    .option('--horizon <count>', 'days or months ahead', '30')
    .option('--top <count>', 'how many of the largest', '20')
    .action((options: ForecastOptions) => showForecasts(context, options));
  addExamples(forecast, {
    'finops anomaly forecast --by ServiceName --horizon 30': 'the next 30 days',
  });
}

function asking(command: Command): Command {
  return command
    .addOption(
      new Option('--of <what>', 'bills, or the published allocation')
        .choices(['bill', 'allocation'])
        .default('bill'),
    )
    .option('--by <column>', 'ServiceName, Tags.team …; of the allocation ApplicationId or NodeId')
    .option('--metric <cost>', 'of bills: EffectiveCost, BilledCost, ListCost, ContractedCost')
    .option('--graph <id>', 'of the allocation: which graph')
    .option('--where <filter>', 'as for finops cost')
    .option('--from <month>', 'first billing month to read, YYYY-MM')
    .option('--to <month>', 'last billing month to read, YYYY-MM')
    .addOption(new Option('--grain <period>', 'by').choices(['day', 'month']).default('day'));
}

async function questionOf({ of, by, metric, graph, where, from, to, grain }: SeriesOptions) {
  const { parseFilter } = await import('../../../platform/warehouse/index.ts');
  const filter = where === undefined ? undefined : parseFilter(where);
  const given = { by, metric, graph, where: filter, from, to };
  return {
    of,
    grain,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

const money = (name: string, header = name): Column => ({
  name,
  header,
  kind: 'money',
  currencyColumn: 'currency',
});

async function showAnomalies(context: Context, options: ListOptions): Promise<void> {
  const { absolute, relative, threshold, since } = options;
  const question = {
    ...(await questionOf(options)),
    floors: { absolute, relative },
    threshold: Number(threshold),
    ...(since === undefined ? {} : { judgeFrom: since }),
  };
  const answer = await withClient(context, (client) =>
    client.call<AnomalyList>('POST', address('/anomalies/queries'), question),
  );
  const rows = answer.items.map(({ points: _, ...one }) => ({
    ...one,
    score: one.score?.toFixed(1) ?? null,
  }));
  context.print({
    json: answer,
    tables: [
      {
        columns: [
          { name: 'key', header: answer.context.by, kind: 'text' },
          { name: 'first', header: 'from', kind: 'text' },
          { name: 'last', header: 'to', kind: 'text' },
          money('amount'),
          money('expected'),
          money('excess', 'off by'),
          { name: 'relative', header: 'Δ', kind: 'share' },
          { name: 'score', header: 'score', kind: 'number' },
          { name: 'currency', header: 'currency', kind: 'text' },
        ],
        rows,
        totals: answer.totals.map(({ currency, excess }) => ({ key: 'total', currency, excess })),
      },
    ],
  });
  const { series, tooLittleHistory, from, to } = answer.context;
  context.say(
    `${series} series from ${from ?? '–'} to ${to ?? '–'}; ${tooLittleHistory} with too little history.`,
  );
}

async function showForecasts(context: Context, options: ForecastOptions): Promise<void> {
  const question = {
    ...(await questionOf(options)),
    horizon: Number(options.horizon),
    top: Number(options.top),
  };
  const answer = await withClient(context, (client) =>
    client.call<ForecastList>('POST', address('/forecasts/queries'), question),
  );
  const rows = answer.items.map(({ key, currency, model, points, needed, total }) => ({
    key,
    currency,
    model: model ?? `none: ${points} of ${needed} points`,
    ...(total ?? {}),
  }));
  context.print({
    json: answer,
    tables: [
      {
        title: `Next ${answer.context.horizon} ${answer.context.grain}s after ${answer.context.to ?? '–'}`,
        columns: [
          { name: 'key', header: answer.context.by, kind: 'text' },
          { name: 'model', header: 'model', kind: 'text' },
          money('low80', 'low (80 %)'),
          money('mean', 'expected'),
          money('high80', 'high (80 %)'),
          { name: 'currency', header: 'currency', kind: 'text' },
        ],
        rows,
      },
    ],
  });
}
