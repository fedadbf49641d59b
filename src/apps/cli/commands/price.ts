import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import type { ExportOptions, ImportOptions, LineOptions, LinesOptions } from './price-lines.ts';
import { addCalendar, addRates } from './price-tables.ts';
import type { CloneOptions, CreateOptions } from './price-views.ts';

// What the commands do is loaded when they run: the program starts with their names only.
const views = () => import('./price-views.ts');
const lines = () => import('./price-lines.ts');

/** `finops price …`: what is charged for a unit of a product, from drafts to the calendar. */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('price')
    .description('what is charged for a unit of a product: price views, their versions, the calendar, rates')
    .helpGroup(groups.costs);
  registerViews(noun, context);
  registerLines(noun, context);
  registerLine(noun, context);
  registerVersions(noun, context);
  addCalendar(noun, context);
  addRates(noun, context);
  addExamples(noun, {
    'finops price create budget-2026 --kind budget --currency EUR': 'a price view without lines',
    'finops price import budget-2026 prices.csv --dry-run': 'what a file would change, and what does not fit',
    'finops price publish budget-2026 --note "the year"': 'make its draft the version that costs use',
    'finops price calendar set budget-2026 --from 2026-01': 'it holds from January on',
    'finops price clone budget-2026 dear --factor 1.03': 'what if everything cost 3 % more',
    'finops price coverage budget-2026 --month 2026-10': 'what has no price',
  });
}

/** `--version` is the program's own. */
const versionOption = [
  '--view-version <version>',
  'which version: a number, published or draft',
  'published',
] as const;

function registerViews(noun: Command, context: Context): void {
  noun
    .command('views')
    .description('every price view with its published version and its draft')
    .option('--entity <id>', 'only of this entity')
    .option('--kind <kind>', 'only of this kind')
    .option('--active', 'no retired ones')
    .action(
      async (options: { readonly entity?: string; readonly kind?: string; readonly active?: boolean }) =>
        (await views()).listViews(context, options),
    );
  noun
    .command('show')
    .description('one price view with its published version and its draft')
    .argument('<view>', 'which view')
    .action(async (view: string) => (await views()).showView(context, view));
  noun
    .command('create')
    .description('make a price view; its id, kind, currency and entity are for ever')
    .argument('<view>', 'its id')
    .addOption(
      new Option('--kind <kind>', 'set before the year, charged, computed from allocation, tried out')
        .choices(['budget', 'standard', 'actual', 'what-if'])
        .makeOptionMandatory(),
    )
    .option('--currency <code>', 'of its costs; none for actual')
    .option('--label <text>', 'what it is called; its id by default')
    .addOption(rateType('--rate-type <type>', 'which rate converts lines of another currency'))
    .option('--entity <id>', 'whose applications it prices; all by default')
    .option('--graph <id>', 'for actual: whose published runs are the costs')
    .action(async (view: string, options: CreateOptions) =>
      (await views()).createView(context, view, options),
    );
  noun
    .command('change')
    .description('rename a price view, or convert with another type of rates')
    .argument('<view>', 'which view')
    .option('--label <text>', 'what it is called')
    .addOption(rateType('--rate-type <type>', 'which rate converts lines of another currency'))
    .action(async (view: string, options: { readonly label?: string; readonly rateType?: string }) =>
      (await views()).patchView(context, view, options),
    );
  for (const [verb, meaning] of [
    ['retire', 'take a price view out of use; what it priced stays'],
    ['restore', 'put a retired price view back into use'],
  ] as const)
    noun
      .command(verb)
      .description(meaning)
      .argument('<view>', 'which view')
      .action(async (view: string) =>
        (await views()).patchView(context, view, { active: verb === 'restore' }),
      );
}

function rateType(flags: string, meaning: string): Option {
  return new Option(flags, meaning).choices(['average', 'closing', 'budget']);
}

function registerLines(noun: Command, context: Context): void {
  noun
    .command('lines')
    .description('the lines of a version')
    .argument('<view>', 'which view')
    .option(...versionOption)
    .option('--level <level>', 'only of products, families, domains or the view')
    .option('--target <id>', 'only of this product, family or domain')
    .option('--month <month>', 'only those that hold in it, YYYY-MM')
    .action(async (view: string, options: LinesOptions) => (await lines()).showLines(context, view, options));
  noun
    .command('import')
    .description('bring the draft to what a file says, all or nothing')
    .argument('<view>', 'which view')
    .argument('<file>', 'CSV, or an Excel workbook when its name ends in .xlsx')
    .option('--replace', 'take out lines that the file does not name')
    .option('--dry-run', 'show the difference and every cell that does not fit; keep nothing')
    .option('--publish', 'make it the published version, when nothing in it is wrong')
    .option('--note <text>', 'with --publish: why; kept')
    .action(async (view: string, file: string, options: ImportOptions) =>
      (await lines()).importLines(context, view, file, options),
    );
  noun
    .command('export')
    .description('the lines of a version as the CSV file that import takes; to a file also as a workbook')
    .argument('<view>', 'which view')
    .option(...versionOption)
    .option('--out <file>', 'file to write, or s3://bucket/key: its name ends in .csv or .xlsx')
    .option('--overwrite', 'replace the file')
    .action(async (view: string, options: ExportOptions) =>
      (await lines()).exportLines(context, view, options),
    );
}

