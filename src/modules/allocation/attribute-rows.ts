import { afterCursor, pageOf } from '../../platform/records/index.ts';
import type { Row, Session } from '../../platform/warehouse/index.ts';
import type { AttributedTotal } from './attribute.ts';
import { type BillRequest, selectBill } from './attribute-bill.ts';
import { collectRows, dropRows, pageOfRows, totalsOfRows } from './attribution-rows-sql.ts';
import { errors } from './errors.ts';

export interface AttributedRowsRequest extends BillRequest {
  readonly session: Session;
  /** A node's id; `unattributed` for rows that no rule took. */
  readonly node: string;
  /** Only rows that this rule took. */
  readonly rule?: string | undefined;
  /** `2026-10-05`: the rows that cost something on that day, each with its share of the day. */
  readonly day?: string | undefined;
  readonly limit: number;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

/** A row of the bill with what it adds to its node. */
export interface AttributedRow {
  /** `x_RowId`: what `finops explain row` takes. */
  readonly rowId: string;
  readonly source: string;
  readonly serviceName: string | null;
  readonly resourceId: string | null;
  readonly chargePeriodStart: string | null;
  readonly chargePeriodEnd: string | null;
  readonly currency: string;
  readonly dimension: string;
  /** In the run's metric; of a day, the row's share of it. Credits are negative. */
  readonly amount: string;
  /** The rule that took it; null when none did. */
  readonly rule: string | null;
}

export interface AttributedRows {
  /** Largest amounts first, whatever their sign; rows of amount 0 are left out. */
  readonly rows: readonly AttributedRow[];
  /** Over all pages: the node's direct cost in each currency, of the rule and day asked for. */
  readonly totals: readonly AttributedTotal[];
  readonly next?: string;
}

const cursorShape = /^-?\d+(\.\d+)? /;

/**
 * The rows of a month's bill that reach a node: its direct cost, row by row. Σ amount of all pages is what the cells of that
 * node (and rule, and day) sum to. Refusals: as `attributeMonth`; `allocation.unknownRule`; `records.unfitCursor`.
 *
 * A row of 5 · 10⁻¹² from the 5th to the 8th, asked for the 5th: 2 · 10⁻¹².
 */
export async function attributedRows(request: AttributedRowsRequest): Promise<AttributedRows> {
  const { session, scope, document, node, rule, day, limit, cursor, period } = request;
  const after = keyOf(afterCursor(cursor, cursorShape));
  const index = rule === undefined ? undefined : document.rules.findIndex(({ id }) => id === rule);
  if (rule !== undefined && index === -1) throw errors.unknownRule({ rule, graph: request.graph });
  const bill = await selectBill(request);
  // Rules after the one asked for cannot take its rows.
  const rules = index === undefined ? document.rules : document.rules.slice(0, index + 1);
  const attributing = { rules, method: document.method, period };
  await collectRows(session, { bill, scope, attributing, node, rule: index, day });
  const names = document.rules.map(({ id }) => id);
  const found = await pageOfRows(session, limit + 1, after);
  const { items, next } = pageOf(
    found.map((row) => rowOf(row, names)),
    limit,
    ({ amount, rowId }) => `${amount} ${rowId}`,
  );
  const totals = (await totalsOfRows(session)).map(totalOf);
  await dropRows(session);
  return { rows: items, totals, ...(next === undefined ? {} : { next }) };
}

function keyOf(key: string | undefined): { readonly amount: string; readonly id: string } | undefined {
  if (key === undefined) return undefined;
  const at = key.indexOf(' ');
  return { amount: key.slice(0, at), id: key.slice(at + 1) };
}

function rowOf(row: Row, rules: readonly string[]): AttributedRow {
  const text = (name: string) => (row[name] === null || row[name] === undefined ? null : String(row[name]));
  return {
    rowId: String(row['id']),
    source: String(row['source']),
    serviceName: text('service'),
    resourceId: text('resource'),
    chargePeriodStart: text('starts'),
    chargePeriodEnd: text('ends'),
    currency: String(row['currency']),
    dimension: String(row['dimension']),
    amount: String(row['cost']),
    rule: rules[Number(row['rule'])] ?? null,
  };
}

function totalOf(row: Row): AttributedTotal {
  return {
    currency: String(row['currency']),
    rows: Number(row['rows']),
    cost: String(row['cost']),
    charges: String(row['charges']),
    credits: String(row['credits']),
  };
}
