import type { Command } from 'commander';
import type { Grant, LinkAnswer, PeopleList, PersonAnswer } from '../../../platform/access/index.ts';
import { address, type Client, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples, groups } from '../help.ts';
import type { TableData } from '../output.ts';
import { collect } from './cost.ts';

/** What a role extends to, as options say it: none of them is everything. */
export interface GrantOptions {
  readonly role: string;
  readonly entities?: readonly string[];
  readonly companies?: readonly string[];
  readonly applications?: readonly string[];
}

/** `finops people …`: who there is, what they may do, and how they come in. */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('people')
    .description('who may sign in, and their roles')
    .helpGroup(groups.workspace);
  noun
    .command('list')
    .description('everybody, by e-mail')
    .action(() => list(context));
  noun
    .command('show <person>')
    .description('one person, by e-mail or id')
    .action((person: string) => withPerson(context, person, async (_, found) => print(context, [found])));
  const create = noun
    .command('create <email>')
    .description('add a person; an invitation lets them in')
    .requiredOption('--name <name>', 'how people call them')
    .option('--role <role>', 'first role: super_admin, finance.admin, accountant, entity.viewer …');
  withScope(create).action((email: string, options: Partial<GrantOptions> & { readonly name: string }) =>
    add(context, email, options),
  );
  noun
    .command('update <person>')
    .description('change e-mail or name')
    .option('--email <email>', 'the new e-mail')
    .option('--name <name>', 'the new name')
    .action((person: string, options: Readonly<Record<string, string>>) => change(context, person, options));
  registerRoles(noun, context);
  registerDoors(noun, context);
  addExamples(noun, {
    'finops people create ann@example.com --name Ann --role super_admin': 'the first administrator',
    'finops people grant bob@example.com --role entity.viewer --entities retail,labs':
      'in place of what he had of it',
    'finops people invite bob@example.com': 'a link with which he sets a password',
  });
}

function registerRoles(noun: Command, context: Context): void {
  const grant = noun
    .command('grant <person>')
    .description('give a role, in place of what the person had of it')
    .requiredOption('--role <role>', 'super_admin, finance.admin, accountant, entity.viewer …');
  withScope(grant).action((person: string, options: GrantOptions) =>
    setRoles(context, person, (grants) => [...without(grants, options.role), grantOf(options)]),
  );
  noun
    .command('revoke <person>')
    .description('take a role away')
    .requiredOption('--role <role>', 'the role')
    .action((person: string, { role }: GrantOptions) =>
      setRoles(context, person, (grants) => without(grants, role)),
    );
}

function registerDoors(noun: Command, context: Context): void {
  noun
    .command('invite <person>')
    .alias('reset-password')
    .description('a link, good once and for three days, with which the person sets a password')
    .action((person: string) => invite(context, person));
  noun
    .command('deactivate <person>')
    .description('let a person in no more; sessions and tokens end at once')
    .action((person: string) => change(context, person, { active: false }));
  noun
    .command('activate <person>')
    .description('let a person in again')
    .action((person: string) => change(context, person, { active: true }));
}

/** Adds the options that say what a role extends to. */
export function withScope(command: Command): Command {
  return command
    .option('--entities <ids>', 'only these entities; commas between', collect)
    .option('--companies <ids>', 'only these companies; commas between', collect)
    .option('--applications <ids>', 'only these applications; commas between', collect);
}

/** The grant that the options say. */
export function grantOf({ role, ...scopes }: GrantOptions): Grant {
  const kinds = ['entities', 'companies', 'applications'] as const;
  const given = kinds.filter((kind) => scopes[kind] !== undefined);
  if (given.length > 1)
    throw errors.usage({ problem: `A role extends to one kind of things, not to ${given.join(' and ')}.` });
  const [scopeKind = 'all'] = given;
  const scopeIds = scopeKind === 'all' ? [] : (scopes[scopeKind] ?? []);
  // The contract knows the roles.
  return { role: role as Grant['role'], scopeKind, scopeIds };
}

/** `entity.viewer (retail, labs)` */
export function grantText({ role, scopeKind, scopeIds }: Grant): string {
  return scopeKind === 'all' ? role : `${role} (${scopeKind}: ${scopeIds.join(', ')})`;
}

function without(grants: readonly Grant[], role: string): readonly Grant[] {
  return grants.filter((grant) => grant.role !== role);
}

