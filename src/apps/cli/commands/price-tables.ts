import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import type { SetOptions } from './price-calendar.ts';
import type { RatesAsked, SetRateOptions } from './price-rates.ts';

const calendar = () => import('./price-calendar.ts');
const rates = () => import('./price-rates.ts');

/** Adds `calendar` to `finops price`: which view holds in which month. */
export function addCalendar(noun: Command, context: Context): void {
  const entries = noun.command('calendar').description('which price view holds in which month');
  entries
    .command('list')
    .description("every entry; an entity's own go before those of all")
    .option('--entity <id>', 'only of this entity')
    .option('--view <id>', 'only of this view')
    .option('--month <month>', 'only those that hold in it, YYYY-MM')
    .action(async (asked: { readonly entity?: string; readonly view?: string; readonly month?: string }) =>
      (await calendar()).listCalendar(context, asked),
    );
  entries
    .command('set')
    .description('have a view hold in these months; entries that held in them are cut')
    .argument('<view>', 'which view')
    .requiredOption('--from <month>', 'the first month, YYYY-MM')
    .option('--to <month>', 'the first month that it no longer holds; until further notice by default')
    .option('--entity <id>', 'for this entity; for all without an entry of their own by default')
    .action(async (view: string, options: SetOptions) =>
      (await calendar()).setCalendar(context, view, options),
    );
  entries
    .command('remove')
    .description('take an entry out')
    .argument('<entry>', 'its number')
    .action(async (entry: string) => (await calendar()).removeEntry(context, entry));
  entries
    .command('month')
    .description('the price view of one month of an entity; ends with 3 where none holds')
    .argument('<entity>', 'which entity')
    .argument('<month>', 'YYYY-MM')
    .action(async (entity: string, month: string) => (await calendar()).showMonth(context, entity, month));
}

/** Adds `rates` to `finops price`: rates between currencies by month. */
export function addRates(noun: Command, context: Context): void {
  const table = noun
    .command('rates')
    .description('rates between currencies by month, as they were published; never inverted, never chained');
  withFilters(table.command('list').description('rates by month')).action(async (asked: RatesAsked) =>
    (await rates()).listRates(context, asked),
  );
  withFilters(table.command('export').description('rates as the CSV file that import takes')).action(
    async (asked: RatesAsked) => (await rates()).exportRates(context, asked),
  );
  table
    .command('set')
    .description('put one rate in: 1 BASE = RATE QUOTE')
    .argument('<month>', 'YYYY-MM')
    .argument('<base>', 'ISO 4217: USD')
    .argument('<quote>', 'ISO 4217: EUR')
    .argument('<rate>', 'decimal above 0')
    .addOption(typeOption().default('average'))
    .requiredOption('--source <text>', 'where it was published: ECB')
    .requiredOption('--as-of <day>', 'the day that it is of, YYYY-MM-DD')
    .action(async (month: string, base: string, quote: string, rate: string, options: SetRateOptions) =>
      (await rates()).setRate(context, [month, base, quote, rate], options),
    );
  table
    .command('import')
    .description('put the rates of a CSV file in, all or nothing')
    .argument('<file>', 'columns period, base, quote, rate, asOf, and perhaps type and source')
    .addOption(typeOption())
    .option('--source <text>', 'of rows that say none')
    .option('--dry-run', 'show the difference and every cell that does not fit; keep nothing')
    .action(
      async (
        file: string,
        options: { readonly type?: string; readonly source?: string; readonly dryRun?: boolean },
      ) => (await rates()).importRates(context, file, options),
    );
  table
    .command('remove')
    .description('take a rate out; prices that need it are then missing')
    .argument('<month>', 'YYYY-MM')
    .argument('<base>', 'ISO 4217')
    .argument('<quote>', 'ISO 4217')
    .addOption(typeOption().default('average'))
    .action(async (month: string, base: string, quote: string, options: { readonly type: string }) =>
      (await rates()).removeRate(context, [month, base, quote], options),
    );
}

function typeOption(): Option {
  return new Option('--type <type>', 'mean of the month, last day, or set before the year').choices([
    'average',
    'closing',
    'budget',
  ]);
}

function withFilters(command: Command): Command {
  return command
    .option('--from <month>', 'from this month on, YYYY-MM')
    .option('--to <month>', 'up to this month')
    .option('--base <code>', 'only from this currency')
    .option('--quote <code>', 'only to this currency')
    .addOption(typeOption());
}
