import { rearm } from '../../platform/documents/index.ts';
import { nearestNames } from '../../platform/kernel/index.ts';
import { consumptionErrors } from './consumption-errors.ts';

/** Columns of a delivery, as files and lists name them. */
export const consumptionColumns = [
  'month',
  'application',
  'product',
  'quantity',
  'unit',
  'environment',
  'region',
  'resource',
  'kind',
  'explanation',
] as const;
export type ConsumptionColumn = (typeof consumptionColumns)[number];

/** Where each column stands in a row; −1: nowhere. */
export type ColumnPlaces = Readonly<Record<ConsumptionColumn, number>>;

const aliases: Readonly<Record<string, ConsumptionColumn>> = {
  period: 'month',
  application_id: 'application',
  app: 'application',
  product_id: 'product',
  env: 'environment',
};

/**
 * Reads the first line of a file. Names of columns know no case; `app,product_id,quantity` will do where the months are said
 * otherwise. Refuses with `consumption.unfitHeader` what is missing, unknown or there twice.
 */
export function readHeader(
  file: string,
  header: readonly string[],
  months: readonly string[] | undefined,
): ColumnPlaces {
  const at = Object.fromEntries(consumptionColumns.map((column) => [column, -1])) as Record<
    ConsumptionColumn,
    number
  >;
  for (const [place, cell] of header.entries()) {
    const name = rearm(cell).trim();
    const column = columnNamed(name);
    if (column === undefined) {
      const [nearest] = nearestNames(name, [...consumptionColumns], 1);
      const advice = nearest ? `; did you mean ${nearest}?` : '';
      throw consumptionErrors.unfitHeader({
        file,
        problem: `'${name.slice(0, 80)}' is no column of it${advice}`,
      });
    }
    if (at[column] >= 0)
      throw consumptionErrors.unfitHeader({ file, problem: `the column ${column} stands twice` });
    at[column] = place;
  }
  const needed: readonly ConsumptionColumn[] = ['application', 'product', 'quantity'];
  const missing = [...needed, ...(months?.length === 1 ? [] : (['month'] as const))].filter(
    (column) => at[column] < 0,
  );
  if (missing.length > 0)
    throw consumptionErrors.unfitHeader({ file, problem: `there is no column ${missing.join(', ')}` });
  return at;
}

function columnNamed(name: string): ConsumptionColumn | undefined {
  const lower = name.toLowerCase();
  return consumptionColumns.find((column) => column === lower) ?? aliases[lower];
}

/** What a cell says, without blanks at its ends; empty where the column is nowhere. Most cells are plain, and cost nothing. */
export function cellText(cells: readonly string[], place: number): string {
  if (place < 0) return '';
  const cell = cells[place] as string;
  if (cell === '') return cell;
  return cell.charCodeAt(0) > 0x2f && cell.charCodeAt(cell.length - 1) > 0x20 ? cell : rearm(cell).trim();
}
