import type { Command } from 'commander';
import type { ExplainedRow } from '../../../modules/ingestion/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';

/** `finops explain row ID`: from a cost row back to the row of the bill. */
export function register(program: Command, context: Context): void {
  const noun = program.command('explain').description('where a figure comes from').helpGroup(groups.costs);
  const row = noun
    .command('row')
    .description('file, row and original values of a cost row, and the rule behind each column')
    .argument('<id>', 'x_RowId of the row: import:file:row:part')
    .action((id: string) => explain(context, id));
  addExamples(row, {
    'finops cost --by x_RowId --top 1': 'the id of the largest row',
    'finops explain row 01k9z3w2m7h4q8xta:1:42:0': 'how it came about',
  });
}

async function explain(context: Context, id: string): Promise<void> {
  const path = address(`/rows/${encodeURIComponent(id)}`);
  const answer = await withClient(context, (client) => client.call<ExplainedRow>('GET', path));
  const { source, period, file, row, format, current, original, columns } = answer;
  context.print({
    json: { ...answer },
    tables: [
      {
        title: `${source} ${period}: ${file}, row ${row} (${format}${current ? '' : ', replaced since'})`,
        columns: [
          { name: 'column', kind: 'text' },
          { name: 'value', kind: 'text' },
          { name: 'rule', kind: 'text' },
          { name: 'says', kind: 'text' },
        ],
        rows: columns.map((column) => ({ ...column })),
      },
      {
        title: 'As in the bill',
        columns: [
          { name: 'column', kind: 'text' },
          { name: 'value', kind: 'text' },
        ],
        rows: Object.entries(original)
          .filter(([, value]) => value !== null)
          .map(([column, value]) => ({ column, value })),
      },
    ],
  });
}
