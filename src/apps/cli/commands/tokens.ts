import type { Command } from 'commander';
import type { MadeTokenAnswer, TokenAnswer, TokenList } from '../../../platform/access/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import type { Column } from '../output.ts';
import { wholeNumber } from './cost.ts';
import { findPerson, type GrantOptions, grantOf, grantText, withScope } from './people.ts';

interface CreateOptions extends GrantOptions {
  readonly name: string;
  readonly person: string;
  readonly days: string;
}

const day = 86_400_000;

/** `finops tokens …`: what programs show to the API. */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('tokens')
    .description('API tokens: what programs show to the server')
    .helpGroup(groups.workspace);
  noun
    .command('list')
    .description('every token, with its owner, its end and its last use')
    .option('--person <person>', 'only those of this person, by e-mail or id')
    .action((options: { readonly person?: string }) => list(context, options.person));
  const create = noun
    .command('create')
    .description('make a token; it is shown this once')
    .requiredOption('--name <name>', 'what it is for')
    .requiredOption('--person <person>', 'whose it is, by e-mail or id: it never does more than they may')
    .requiredOption('--role <role>', 'what it may do: accountant, entity.viewer, finance.admin …')
    .option('--days <n>', 'how long it lives, at most 365', '90');
  withScope(create).action((options: CreateOptions) => make(context, options));
  noun
    .command('revoke <token>')
    .description('end a token for ever, by its id or how it begins')
    .action((token: string) => revoke(context, token));
  addExamples(noun, {
    'finops tokens create --name grafana --person ops@example.com --role entity.viewer --entities retail':
      'reads the costs of one entity',
    'finops tokens revoke fin_01k9z3w2m7h4q8xta': 'at once',
  });
}

const columns: readonly Column[] = [
  { name: 'prefix', header: 'token', kind: 'text' },
  { name: 'name', kind: 'text' },
  { name: 'owner', kind: 'text' },
  { name: 'may', kind: 'text' },
  { name: 'expiresAt', header: 'until', kind: 'text' },
  { name: 'lastUsedAt', header: 'last used', kind: 'text' },
  { name: 'revokedAt', header: 'revoked', kind: 'text' },
];

function rowOf({ owner, grant, ...token }: TokenAnswer) {
  return { ...token, owner: owner.email, may: grantText(grant) };
}

async function list(context: Context, person: string | undefined): Promise<void> {
  const items = await withClient(context, async (client) => {
    const owner = person === undefined ? undefined : (await findPerson(client, person)).id;
    const found: TokenAnswer[] = [];
    let cursor: string | undefined;
    do {
      const path = address('/tokens', { limit: 1000, cursor, person: owner });
      const page = await client.call<TokenList>('GET', path);
      found.push(...page.items);
      cursor = page.next;
    } while (cursor !== undefined);
    return found;
  });
  context.print({ json: { items }, tables: [{ columns, rows: items.map(rowOf) }] });
}

async function make(context: Context, options: CreateOptions): Promise<void> {
  const { name, person, days, ...grant } = options;
  const expiresAt = new Date(context.io.clock.now().getTime() + wholeNumber('--days', days) * day);
  const made = await withClient(context, async (client) => {
    const owner = await findPerson(client, person);
    const body = { name, grant: grantOf(grant), expiresAt: expiresAt.toISOString(), person: owner.id };
    return await client.call<MadeTokenAnswer>('POST', address('/tokens'), body);
  });
  const { token, secret } = made;
  context.print({
    json: made,
    tables: [
      {
        columns: [
          { name: 'secret', header: 'token', kind: 'text' },
          { name: 'owner', kind: 'text' },
          { name: 'may', kind: 'text' },
          { name: 'expiresAt', header: 'until', kind: 'text' },
        ],
        rows: [{ ...rowOf(token), secret }],
      },
    ],
  });
  context.say('the token is shown this once: put it where its program reads it');
}

async function revoke(context: Context, token: string): Promise<void> {
  const id = token.replace(/^fin_/, '').slice(0, 17);
  const ended = await withClient(context, (client) =>
    client.call<TokenAnswer>('DELETE', address(`/tokens/${encodeURIComponent(id)}`)),
  );
  context.print({ json: ended, tables: [{ columns, rows: [rowOf(ended)] }] });
}