function registerLine(noun: Command, context: Context): void {
  const line = noun.command('line').description('put one line into the draft, change one, take one out');
  withFields(
    line.command('add').description('add a line to the draft').argument('<view>', 'which view'),
  ).action(async (view: string, options: LineOptions) => (await lines()).addLine(context, view, options));
  withFields(
    line
      .command('change')
      .description('change what is named of a line of the draft; an empty text takes a value away')
      .argument('<view>', 'which view')
      .argument('<line>', 'its number'),
  ).action(async (view: string, number: string, options: LineOptions) =>
    (await lines()).changeLine(context, view, number, options),
  );
  line
    .command('remove')
    .description('take a line out of the draft')
    .argument('<view>', 'which view')
    .argument('<line>', 'its number')
    .action(async (view: string, number: string) => (await lines()).removeLine(context, view, number));
}

function withFields(command: Command): Command {
  return command
    .addOption(
      new Option('--level <level>', 'what it prices').choices(['product', 'family', 'domain', 'view']),
    )
    .option('--target <id>', 'of the product, family or domain')
    .option('--entity <id>', 'only of this entity')
    .option('--environment <name>', 'only in prod, non_prod, unknown or n_a')
    .option('--region <name>', 'only in this region')
    .option('--pool', 'an amount that is spread over the quantities of a product, not a price')
    .option('--unit <unit>', 'what the price is the price of: GB-month')
    .option('--amount <decimal>', 'price of one unit, or amount of the pool; --amount=-5 below zero')
    .option('--tiers <text>', "instead: 'graduated 0:0.10;100:0.08' or 'all-units 0:0.10;100:0.08'")
    .option('--currency <code>', "of the price; the view's by default")
    .option('--from <month>', 'the first month that it holds, YYYY-MM')
    .option('--to <month>', 'the first month that it no longer holds')
    .option('--note <text>', 'for people');
}

function registerVersions(noun: Command, context: Context): void {
  noun
    .command('history')
    .description('the versions of a price view, the newest first: who published what, when and why')
    .argument('<view>', 'which view')
    .action(async (view: string) => (await views()).showHistory(context, view));
  noun
    .command('draft')
    .description('open a draft with the lines of the published version')
    .argument('<view>', 'which view')
    .option('--empty', 'without lines')
    .option('--note <text>', 'why; kept')
    .action(async (view: string, options: { readonly empty?: boolean; readonly note?: string }) =>
      (await views()).openDraft(context, view, options),
    );
  noun
    .command('publish')
    .description('make the draft the published version, for good; refused while something in it is wrong')
    .argument('<view>', 'which view')
    .option('--note <text>', 'why; kept')
    .option('--dry-run', 'say whether it would be published')
    .action(async (view: string, options: { readonly note?: string; readonly dryRun?: boolean }) =>
      (await views()).publishDraft(context, view, options),
    );
  noun
    .command('discard')
    .description('take the draft away with all that was changed in it')
    .argument('<view>', 'which view')
    .action(async (view: string) => (await views()).discardDraft(context, view));
  noun
    .command('clone')
    .description('make a price view whose draft has the lines of a version, every price times a factor')
    .argument('<view>', 'which view')
    .argument('<new>', 'id of the new one')
    .option(...versionOption)
    .option('--factor <decimal>', 'exact, 1.03 for 3 % more; prices are rounded half-up at 12 decimals')
    .addOption(new Option('--kind <kind>', 'what-if by default').choices(['budget', 'standard', 'what-if']))
    .option('--label <text>', 'what it is called')
    .option('--entity <id>', 'whose applications it prices; as the other by default')
    .option('--note <text>', 'why; kept')
    .action(async (view: string, id: string, options: CloneOptions) =>
      (await views()).cloneView(context, view, id, options),
    );
  registerQuestions(noun, context);
}

function registerQuestions(noun: Command, context: Context): void {
  noun
    .command('diff')
    .description('lines added, removed and changed from one version to another, in prices and percent')
    .argument('<view>', 'which view')
    .option('--from <version>', 'a number, published or draft', 'published')
    .option('--to <version>', 'a number, published or draft', 'draft')
    .action(async (view: string, options: { readonly from: string; readonly to: string }) =>
      (await views()).showDiff(context, view, options),
    );
  noun
    .command('findings')
    .description('all that is to be said of a version: errors keep a draft from being published')
    .argument('<view>', 'which view')
    .option('--view-version <version>', 'which version: a number, published or draft', 'draft')
    .action(async (view: string, options: { readonly viewVersion: string }) =>
      (await views()).showFindings(context, view, options.viewVersion),
    );
  noun
    .command('coverage')
    .description(
      "how much of a month's consumption has a price, what has none and why, which lines nothing needs",
    )
    .argument('<view>', 'which view')
    .requiredOption('--month <month>', 'YYYY-MM')
    .option(...versionOption)
    .action(async (view: string, options: { readonly month: string; readonly viewVersion: string }) =>
      (await views()).showCoverage(context, view, options),
    );
}
