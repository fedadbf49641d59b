import type { Issue, Refusal } from '../../platform/kernel/index.ts';
import type { ConsumptionChange, ConsumptionImportResult } from './consumption-contract.ts';
import { consumptionErrors } from './consumption-errors.ts';
import type { StoredPart } from './consumption-facts-sql.ts';
import type { FactPart } from './consumption-parts.ts';
import type { DeliveryPlan } from './consumption-replace.ts';
import type { ReadRows } from './consumption-rows.ts';

/** Changes and rejects that an answer shows; all are counted. */
const shownChanges = 1000;
export const shownRejects = 100;

/** What would refuse a delivery. */
export function problemsOf({ closed, otherOrigins }: DeliveryPlan): Refusal[] {
  return [
    ...(closed.length === 0 ? [] : [consumptionErrors.closedMonth({ months: closed })]),
    ...(otherOrigins.length === 0 ? [] : [consumptionErrors.otherOrigin({ origins: otherOrigins })]),
  ];
}

/** Products of months before and after, in the order of month, entity, product. */
export function changesOf({ changed, before }: DeliveryPlan): ConsumptionChange[] {
  const changes = new Map<string, ConsumptionChange>();
  const change = ({ period: month, entity, product, kind }: StoredPart | FactPart): ConsumptionChange => {
    const key = `${month}\n${entity}\n${product}`;
    const found = changes.get(key) ?? { month, entity, product, kind, before: null, after: null };
    changes.set(key, found);
    return found;
  };
  for (const part of before) change(part).before = figuresOf(part);
  for (const part of changed) Object.assign(change(part), { kind: part.kind, after: figuresOf(part) });
  return [...changes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function figuresOf({ facts, quantity, unit }: StoredPart | FactPart) {
  return { facts, quantity, unit };
}

/** A finding as answers tell it. */
export function shownFinding({
  code,
  severity,
  path,
  message,
  rows,
}: Issue): ConsumptionImportResult['findings'][number] {
  return { code, severity, path, message, ...(rows === undefined ? {} : { rows }) };
}

/** What an import answers. */
export function importResult(
  {
    source,
    months,
    dryRun,
  }: { readonly source: string; readonly months: readonly string[]; readonly dryRun: boolean },
  { rows, rejected, findings }: ReadRows,
  { importId, ...plan }: DeliveryPlan & { readonly importId: string | null },
): ConsumptionImportResult {
  const changes = changesOf(plan);
  const rejectedRows = new Set(rejected.map(({ row }) => row)).size;
  return {
    schemaVersion: 1,
    source,
    status: dryRun ? 'dry-run' : importId === null ? 'unchanged' : 'imported',
    import: importId,
    months: [...months],
    rows: { read: rows, taken: rows - rejectedRows, rejected: rejectedRows },
    changes: changes.slice(0, shownChanges),
    changed: changes.length,
    unchanged: plan.unchanged,
    declared: plan.declared.slice(0, shownChanges).map((span) => ({ ...span })),
    problems: dryRun ? problemsOf(plan).map(({ code, message }) => ({ code, message })) : [],
    rejected: rejected.slice(0, shownRejects).map(({ row, field, message }) => ({ row, field, message })),
    findings: findings.map(shownFinding),
  };
}
