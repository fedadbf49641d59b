import type { History, ShownObject } from '../../../modules/organization/index.ts';
import { withClient } from '../client.ts';
import type { Context } from '../context.ts';
import type { TableData } from '../output.ts';
import { allPages } from './organization-client.ts';
import type { Noun } from './organization-nouns.ts';

type Cell = string | number | boolean | null;

/** Prints objects as one table: their fields, then whether they are in use and at which version. */
export function printObjects(context: Context, noun: Noun, objects: readonly ShownObject[]): void {
  context.print({ json: { items: objects }, tables: [objectTable(noun, objects)] });
}

/** Prints one object, what it was called when, and who answered for it when. */
export function printObject(context: Context, noun: Noun, object: ShownObject): void {
  const histories = [
    historyTable('Labels', object['labels']),
    historyTable('Owners', object['assignments']),
  ].filter((table) => table !== undefined);
  context.print({ json: object, tables: [objectTable(noun, [object]), ...histories] });
}

function objectTable(noun: Noun, objects: readonly ShownObject[]): TableData {
  const names = ['id', ...noun.fields, 'active', 'version'];
  return {
    columns: names.map((name) => ({ name, kind: name === 'version' ? 'number' : 'text' })),
    rows: objects.map((object) => rowOf(object, names)),
  };
}

function historyTable(title: string, rows: unknown): TableData | undefined {
  const [first] = (rows ?? []) as readonly Readonly<Record<string, unknown>>[];
  if (!first) return undefined;
  const days = ['validFrom', 'validTo'];
  const names = [...days, ...Object.keys(first).filter((name) => !days.includes(name))];
  return {
    title,
    columns: names.map((name) => ({ name, header: headers[name] ?? name, kind: 'text' })),
    rows: (rows as readonly Readonly<Record<string, unknown>>[]).map((row) => rowOf(row, names)),
  };
}

const headers: Readonly<Record<string, string>> = { validFrom: 'from', validTo: 'until, not on' };

function rowOf(object: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, Cell> {
  return Object.fromEntries(names.map((name) => [name, cellOf(object[name])]));
}

/** `prod non_prod`, `cluster=eu-1 tier=gold`; nothing where there is none. */
function cellOf(value: unknown): Cell {
  if (typeof value !== 'object' || value === null) return (value ?? null) as Cell;
  const words = Array.isArray(value) ? value : Object.entries(value).map(([name, text]) => `${name}=${text}`);
  return words.length === 0 ? null : words.join(' ');
}

/** Prints the changes of an object: when, who, what, and which fields became what. */
export async function printHistory(context: Context, path: string): Promise<void> {
  const items = await withClient(context, (client) => allPages<History['items'][number]>(client, path));
  const rows = items.map(({ at, actor, action, before, after }) => ({
    at,
    who: actor.name,
    action,
    changes: differences(before, after),
  }));
  const columns = ['at', 'who', 'action', 'changes'].map((name) => ({ name, kind: 'text' as const }));
  context.print({ json: { items }, tables: [{ columns, rows }] });
}

/** `label: Shop → The shop; team: web → data`; of an object that was made, what it began with. */
function differences(before: unknown, after: unknown): string {
  const [old, now] = [before, after].map((side) => (side ?? {}) as Readonly<Record<string, unknown>>);
  return [...new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])]
    .filter((name) => !['id', 'version'].includes(name) && text(old?.[name]) !== text(now?.[name]))
    .map((name) => `${name}: ${before === null ? '' : `${text(old?.[name])} → `}${text(now?.[name])}`)
    .join('; ');
}

function text(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value ?? 'none');
  const isDated = Array.isArray(value) && typeof value[0] === 'object';
  return isDated ? value.map(datedText).join(', ') : String(cellOf(value) ?? 'none');
}

/** `team=data costCentre=cc-1 from 2026-06-01`; without a day where it holds since the beginning. */
function datedText({ validFrom, validTo: _, ...row }: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(row).filter(([, value]) => cellOf(value) !== null);
  const said = given.map(([name, value]) => `${name}=${cellOf(value)}`).join(' ') || 'nothing';
  return validFrom === null ? said : `${said} from ${validFrom}`;
}
