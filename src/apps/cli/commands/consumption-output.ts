import type {
  ConsumptionFact,
  ConsumptionImport,
  ConsumptionImportResult,
  ConsumptionReject,
  ConsumptionVerification,
  DeriveResult,
  OriginAnswer,
} from '../../../modules/showback/index.ts';
import { formatDecimal, parseDecimal, subtractDecimal } from '../../../platform/kernel/index.ts';
import type { Context } from '../context.ts';
import type { Column, TableData } from '../output.ts';

function texts(...names: readonly string[]): Column[] {
  return names.map((name) => ({ name, kind: 'text' }));
}

function numbers(...names: readonly string[]): Column[] {
  return names.map((name) => ({ name, kind: 'number' }));
}

/** Prints what an import changed: a row for each product of an entity's month, then what does not fit. */
export function printImport(context: Context, result: ConsumptionImportResult): void {
  const tables: [TableData, ...TableData[]] = [changeTable(result.changes, result.status)];
  if (result.rejected.length > 0) tables.push(rejectedTable(result));
  if (result.problems.length > 0) tables.push(problemTable(result.problems));
  context.print({ json: { ...result }, tables });
  if (result.status === 'unchanged') context.say('All of it was there already; nothing was changed.');
  for (const { entity, product, validFrom } of result.declared)
    context.say(`'${product}' of ${entity} comes from '${result.source}' from ${validFrom} on.`);
  for (const { message } of result.findings) context.say(message);
}

function changeTable(changes: ConsumptionImportResult['changes'], status: string): TableData {
  return {
    columns: [
      ...texts('month', 'status', 'entity', 'product', 'kind'),
      ...numbers('facts', 'quantity'),
      ...texts('unit'),
      ...numbers('before', 'change'),
    ],
    rows: changes.map(({ month, entity, product, kind, before, after }) => ({
      ...{ month, status, entity, product, kind, facts: after?.facts ?? 0, quantity: after?.quantity ?? '0' },
      ...{ unit: (after ?? before)?.unit, before: before?.quantity },
      change: before && difference(after?.quantity ?? '0', before.quantity),
    })),
  };
}

function difference(now: string, before: string): string {
  return formatDecimal(subtractDecimal(parseDecimal(now), parseDecimal(before)));
}

function rejectedTable({ rejected, rows }: ConsumptionImportResult): TableData {
  return {
    title: `Rows that do not fit: ${rows.rejected} of ${rows.read}`,
    columns: [...numbers('row'), ...texts('field', 'message')],
    rows: rejected.map((one) => ({ ...one })),
  };
}

function problemTable(problems: ConsumptionImportResult['problems']): TableData {
  return {
    title: 'What would refuse it',
    columns: texts('code', 'message'),
    rows: problems.map((one) => ({ ...one })),
  };
}

/** Prints what rules changed, and what they left out. */
export function printDerivation(context: Context, result: DeriveResult): void {
  const changes = result.items.flatMap((item) => item.changes);
  const status = result.dryRun ? 'dry-run' : 'derived';
  const tables: [TableData, ...TableData[]] = [changeTable(changes, status)];
  const problems = result.items.flatMap((item) => item.problems);
  if (problems.length > 0) tables.push(problemTable(problems));
  const findings = result.items.flatMap((item) => item.findings);
  if (findings.length > 0)
    tables.push({
      title: 'Findings',
      columns: texts('severity', 'code', 'message'),
      rows: findings.map(({ severity, code, message }) => ({ severity, code, message })),
    });
  context.print({ json: { ...result }, tables });
  for (const { status: state, product, source } of result.items)
    if (state === 'unchanged') context.say(`'${product}' by '${source}': all of it was there already.`);
}

/** Facts, a row each. */
export function factTable(items: readonly ConsumptionFact[]): TableData {
  return {
    columns: [
      ...texts('month', 'entity', 'application', 'product', 'environment', 'region', 'resource', 'kind'),
      ...numbers('quantity'),
      ...texts('unit', 'source', 'import'),
      ...numbers('row'),
    ],
    rows: items.map((one) => ({ ...one })),
  };
}

/** Imports, newest first. */
export function importTable(items: readonly ConsumptionImport[]): TableData {
  return {
    columns: [
      ...texts('id', 'state', 'kind', 'source', 'origin', 'months'),
      { name: 'rowsRead', header: 'read', kind: 'number' },
      { name: 'rowsTaken', header: 'taken', kind: 'number' },
      { name: 'rowsRejected', header: 'rejected', kind: 'number' },
      { name: 'importedAt', header: 'imported', kind: 'text' },
      { name: 'importedBy', header: 'by', kind: 'text' },
    ],
    rows: items.map(({ periods, entities: _, ...one }) => ({ ...one, months: monthsText(periods) })),
  };
}

function monthsText(months: readonly string[]): string {
  return months.length > 3 ? `${months[0]} … ${months.at(-1)} (${months.length})` : months.join(', ');
}

/** Rows that an import did not take. */
export function rejectTable(items: readonly ConsumptionReject[]): TableData {
  return {
    columns: [...numbers('row'), ...texts('field', 'message', 'line')],
    rows: items.map(({ row, field, message, line }) => ({ row, field, message, line })),
  };
}

/** Origins of products. */
export function originTable(items: readonly OriginAnswer[]): TableData {
  return {
    columns: [
      ...texts('id', 'entity', 'product', 'kind', 'source'),
      { name: 'validFrom', header: 'from', kind: 'text' },
      { name: 'validTo', header: 'before', kind: 'text' },
      ...texts('definition'),
    ],
    rows: items.map(({ definition, ...one }) => ({
      ...one,
      definition: Object.keys(definition).length === 0 ? '' : JSON.stringify(definition),
    })),
  };
}

/** What the verifier found. */
export function verificationTables({
  months,
  facts,
  ties,
  count,
  differences,
}: ConsumptionVerification): [TableData, ...TableData[]] {
  const summary: TableData = {
    columns: [...numbers('months', 'facts', 'differences'), ...texts('ties')],
    rows: [{ months, facts, differences: count, ties: ties ? 'yes' : 'no' }],
  };
  if (ties) return [summary];
  const found: TableData = {
    title: 'Differences',
    columns: texts('entity', 'month', 'table', 'cell', 'facts', 'kept'),
    rows: differences.map((one) => ({ ...one })),
  };
  return [summary, found];
}
