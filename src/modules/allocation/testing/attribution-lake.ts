import { everything, type Scope } from '../../../platform/kernel/index.ts';
import type { Row, Session } from '../../../platform/warehouse/index.ts';
import {
  type BillRow,
  focusRow,
  type MonthsBench,
  openMonthsBench,
} from '../../ingestion/testing/months-fixture.ts';
import { type Attribution, attributeMonth } from '../attribute.ts';
import { type GraphDocument, type GraphDocumentInput, graphDocumentSchema } from '../model.ts';

/** A lake of small bills, and attribution over it. */
export interface AttributionLake {
  readonly bench: MonthsBench;
  /** Attributes October (or another month); the cells as rows in their order. */
  readonly attribute: (
    document: GraphDocumentInput,
    options?: AttributeOptions,
  ) => Promise<Attribution & { readonly cells: readonly Row[] }>;
  /** Work on a session of its own. */
  readonly session: <T>(work: (session: Session) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

export interface AttributeOptions {
  readonly period?: string;
  readonly scope?: Scope;
  readonly sources?: readonly string[];
  readonly snapshots?: Attribution['snapshots'];
}

/** Imports bills, one per source, and opens the lake. A row that is not complete is usage of 1.50 USD on 5 October 2026. */
export async function openAttributionLake(
  bills: Readonly<Record<string, readonly BillRow[]>>,
): Promise<AttributionLake> {
  const bench = await openMonthsBench();
  for (const [source, rows] of Object.entries(bills)) await bench.load(`${source}.csv`, rows);
  return {
    bench,
    attribute: (input, options = {}) =>
      bench.engine.session(async (session) => {
        const attribution = await attributeMonth({
          ...requestOf(bench, documentOf(input), options),
          session,
        });
        const cells = await session.rows(`select * from ${attribution.table}`);
        return { ...attribution, cells };
      }),
    session: bench.engine.session,
    close: bench.close,
  };
}

/** A document with its defaults. */
export function documentOf(input: GraphDocumentInput): GraphDocument {
  return graphDocumentSchema.parse(input);
}

/** What every reader of a month's bill is asked with. */
export function requestOf(bench: MonthsBench, document: GraphDocument, options: AttributeOptions = {}) {
  const { period = '2026-10', scope = everything, sources, snapshots } = options;
  return { lake: bench.workspace.lake, scope, graph: 'main', document, period, sources, snapshots };
}

/** A row of a bill: its cost (all four costs), tags, and other cells. */
export function charge(
  cost: string,
  tags: Readonly<Record<string, string>> = {},
  cells: BillRow = {},
): BillRow {
  return focusRow({
    ...{ BilledCost: cost, EffectiveCost: cost, ListCost: cost, ContractedCost: cost },
    ...{ ServiceCategory: 'Compute', Tags: JSON.stringify(tags), ...cells },
  });
}

/** Cells as lines: `05 app:shop by-app charge 1.5`, with the day of the month. */
export function lines(cells: readonly Row[]): string[] {
  return cells.map(
    (cell) =>
      `${String(cell['Day']).slice(8, 10)} ${cell['NodeId']} ${cell['RuleId'] ?? '-'} ${cell['Dimension']} ${cell['Side']} ${cell['Cost']}`,
  );
}
