import type { CalendarMonthAnswer, PriceCalendarAnswer } from '../../../modules/showback/index.ts';
import { exitCodes } from '../../../platform/kernel/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { calendarTable } from './price-output.ts';

/** `finops price calendar list` */
export async function listCalendar(
  context: Context,
  asked: { readonly entity?: string; readonly month?: string; readonly view?: string },
): Promise<void> {
  const path = address('/price-calendar', { ...asked });
  print(context, await withClient(context, (client) => client.call<PriceCalendarAnswer>('GET', path)));
}

function print(context: Context, { items }: PriceCalendarAnswer): void {
  context.print({ json: { items }, tables: [calendarTable(items)] });
}

export interface SetOptions {
  readonly from: string;
  readonly to?: string;
  readonly entity?: string;
}

/** `finops price calendar set VIEW --from 2026-01` */
export async function setCalendar(
  context: Context,
  view: string,
  { from: validFrom, to: validTo, entity }: SetOptions,
): Promise<void> {
  const body = { view, entity: entity ?? null, validFrom, validTo: validTo ?? null };
  const path = address('/price-calendar');
  print(context, await withClient(context, (client) => client.call<PriceCalendarAnswer>('PUT', path, body)));
}

/** `finops price calendar remove ENTRY` */
export async function removeEntry(context: Context, entry: string): Promise<void> {
  const path = address(`/price-calendar/${encodeURIComponent(entry)}`);
  print(context, await withClient(context, (client) => client.call<PriceCalendarAnswer>('DELETE', path)));
}

/** `finops price calendar month ENTITY MONTH`: ends with 3 where no view holds. */
export async function showMonth(context: Context, entity: string, month: string): Promise<void> {
  const path = address('/price-calendar/month', { entity, month });
  const found = await withClient(context, (client) => client.call<CalendarMonthAnswer>('GET', path));
  const { view } = found;
  context.print({
    json: { ...found },
    tables: [
      {
        columns: [
          ...['entity', 'month', 'view', 'kind'].map((name) => ({ name, kind: 'text' as const })),
          { name: 'version', kind: 'number' },
          { name: 'currency', kind: 'text' },
        ],
        rows: view ? [{ entity, month, ...view, view: view.id }].map(({ id: _, ...row }) => row) : [],
      },
    ],
  });
  if (view) return;
  context.say(`no price view holds for ${entity} in ${month}`);
  context.exitWith(exitCodes.notFound);
}
