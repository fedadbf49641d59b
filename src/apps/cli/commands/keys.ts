import type { Command } from 'commander';
import type { KeyList, KeyPruned, KeyRotated } from '../../../platform/records/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import { counted, type TableData } from '../output.ts';

/** `finops keys …`: the keys that seal sensitive fields. None is ever shown. */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('keys')
    .description('the keys that seal sensitive fields; none is ever shown')
    .helpGroup(groups.workspace);
  noun
    .command('list')
    .description('the keys by their ids, and how many fields each seals')
    .action(() => list(context));
  noun
    .command('rotate')
    .description('make a new key and seal every field again with it')
    .action(() => rotate(context));
  noun
    .command('prune')
    .description('remove retired keys that nothing is sealed with')
    .option('--even-now', 'also those that were retired less than an hour ago')
    .action((options: { readonly evenNow?: boolean }) => prune(context, options.evenNow ?? false));
  addExamples(noun, {
    'finops keys rotate': 'once a year, or when somebody who knew the key has left',
    'finops keys prune': 'an hour later',
  });
}

async function list(context: Context): Promise<void> {
  const answer = await withClient(context, (client) => client.call<KeyList>('GET', address('/keys')));
  print(context, answer);
}

async function rotate(context: Context): Promise<void> {
  const answer = await withClient(context, (client) =>
    client.call<KeyRotated>('POST', address('/keys/rotate'), {}),
  );
  print(context, answer);
  const how = answer.added ? 'new key' : 'key that was there';
  context.say(`${counted(answer.resealed, 'field')} sealed again with the ${how}, ${answer.current}`);
  if (answer.items.some(({ state }) => state === 'retired'))
    context.say(
      answer.context.origin === 'environment'
        ? 'retired keys may leave FINOPS_SECRETS_KEY when every process has been started anew'
        : "retired keys stay in the file until 'finops keys prune'; put the file where your backups of it are",
    );
}

async function prune(context: Context, evenNow: boolean): Promise<void> {
  const answer = await withClient(context, (client) =>
    client.call<KeyPruned>('POST', address('/keys/prune'), { evenNow }),
  );
  print(context, answer);
  context.say(`${counted(answer.removed.length, 'key')} removed`);
}

function print(context: Context, answer: KeyList): void {
  const table: TableData = {
    columns: [
      { name: 'id', kind: 'text' },
      { name: 'state', kind: 'text' },
      { name: 'retiredAt', header: 'retired', kind: 'text' },
      { name: 'fields', kind: 'number' },
    ],
    rows: answer.items,
  };
  context.print({ json: answer, tables: [table] });
}