async function list(context: Context): Promise<void> {
  const people = await withClient(context, async (client) => {
    const found: PersonAnswer[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.call<PeopleList>('GET', address('/people', { limit: 1000, cursor }));
      found.push(...page.items);
      cursor = page.next;
    } while (cursor !== undefined);
    return found;
  });
  print(context, people);
}

/** Finds a person by e-mail or id. */
export async function findPerson(client: Client, person: string): Promise<PersonAnswer> {
  if (!person.includes('@'))
    return await client.call<PersonAnswer>('GET', address(`/people/${encodeURIComponent(person)}`));
  const { items } = await client.call<PeopleList>('GET', address('/people', { email: person }));
  const [found] = items;
  if (!found) throw errors.unknownPerson({ person });
  return found;
}

async function withPerson<T>(
  context: Context,
  person: string,
  work: (client: Client, found: PersonAnswer) => Promise<T>,
): Promise<T> {
  return await withClient(context, async (client) => work(client, await findPerson(client, person)));
}

async function add(
  context: Context,
  email: string,
  { name, role, ...scopes }: Partial<GrantOptions> & { readonly name: string },
): Promise<void> {
  if (role === undefined && Object.keys(scopes).length > 0)
    throw errors.usage({ problem: 'What a role extends to needs the role: --role.' });
  const grants = role === undefined ? [] : [grantOf({ role, ...scopes })];
  const person = await withClient(context, (client) =>
    client.call<PersonAnswer>('POST', address('/people'), { email, name, grants }),
  );
  print(context, [person]);
  context.say(`'finops people invite ${person.email}' makes a link with which they set a password`);
}

async function change(
  context: Context,
  person: string,
  body: Readonly<Record<string, string | boolean>>,
): Promise<void> {
  if (Object.keys(body).length === 0)
    throw errors.usage({ problem: 'Say what shall change: --email or --name.' });
  const changed = await withPerson(context, person, (client, { id, version }) =>
    client.call<PersonAnswer>('PATCH', address(`/people/${id}`), body, `"${version}"`),
  );
  print(context, [changed]);
}

async function setRoles(
  context: Context,
  person: string,
  next: (grants: readonly Grant[]) => readonly Grant[],
): Promise<void> {
  const changed = await withPerson(context, person, (client, { id, version, grants }) =>
    client.call<PersonAnswer>(
      'PUT',
      address(`/people/${id}/grants`),
      { grants: next(grants) },
      `"${version}"`,
    ),
  );
  print(context, [changed]);
}

async function invite(context: Context, person: string): Promise<void> {
  const made = await withPerson(context, person, async (client, { id, email }) => {
    const link = await client.call<LinkAnswer>('POST', address(`/people/${id}/invitations`), {});
    return { email, ...link, url: reachable(context, link.url), isServed: client.server !== undefined };
  });
  const { isServed, ...link } = made;
  context.print({
    json: link,
    tables: [
      {
        columns: [
          { name: 'email', header: 'for', kind: 'text' },
          { name: 'url', header: 'link', kind: 'text' },
          { name: 'expiresAt', header: 'until', kind: 'text' },
        ],
        rows: [link],
      },
    ],
  });
  context.say('whoever has the link sets the password: give it to nobody else');
  if (!isServed) context.say("no server runs now; start one with 'finops serve' to use it");
}

/** Without a server the API does not know where one will be: where the configuration would have it listen. */
function reachable(context: Context, url: string): string {
  const { values } = context.config();
  return url.startsWith('/') ? `http://${values['server.host']}:${values['server.port']}${url}` : url;
}

function print(context: Context, people: readonly PersonAnswer[]): void {
  const table: TableData = {
    columns: [
      { name: 'email', kind: 'text' },
      { name: 'name', kind: 'text' },
      { name: 'roles', kind: 'text' },
      { name: 'signsIn', header: 'signs in with', kind: 'text' },
      { name: 'active', kind: 'text' },
      { name: 'id', kind: 'text' },
    ],
    rows: people.map(({ email, name, grants, hasPassword, provider, active, id }) => ({
      email,
      name,
      roles: grants.map(grantText).join('; ') || null,
      signsIn:
        [hasPassword ? 'password' : '', provider ?? ''].filter((way) => way !== '').join(', ') || 'invited',
      active: active ? 'yes' : 'no',
      id,
    })),
  };
  context.print({ json: { items: people }, tables: [table] });
}
