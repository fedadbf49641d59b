import type { Command } from 'commander';
import { listSettings } from '../../../platform/config/index.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import type { Column } from '../output.ts';

/** `finops config list`: every setting, its value and, with `--show-origin`, where the value came from. */
export function register(program: Command, context: Context): void {
  const noun = program.command('config').description('the settings in force').helpGroup(groups.system);
  const list = noun
    .command('list')
    .description('every setting and its value')
    .option('--show-origin', 'also where each value came from')
    .action((options: { readonly showOrigin?: boolean }) => listConfig(context, options.showOrigin ?? false));
  addExamples(list, {
    'finops config list --show-origin': 'which flag, variable or line sets what',
    'finops config list --json': 'with a description of every setting',
  });
}

function listConfig(context: Context, showOrigin: boolean): void {
  const config = context.config();
  const rows = listSettings(config);
  const columns: Column[] = [
    { name: 'key', kind: 'text' },
    { name: 'value', kind: 'text' },
    ...(showOrigin ? [{ name: 'origin', kind: 'text' } as const] : []),
  ];
  context.print({
    json: { file: config.file ?? null, settings: rows },
    tables: [{ columns, rows: rows.map((row) => ({ ...row })) }],
  });
}
