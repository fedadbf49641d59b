import { relative, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { exitCodes, parseDecimal } from '../../../platform/kernel/index.ts';
import type { DemoOutcome } from '../../demo/index.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import { type Column, moneyText } from '../output.ts';

const defaultSeed = 20_261_101;

/** `finops demo`: the bills of an invented group, imported like any bill and tied to the cent. */
export function register(program: Command, context: Context): void {
  const command = program
    .command('demo')
    .description('write the bills of an invented group, import and allocate them, tie all to the cent')
    .helpGroup(groups.system)
    .addOption(
      new Option('--scale <scale>', 'about 400,000, 4 million or 20 million rows')
        .choices(['s', 'm', 'l'])
        .default('s'),
    )
    .option('--folder <dir>', 'the one folder that the demo makes', 'demo')
    .option('--seed <number>', 'same seed, same bills', String(defaultSeed))
    .action((options: { readonly scale: 's' | 'm' | 'l'; readonly folder: string; readonly seed: string }) =>
      runDemoCommand(context, options),
    );
  addExamples(command, {
    'finops demo': 'about 400,000 rows in ./demo',
    'finops demo --scale m --folder /tmp/demo': 'ten times as many, elsewhere',
  });
}

async function runDemoCommand(
  context: Context,
  options: { readonly scale: 's' | 'm' | 'l'; readonly folder: string; readonly seed: string },
): Promise<void> {
  const { runDemo } = await import('../../demo/index.ts');
  const progress = context.progress('demo');
  const folder = resolve(context.io.cwd, options.folder);
  let outcome: DemoOutcome;
  try {
    outcome = await runDemo({
      folder,
      scale: options.scale,
      seed: Number(options.seed),
      onStep: ({ text, rows = 0 }) => progress.update({ step: text, rows }),
    });
  } finally {
    progress.stop();
  }
  printOutcome(context, outcome);
  const balances = outcome.allocation.months.every((line) => line.balances);
  const ties = outcome.restated.ties && balances && outcome.tieOut.every((line) => line.ties);
  if (!ties) context.exitWith(exitCodes.booksDoNotBalance);
}

const columns: readonly Column[] = [
  { name: 'source', kind: 'text' },
  { name: 'entity', kind: 'text' },
  { name: 'format', kind: 'text' },
  { name: 'months', kind: 'number' },
  { name: 'rowsRead', header: 'rows', kind: 'number' },
  { name: 'currency', kind: 'text' },
  { name: 'nativeCost', header: 'bill', kind: 'money', currencyColumn: 'currency' },
  { name: 'billedCost', header: 'billed', kind: 'money', currencyColumn: 'currency' },
  { name: 'effectiveCost', header: 'effective', kind: 'money', currencyColumn: 'currency' },
  { name: 'ties', kind: 'text' },
];

const allocationColumns: readonly Column[] = [
  { name: 'month', kind: 'text' },
  { name: 'currency', kind: 'text' },
  { name: 'total', kind: 'money', currencyColumn: 'currency' },
  { name: 'allocated', kind: 'money', currencyColumn: 'currency' },
  { name: 'unallocated', kind: 'money', currencyColumn: 'currency' },
  { name: 'coverage', kind: 'share' },
  { name: 'balances', kind: 'text' },
];

function printOutcome(context: Context, outcome: DemoOutcome): void {
  const { tieOut, restated, organization, allocation, showback, seconds, bills } = outcome;
  context.print({
    json: {
      folder: outcome.folder,
      workspace: outcome.workspace,
      rows: bills.rows,
      tieOut,
      restated,
      organization,
      allocation,
      showback,
      seconds,
    },
    tables: [
      {
        title: `${bills.group}: ${bills.rows.toLocaleString('en')} bill rows written in ${seconds.generate} s, imported in ${seconds.import} s`,
        columns,
        rows: tieOut.map((line) => ({ ...line, ties: line.ties ? 'to the cent' : 'NO' })),
      },
      {
        title: `Allocated with ${allocation.nodes} nodes and ${allocation.edges} edges in ${seconds.allocation} s; the last month`,
        columns: allocationColumns,
        rows: allocation.months
          .filter(({ month }) => month === allocation.months.at(-1)?.month)
          .map((line) => ({
            ...line,
            balances: line.balances ? 'to the last decimal' : 'NO',
          })),
      },
    ],
  });
  const data = relative(context.io.cwd, outcome.workspace) || '.';
  const currency = tieOut.find(({ source }) => source === restated.source)?.currency ?? '';
  const shown = (amount: string) => `${moneyText(parseDecimal(amount), currency)} ${currency}`;
  context.say(`
${restated.source} ${restated.billingPeriod} was delivered twice: ${shown(restated.before)} became ${shown(restated.after)}; the first delivery is in its history.
The records hold the group: ${organization.entities} entities with ${Object.keys(organization.sources).length} sources of bills, ${organization.applications} applications with their owners, ${organization.products} products.
${showback.facts.toLocaleString('en')} facts of consumption in ${showback.months} months, priced by ${showback.views.join(' and ')}.

Next:
  ./finops cost --data ${data} --by ServiceName --metric EffectiveCost --top 10
  ./finops cost --data ${data} --by Tags.app --metric EffectiveCost --grain month --from 2026-09
  ./finops report list --data ${data}
  ./finops snapshots diff --data ${data} --source ${restated.source} --month ${restated.billingPeriod}
  ./finops applications show experiment-hub --data ${data}
  ./finops allocate explain app:checkout --month ${allocation.months.at(-1)?.month} --data ${data}
  ./finops allocate coverage --month ${allocation.months.at(-1)?.month} --data ${data}
  ./finops apps cost --month ${allocation.months.at(-1)?.month} --data ${data}
  ./finops apps compare --months 2026-09 2026-10 --top 5 --data ${data}
  ./finops apps bridge --month ${allocation.months.at(-1)?.month} --currency EUR --data ${data}
  ./finops close ${allocation.months.at(-1)?.month} --check --data ${data}
  ./finops serve --data ${data}
The demo is one folder: delete ${relative(context.io.cwd, outcome.folder) || '.'}/ when you are done.`);
}
