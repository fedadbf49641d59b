import type { Command } from 'commander';
import type { ShownObject } from '../../../modules/organization/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples, groups } from '../help.ts';
import { allPages, versionOf } from './organization-client.ts';
import { fieldOptions, type Noun, nouns } from './organization-nouns.ts';
import { printHistory, printObject, printObjects } from './organization-output.ts';

type Options = Readonly<Record<string, string | readonly string[] | undefined>>;

/** `finops applications …` and its like: list, show, create, update, retire, restore, history. */
export function register(program: Command, context: Context): void {
  for (const noun of nouns) registerNoun(program, context, noun);
}

function registerNoun(program: Command, context: Context, noun: Noun): void {
  const command = program.command(noun.path).description(noun.description).helpGroup(groups.organization);
  registerReads(command, context, noun);
  registerChanges(command, context, noun);
  const [name = ''] = noun.fields.slice(1, 2);
  addExamples(command, {
    [`finops ${noun.path} list --as-of 2026-03`]: 'as they were at the end of March',
    [`finops ${noun.path} update x --label "New name"`]: 'renamed from the first of this month on',
    ...(name === '' ? {} : { [`finops ${noun.path} history x`]: 'who changed it, when and how' }),
  });
}

function registerReads(command: Command, context: Context, noun: Noun): void {
  const list = command
    .command('list')
    .description(`every ${noun.one}, by id`)
    .option('--active <true|false>', 'only those in use, or only retired ones')
    .option('--as-of <month>', 'as they were: YYYY-MM (its last day) or YYYY-MM-DD');
  withFields(list, noun.filters).action((options: Options) => listAll(context, noun, options));
  command
    .command('show <id>')
    .description(`one ${noun.one} with its history by date`)
    .option('--as-of <month>', 'as it was: YYYY-MM (its last day) or YYYY-MM-DD')
    .action((id: string, { asOf }: { readonly asOf?: string }) => show(context, noun, id, asOf));
  command
    .command('history <id>')
    .description('who changed it, when and how; the newest change first')
    .action((id: string) => history(context, noun, id));
}

function registerChanges(command: Command, context: Context, noun: Noun): void {
  const create = command.command('create <id>').description(`make a ${noun.one}; its id is for ever`);
  withFields(create, noun.fields)
    .option('--valid-from <day>', 'from when its owner holds (default: the first of this month)')
    .action((id: string, options: Options) => make(context, noun, id, options));
  const update = command
    .command('update <id>')
    .description('change the fields given; an empty text empties a field');
  withFields(update, noun.fields)
    .option('--valid-from <day>', 'from when the change holds (default: the first of this month)')
    .option('--if-match <version>', 'only if it is still at this version (default: the one read now)')
    .action((id: string, options: Options) => change(context, noun, id, options));
  for (const [verb, description] of [
    ['retire', 'take it out of use; its past stays'],
    ['restore', 'put it back into use'],
  ] as const)
    command
      .command(`${verb} <id>`)
      .description(description)
      .option('--if-match <version>', 'only if it is still at this version (default: the one read now)')
      .action((id: string, options: Options) => setActive(context, noun, id, verb, options));
}

function withFields(command: Command, fields: Noun['fields']): Command {
  for (const name of fields) {
    const [flags, meaning] = fieldOptions[name];
    if (name === 'attributes') command.option(flags, meaning, collectAttribute);
    else command.option(flags, meaning);
  }
  return command;
}

function collectAttribute(text: string, before: readonly string[] = []): readonly string[] {
  if (!text.includes('=')) throw errors.usage({ problem: `--attribute takes name=text, not '${text}'.` });
  return [...before, text];
}

async function listAll(context: Context, noun: Noun, options: Options): Promise<void> {
  const filters = Object.fromEntries(noun.filters.map((name) => [name, options[name] as string | undefined]));
  const asked = {
    ...filters,
    active: options['active'] as string | undefined,
    asOf: options['asOf'] as string | undefined,
  };
  const found = await withClient(context, (client) => allPages<ShownObject>(client, `/${noun.path}`, asked));
  printObjects(context, noun, found);
}

function placeOf(noun: Noun, id: string): string {
  return `/${noun.path}/${encodeURIComponent(id)}`;
}

async function show(context: Context, noun: Noun, id: string, asOf: string | undefined): Promise<void> {
  const path = address(placeOf(noun, id), { asOf });
  printObject(context, noun, await withClient(context, (client) => client.call<ShownObject>('GET', path)));
}

async function history(context: Context, noun: Noun, id: string): Promise<void> {
  await printHistory(context, `${placeOf(noun, id)}/history`);
}

async function make(context: Context, noun: Noun, id: string, options: Options): Promise<void> {
  const body = { id, ...bodyOf(noun, options) };
  const made = await withClient(context, (client) =>
    client.call<ShownObject>('POST', address(`/${noun.path}`), body),
  );
  printObjects(context, noun, [made]);
}

async function change(context: Context, noun: Noun, id: string, options: Options): Promise<void> {
  const body = bodyOf(noun, options);
  if (Object.keys(body).length === 0) throw errors.usage({ problem: `Say what to change of '${id}'.` });
  const changed = await withClient(context, async (client) => {
    const ifMatch = await versionOf(client, placeOf(noun, id), options['ifMatch'] as string | undefined);
    return client.call<ShownObject>('PATCH', address(placeOf(noun, id)), body, ifMatch);
  });
  printObjects(context, noun, [changed]);
}

async function setActive(
  context: Context,
  noun: Noun,
  id: string,
  verb: 'retire' | 'restore',
  options: Options,
): Promise<void> {
  const at = placeOf(noun, id);
  const changed = await withClient(context, async (client) => {
    const ifMatch = await versionOf(client, at, options['ifMatch'] as string | undefined);
    return verb === 'retire'
      ? client.call<ShownObject>('DELETE', address(at), undefined, ifMatch)
      : client.call<ShownObject>('POST', address(`${at}/restore`), {}, ifMatch);
  });
  printObjects(context, noun, [changed]);
}

function bodyOf(noun: Noun, options: Options): Readonly<Record<string, unknown>> {
  const given = noun.fields.flatMap((name) => {
    const value = options[name === 'attributes' ? 'attribute' : name];
    return value === undefined ? [] : [[name, fieldValue(name, value)] as const];
  });
  const validFrom = options['validFrom'];
  return { ...Object.fromEntries(given), ...(validFrom === undefined ? {} : { validFrom }) };
}

function fieldValue(name: string, value: string | readonly string[]): unknown {
  if (name === 'environments')
    return String(value)
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
  if (name !== 'attributes') return value === '' ? null : value;
  return Object.fromEntries(
    [value]
      .flat()
      .map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1) || null]),
  );
}
