import { Command, CommanderError, Option } from 'commander';
import { register as registerAllocate } from './commands/allocate.ts';
import { register as registerAnomaly } from './commands/anomaly.ts';
import { register as registerApps } from './commands/apps.ts';
import { register as registerAudit } from './commands/audit.ts';
import { register as registerAws } from './commands/aws.ts';
import { register as registerBackup } from './commands/backup.ts';
import { register as registerClose } from './commands/close.ts';
import { register as registerCompletion } from './commands/completion.ts';
import { register as registerConfig } from './commands/config.ts';
import { register as registerConsumption } from './commands/consumption.ts';
import { register as registerCost } from './commands/cost.ts';
import { register as registerDemo } from './commands/demo.ts';
import { register as registerDoctor } from './commands/doctor.ts';
import { register as registerEntityPeriods } from './commands/entity-periods.ts';
import { register as registerExplain } from './commands/explain.ts';
import { register as registerExport } from './commands/export.ts';
import { register as registerGraph } from './commands/graph.ts';
import { register as registerImport } from './commands/import.ts';
import { register as registerKeys } from './commands/keys.ts';
import { register as registerMonths } from './commands/months.ts';
import { register as registerOrg } from './commands/org.ts';
import { register as registerOrganization } from './commands/organization.ts';
import { register as registerPeople } from './commands/people.ts';
import { register as registerPrice } from './commands/price.ts';
import { register as registerRecommendations } from './commands/recommendations.ts';
import { register as registerReconcile } from './commands/reconcile.ts';
import { register as registerReport } from './commands/report.ts';
import { register as registerRuns } from './commands/runs.ts';
import { register as registerSchedules } from './commands/schedules.ts';
import { register as registerServe } from './commands/serve.ts';
import { register as registerSnapshots } from './commands/snapshots.ts';
import { register as registerTokens } from './commands/tokens.ts';
import { register as registerUsage } from './commands/usage.ts';
import { register as registerVersion } from './commands/version.ts';
import { register as registerWorker } from './commands/worker.ts';
import { type Context, createContext, type RunState } from './context.ts';
import { errors } from './errors.ts';
import { addExamples, groups } from './help.ts';
import type { Io } from './io.ts';
import { formats } from './output.ts';
import { productVersion } from './versions.ts';

/** Every noun, in the order of the help. A command's file imports what is heavy inside its action. */
const registrations: readonly ((program: Command, context: Context) => void)[] = [
  registerImport,
  registerAws,
  registerMonths,
  registerReconcile,
  registerCost,
  registerReport,
  registerExplain,
  registerExport,
  registerGraph,
  registerUsage,
  registerAllocate,
  registerRecommendations,
  registerConsumption,
  registerPrice,
  registerApps,
  registerAnomaly,
  registerClose,
  registerOrganization,
  registerOrg,
  registerEntityPeriods,
  registerSnapshots,
  registerRuns,
  registerSchedules,
  registerPeople,
  registerTokens,
  registerAudit,
  registerBackup,
  registerKeys,
  registerServe,
  registerWorker,
  registerDemo,
  registerDoctor,
  registerConfig,
  registerVersion,
  registerCompletion,
];

/** The command tree over one world. `state` tells the runner what the command used. */
export function createProgram(io: Io, state: RunState = { exitCode: 0, usesSignal: false }): Command {
  const program = new Command('finops');
  program
    .description('Every cent, from cloud bill to invoice.')
    .usage('<command> [options]')
    .option('--version [version]', 'print the version; after export: the version of FOCUS')
    .helpOption('-h, --help', 'print help')
    .addHelpCommand(
      new Command('help').argument('[command]').description('help for a command').helpGroup(groups.system),
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // The runner prints errors, once and in the format asked for.
      outputError: () => {},
      getOutHelpWidth: () => io.columns ?? 100,
      getErrHelpWidth: () => io.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .optionsGroup('Options of every command:')
    .option('--data <dir>', 'workspace folder (default: ./data)')
    .option('--json', 'print JSON, as --format json')
    .addOption(new Option('--format <format>', 'how to print the answer').choices(formats))
    .option('--exact', 'print every decimal of an amount in tables')
    .option('--config <file>', 'configuration file (default: ./finops.toml)')
    .option('--quiet', 'print the answer and errors, nothing else')
    .option('--no-color', 'no colours');
  // What follows must come after the settings above: commands inherit them when they are made.
  const context = createContext(program, io, state);
  // Commander takes an option of the program wherever it stands; with a value it is meant for the command.
  program.on('option:version', (version: string | null) => {
    if (version !== null) return;
    io.stdout.write(`${productVersion()}\n`);
    throw new CommanderError(0, 'commander.version', productVersion());
  });
  // A contradiction is refused before the work, not when its answer is printed.
  program.hook('preAction', (_, command) => {
    context.format();
    if (program.opts()['version'] !== undefined && command.parent?.name() !== 'export') {
      throw errors.usage({ problem: '--version takes a value after export only.' });
    }
  });
  for (const register of registrations) register(program, context);
  addExamples(program, {
    'finops demo': 'an invented group, from its bills to costs that tie out',
    'finops import bill-2026-10.csv.gz': 'read a bill; a file, a folder or s3://bucket/prefix',
    'finops cost --by ServiceName --top 10': 'what costs most',
    'finops report list': 'questions with an answer ready',
    'finops doctor': 'when something seems wrong',
  });
  program.addHelpText('after', exitCodes);
  program.addHelpText('afterAll', ({ command }) =>
    command === program ? '' : "\nOptions of every command (--data, --json, --format …): 'finops --help'",
  );
  return program;
}

const exitCodes = `
Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 access, 5 bad data, 6 books do not balance,
7 conflict or locked, 8 remote unavailable, 9 budget or policy breached.`;
