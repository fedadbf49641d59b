import { disarm, writeCsv } from '../../platform/documents/index.ts';
import { type Caller, mutable } from '../../platform/kernel/index.ts';
import { afterCursor, pageOf, type Records } from '../../platform/records/index.ts';
import type { ConsumptionFact, ConsumptionImport, ConsumptionReject } from './consumption-contract.ts';
import { consumptionErrors } from './consumption-errors.ts';
import { readImports, readRejects, type StoredImport } from './consumption-import-sql.ts';
import {
  type AskedFacts,
  keyOfFact,
  readFactMonths,
  readFacts,
  type StoredFact,
} from './consumption-read-sql.ts';

interface Page {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A page of a list. */
export interface Paged<T> {
  readonly items: T[];
  readonly next?: string;
}

/** Facts that the caller sees, a month after the other: none of millions are sorted at once. `month` is `from` and `to` at once. */
export async function listFacts(
  records: Records,
  caller: Caller,
  { limit, cursor, month, from = month, to = month, ...asked }: AskedFacts & Page & AskedSpan,
): Promise<Paged<ConsumptionFact>> {
  const after = keyIn(cursor, 7);
  const found = await records.read(caller, async (tx) => {
    const rows: StoredFact[] = [];
    const first = after?.[0];
    const span = { from: first !== undefined && first > (from ?? '') ? first : from, to };
    for (const one of await readFactMonths(tx, asked, span)) {
      const stretch = {
        month: one,
        after: one === first ? after : undefined,
        limit: limit + 1 - rows.length,
      };
      rows.push(...(await readFacts(tx, asked, stretch)));
      if (rows.length > limit) break;
    }
    return rows;
  });
  return pageOf(found.map(shownFact), limit, keyOfFact);
}

interface AskedSpan {
  readonly month?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Facts of an application in one product and month, each with a sentence that says where it comes from. */
export async function explainFacts(
  records: Records,
  caller: Caller,
  {
    month,
    ...key
  }: Pick<AskedFacts, 'environment' | 'region' | 'resource'> & {
    readonly month: string;
    readonly application: string;
    readonly product: string;
  },
): Promise<{ facts: (ConsumptionFact & { sentence: string })[] }> {
  const facts = await records.read(caller, (tx) => readFacts(tx, key, { month, limit: mostExplained }));
  const { application, product } = key;
  if (facts.length === 0) throw consumptionErrors.unknownFact({ month, product, application });
  return { facts: facts.map((fact) => ({ ...shownFact(fact), sentence: sentenceOf(fact) })) };
}

const mostExplained = 1000;

/** `1.5 GB-month of storage by checkout (prod) in 2026-10: row 17 of cmdb.csv, imported from 'cmdb' on 2026-11-02 by ann@…`. */
function sentenceOf(fact: StoredFact): string {
  const { quantity, unit, kind, product, application, environment, region, resource, month } = fact;
  const place = [
    environment,
    ...(region === 'n_a' ? [] : [region]),
    ...(resource === '' ? [] : [resource]),
  ].join(', ');
  const what = kind === 'INDIRECT' ? `weight ${quantity} on ${product}` : `${quantity} ${unit} of ${product}`;
  const row = fact.row === null ? '' : `row ${fact.row} of `;
  const from = fact.origin === null ? `import ${fact.import}` : `${row}${fact.origin}`;
  const verb =
    fact.originKind === 'import' ? `imported from '${fact.source}'` : `derived (${fact.originKind})`;
  const when = fact.importedAt === null ? '' : ` on ${fact.importedAt.slice(0, 10)} by ${fact.importedBy}`;
  const why = fact.explanation === null ? '' : `. ${fact.explanation}`;
  return `${what} by ${application} (${place}) in ${month}: ${from}, ${verb}${when}${why}.`;
}

function shownFact({ origin: _, importedAt: __, importedBy: ___, ...fact }: StoredFact): ConsumptionFact {
  return fact;
}

/** Imports that concern the caller, newest first. */
export async function listImports(
  records: Records,
  caller: Caller,
  asked: Page & {
    readonly source?: string | undefined;
    readonly month?: string | undefined;
    readonly state?: StoredImport['state'] | undefined;
  },
): Promise<Paged<ConsumptionImport>> {
  const { limit, cursor, source, month, state } = asked;
  const before = afterCursor(cursor, /^\d{1,18}$/);
  const found = await records.read(caller, (tx) =>
    readImports(tx, { source, month, state, before, limit: limit + 1 }),
  );
  return pageOf(
    found.map((one) => shownImport(caller, one)),
    limit,
    ({ id }) => id,
  );
}

/** One import; one that does not concern the caller is unknown: `consumption.unknownImport`. */
export async function showImport(records: Records, caller: Caller, id: string): Promise<ConsumptionImport> {
  const [found] = await records.read(caller, (tx) => readImports(tx, { id, limit: 1 }));
  if (!found) throw consumptionErrors.unknownImport({ id });
  return shownImport(caller, found);
}

/** Whose facts it is about is told as far as they are the caller's. */
function shownImport({ scope }: Caller, { entities, ...one }: StoredImport): ConsumptionImport {
  const seen = scope.kind === 'all' ? entities : entities.filter((entity) => scope.entities.includes(entity));
  return mutable({ ...one, entities: seen });
}

/** Rows that an import did not take, by row. */
export async function listRejects(
  records: Records,
  caller: Caller,
  { id, limit, cursor }: Page & { readonly id: string },
): Promise<Paged<ConsumptionReject>> {
  await showImport(records, caller, id);
  const [row, field] = keyIn(cursor, 2) ?? [];
  const after = row === undefined || field === undefined ? undefined : { row: Number(row), field };
  const found = await records.read(caller, (tx) => readRejects(tx, id, { after, limit: limit + 1 }));
  return pageOf(mutable(found), limit, (one) => JSON.stringify([String(one.row), one.field]));
}

/** All rows that an import did not take, as CSV. */
export async function rejectsCsv(records: Records, caller: Caller, id: string): Promise<string> {
  const parts = [writeCsv([['row', 'field', 'message', 'line']])];
  let cursor: string | undefined;
  do {
    const { items, next } = await listRejects(records, caller, { id, limit: 10_000, cursor });
    parts.push(
      writeCsv(
        items.map(({ row, field, message, line }) => [String(row), field, disarm(message), disarm(line)]),
      ),
    );
    cursor = next;
  } while (cursor !== undefined);
  return parts.join('');
}

/** The parts of a cursor's key. */
export function keyIn(cursor: string | undefined, parts: number): readonly string[] | undefined {
  const text = afterCursor(
    cursor,
    new RegExp(`^\\["(?:[^"\\\\]|\\\\.)*"(?:,"(?:[^"\\\\]|\\\\.)*"){${parts - 1}}\\]$`),
  );
  return text === undefined ? undefined : (JSON.parse(text) as readonly string[]);
}
