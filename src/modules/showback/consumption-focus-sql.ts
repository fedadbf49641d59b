import type { Scope } from '../../platform/kernel/index.ts';
import {
  type Engine,
  filterSql,
  identifier,
  parseFilter,
  type Selection,
} from '../../platform/warehouse/index.ts';
import { baseSql, billContext, templateSql } from '../allocation/index.ts';
import type { FocusDefinition } from './origin-definition.ts';

/** Quantities of a bill under one application, environment, region and unit. Null: the bill does not say. */
export interface BillQuantity {
  readonly application: string | null;
  readonly environment: string | null;
  readonly region: string | null;
  readonly unit: string | null;
  /** Decimal text. */
  readonly quantity: string;
  readonly rows: number;
}

/** Adds up the quantities of the rows that a rule takes. A row without a quantity counts for nothing. */
export async function readBillQuantities(
  engine: Engine,
  { selection, scope }: { readonly selection: Selection; readonly scope: Scope },
  definition: FocusDefinition,
): Promise<BillQuantity[]> {
  const context = billContext(selection, scope);
  const named = (template: string | undefined) => {
    if (template === undefined) return 'null::varchar';
    const { sql, filled } = templateSql(context, template);
    return filled.length === 0 ? sql : `case when ${filled.join(' and ')} then ${sql} end`;
  };
  const { quantity } = definition;
  const [amount, unit] =
    quantity === 'rows'
      ? ['1', 'null::varchar']
      : [identifier(quantity), identifier(quantity.replace(/Quantity$/, 'Unit'))];
  const columns = `${named(definition.application)} as application, ${named(definition.environment)} as environment,
    ${named(definition.region)} as region, ${unit} as unit, cast(${amount} as decimal(38,12)) as quantity`;
  const where = definition.where === undefined ? 'true' : filterSql(context, parseFilter(definition.where));
  const rows = await engine.rows(
    `with ${baseSql(context)},
taken as (
  select ${columns}
  from base
  where ${where}
)
select application, environment, region, unit, sum(quantity) as quantity, count(*) as rows
from taken
where quantity is not null
group by all
order by all`,
    context.values,
  );
  const textOf = (value: unknown) => (value === null || value === undefined ? null : String(value));
  return rows.map((row) => ({
    application: textOf(row['application']),
    environment: textOf(row['environment']),
    region: textOf(row['region']),
    unit: textOf(row['unit']),
    quantity: String(row['quantity']),
    rows: Number(row['rows']),
  }));
}
