import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { NewOrigin, OriginAnswer } from '../../../modules/showback/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples } from '../help.ts';
import { originTable } from './consumption-output.ts';
import { allPages } from './organization-client.ts';

type Texts = Readonly<Record<string, string>>;

interface DeclareOptions {
  readonly entity: string;
  readonly product: string;
  readonly kind: NewOrigin['kind'];
  readonly source: string;
  readonly from: string;
  readonly before?: string;
  readonly definition?: string;
}

/** Those of the contract, which loads more than is needed to know a command. */
const kinds = Object.keys({ import: 0, focus: 0, allocation: 0, derived: 0 } satisfies Record<
  NewOrigin['kind'],
  number
>);

/** `finops consumption origins`, `declare`, `end`: where the consumption of a product comes from. */
export function registerOrigins(noun: Command, context: Context): void {
  noun
    .command('origins')
    .description('where the consumption of products comes from')
    .option('--entity <id>', 'of this entity')
    .option('--product <id>', 'of this product')
    .option('--kind <kind>', 'import, focus, allocation or derived')
    .option('--source <name>', 'of this source')
    .option('--month <month>', 'that hold in this month, YYYY-MM')
    .action((options: Texts) => list(context, options));
  const declare = noun
    .command('declare')
    .description('say where the consumption of a product comes from, from a month on')
    .requiredOption('--entity <id>', 'of which entity')
    .requiredOption('--product <id>', 'of which product')
    .addOption(
      new Option('--kind <kind>', 'import, or how it is derived').choices(kinds).makeOptionMandatory(),
    )
    .requiredOption('--source <name>', 'who delivers, or a name for the rule')
    .requiredOption('--from <month>', 'the first month, YYYY-MM')
    .option('--before <month>', 'the first month that it no longer holds')
    .option('--definition <json>', 'how quantities are made; @FILE reads it from a file')
    .action((options: DeclareOptions) => declareOrigin(context, options));
  addExamples(declare, {
    'finops consumption declare --entity retail --product storage --kind focus --source storage-rule --from 2026-01 --definition @storage.json':
      '{"quantity": "ConsumedQuantity", "application": "{Tags.app}", "where": "ServiceCategory = \'Storage\'"}',
    'finops consumption declare --entity retail --product network --kind allocation --source retained --from 2026-01 --definition \'{"graph": "main", "currency": "EUR"}\'':
      'weights: what applications retained',
  });
  noun
    .command('end <origin>')
    .description('end an origin before a month')
    .requiredOption('--before <month>', 'the first month that it no longer holds, YYYY-MM')
    .option('--delete-facts', 'delete the facts that it has from then on')
    .action((id: string, options: { readonly before: string; readonly deleteFacts?: boolean }) =>
      end(context, id, options),
    );
}

async function list(context: Context, options: Texts): Promise<void> {
  const items = await withClient(context, (client) =>
    allPages<OriginAnswer>(client, '/consumption/origins', options),
  );
  context.print({ json: { items }, tables: [originTable(items)] });
}

async function declareOrigin(
  context: Context,
  { from, before, definition, ...said }: DeclareOptions,
): Promise<void> {
  const body = {
    ...{ ...said, validFrom: from, validTo: before },
    definition: definition === undefined ? {} : await jsonOf(context, definition),
  };
  const origin = await withClient(context, (client) =>
    client.call<OriginAnswer>('POST', address('/consumption/origins'), body),
  );
  context.print({ json: { ...origin }, tables: [originTable([origin])] });
}

async function jsonOf({ io }: Context, text: string): Promise<unknown> {
  const json = text.startsWith('@') ? await readFile(resolve(io.cwd, text.slice(1)), 'utf8') : text;
  try {
    return JSON.parse(json);
  } catch {
    throw errors.usage({
      problem: `--definition takes JSON, or @FILE with it: '${text.slice(0, 60)}' is none.`,
    });
  }
}

async function end(
  context: Context,
  id: string,
  { before, deleteFacts }: { readonly before: string; readonly deleteFacts?: boolean },
): Promise<void> {
  const path = address(`/consumption/origins/${encodeURIComponent(id)}/end`);
  const body = { validTo: before, deleteFacts: deleteFacts ?? false };
  const answer = await withClient(context, (client) =>
    client.call<{ readonly origin: OriginAnswer | null; readonly deletedFacts: number }>('POST', path, body),
  );
  context.print({ json: { ...answer }, tables: [originTable(answer.origin ? [answer.origin] : [])] });
  if (answer.origin === null) context.say(`Origin ${id} held in no other month: it is gone.`);
  if (answer.deletedFacts > 0) context.say(`${answer.deletedFacts} facts were deleted with it.`);
}
