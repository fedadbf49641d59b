import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { FxRateAnswer, FxRatesChanged } from '../../../modules/showback/index.ts';
import { exitCodes } from '../../../platform/kernel/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { counted, type TableData } from '../output.ts';
import { allPages } from './organization-client.ts';
import { cellErrorTable } from './price-output.ts';

export interface RatesAsked {
  readonly from?: string;
  readonly to?: string;
  readonly base?: string;
  readonly quote?: string;
  readonly type?: string;
}

/** `finops price rates list` */
export async function listRates(context: Context, asked: RatesAsked): Promise<void> {
  const items = await withClient(context, (client) =>
    allPages<FxRateAnswer>(client, '/fx-rates', { ...asked }),
  );
  context.print({ json: { items }, tables: [rateTable(items)] });
}

/** `finops price rates export` */
export async function exportRates(context: Context, asked: RatesAsked): Promise<void> {
  const path = address('/fx-rates/export', { ...asked });
  context.io.stdout.write(await withClient(context, (client) => client.text(path)));
}

export interface SetRateOptions {
  readonly type: string;
  readonly source: string;
  readonly asOf: string;
}

/** `finops price rates set 2026-10 USD EUR 0.9215 --source ECB --as-of 2026-10-31` */
export async function setRate(
  context: Context,
  [period, base, quote, rate]: readonly [period: string, base: string, quote: string, rate: string],
  options: SetRateOptions,
): Promise<void> {
  const body = { period, base, quote, rate, ...options };
  const done = await withClient(context, (client) =>
    client.call<FxRatesChanged>('PUT', address('/fx-rates'), body),
  );
  printChanged(context, done);
}

/** `finops price rates import FILE` */
export async function importRates(
  context: Context,
  file: string,
  options: { readonly type?: string; readonly source?: string; readonly dryRun?: boolean },
): Promise<void> {
  const csv = await readFile(resolve(context.io.cwd, file), 'utf8');
  const done = await withClient(context, (client) =>
    client.call<FxRatesChanged>('POST', address('/fx-rates/import'), { csv, ...options }),
  );
  printChanged(context, done);
}

/** `finops price rates remove 2026-10 USD EUR` */
export async function removeRate(
  context: Context,
  [period, base, quote]: readonly [period: string, base: string, quote: string],
  { type }: { readonly type: string },
): Promise<void> {
  const at = [period, base, quote, type].map(encodeURIComponent).join('/');
  const gone = await withClient(context, (client) =>
    client.call<FxRateAnswer>('DELETE', address(`/fx-rates/${at}`)),
  );
  context.print({ json: gone, tables: [rateTable([gone])] });
}

const columns = [
  ...['period', 'base', 'quote', 'type'].map((name) => ({ name, kind: 'text' as const })),
  { name: 'rate', kind: 'number' as const },
  { name: 'source', kind: 'text' as const },
  { name: 'asOf', header: 'as of', kind: 'text' as const },
];

function rateTable(rates: readonly FxRateAnswer[]): TableData {
  return { columns, rows: rates };
}

function printChanged(context: Context, done: FxRatesChanged): void {
  const { added, changed, unchanged, errors, rows, dryRun } = done;
  if (errors.length > 0) {
    context.print({ json: done, tables: [cellErrorTable(errors)] });
    context.say(`${counted(errors.length, 'cell')} of ${counted(rows, 'row')} do not fit`);
    context.exitWith(exitCodes.badData);
    return;
  }
  const table = {
    columns: [
      { name: 'change', kind: 'text' as const },
      ...columns,
      { name: 'before', kind: 'number' as const },
    ],
    rows: [
      ...added.map((rate) => ({ change: 'added', ...rate, before: null })),
      ...changed.map(({ before, after }) => ({ change: 'changed', ...after, before: before.rate })),
    ],
  };
  context.print({ json: done, tables: [table] });
  context.say(
    `${dryRun ? 'would be: ' : ''}${added.length} added, ${changed.length} changed, ${unchanged} unchanged`,
  );
}
