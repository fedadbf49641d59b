import type {
  PriceCalendarAnswer,
  PriceDiffAnswer,
  PriceDraftAnswer,
  PriceLineList,
  PriceVersionAnswer,
  PriceViewAnswer,
} from '../../../modules/showback/index.ts';
import type { Context } from '../context.ts';
import { counted, type TableData } from '../output.ts';

type Line = PriceLineList['items'][number];
type Finding = PriceDraftAnswer['findings'][number];
type Diff = PriceDiffAnswer['diff'];

const text = (...names: readonly string[]) => names.map((name) => ({ name, kind: 'text' as const }));
const number = (...names: readonly string[]) => names.map((name) => ({ name, kind: 'number' as const }));
const fromMonth = { name: 'validFrom', header: 'from', kind: 'text' } as const;
const untilMonth = { name: 'validTo', header: 'until, not in', kind: 'text' } as const;

/** Price views with what is published and what is a draft. */
export function viewTable(views: readonly PriceViewAnswer[]): TableData {
  const said = (version: PriceVersionAnswer | null) =>
    version && `${version.number}: ${counted(version.lines, 'line')}`;
  return {
    columns: text(
      'view',
      'label',
      'kind',
      'currency',
      'rates',
      'entity',
      'graph',
      'published',
      'draft',
      'retired',
    ),
    rows: views.map(({ id, rateType, published, draft, retiredAt, ...view }) => ({
      ...{ view: id, label: view.label, kind: view.kind, currency: view.currency },
      ...{ rates: rateType, entity: view.entity, graph: view.graph },
      ...{ published: said(published), draft: said(draft), retired: retiredAt },
    })),
  };
}

/** Versions, one a line. */
export function priceVersionTable(versions: readonly PriceVersionAnswer[]): TableData {
  return {
    columns: [
      ...number('version'),
      ...text('state', 'at', 'by', 'note'),
      ...number('lines'),
      { name: 'basedOn', header: 'based on', kind: 'number' },
      ...number('supersedes'),
      ...text('hash'),
    ],
    rows: versions.map(({ number: version, hash, publishedAt, publishedBy, ...row }) => ({
      ...row,
      version,
      at: publishedAt ?? row.changedAt,
      by: publishedBy ?? row.createdBy,
      hash: hash.slice(0, 12),
    })),
  };
}

/** Lines of a version, one a line, with every decimal. */
export function lineTable(lines: readonly Line[], title?: string): TableData {
  return {
    ...(title === undefined ? {} : { title }),
    columns: [
      ...number('line'),
      ...text('level', 'target', 'entity', 'environment', 'region', 'kind', 'unit'),
      ...number('amount'),
      ...text('tiers', 'currency'),
      fromMonth,
      untilMonth,
      ...text('note'),
    ],
    rows: lines.map(({ number: line, tiers, ...row }) => ({
      ...row,
      line,
      tiers: tiers && tiersText(tiers),
    })),
  };
}

function tiersText({ mode, steps }: NonNullable<Line['tiers']>): string {
  return `${mode} ${steps.map(({ from, price }) => `${from}:${price}`).join(';')}`;
}

/** A line in one cell: `product vcpu prod from 2026-01`. */
function lineText({ level, target, entity, environment, region, validFrom, validTo }: Line): string {
  const until = validTo === null ? '' : ` until ${validTo}`;
  return [level, target, entity, environment, region, `from ${validFrom}${until}`]
    .filter((word) => word !== null && word !== '')
    .join(' ');
}

/** Findings, the errors first. */
export function priceFindingTable(findings: readonly Finding[]): TableData {
  return {
    title: 'Findings',
    columns: [...text('severity'), ...number('line'), ...text('message')],
    rows: findings.map(({ severity, line, message }) => ({ severity, line, message })),
  };
}

/** `2 errors, 1 warning`, or that nothing is wrong. */
export function priceFindingsText(findings: readonly Finding[]): string {
  const said = (['error', 'warning', 'info'] as const).flatMap((wanted) => {
    const count = findings.filter(({ severity }) => severity === wanted).length;
    return count === 0 ? [] : [counted(count, wanted === 'info' ? 'note' : wanted)];
  });
  return said.length === 0 ? 'nothing to object' : said.join(', ');
}

/** A difference of lines: what was added, removed, changed, and what became of the price. */
export function lineDiffTable({ added, removed, changed }: Diff): TableData {
  const whole = (change: string) => (line: Line) => ({ change, line: lineText(line), ...priceOf(line) });
  const priceOf = ({ amount, tiers, currency, unit }: Line) => ({
    after: amount ?? (tiers && tiersText(tiers)),
    currency,
    unit,
  });
  return {
    columns: [
      ...text('change', 'line', 'fields'),
      ...number('before', 'after', 'delta'),
      { name: 'percent', header: '%', kind: 'number' },
      ...text('currency', 'unit'),
    ],
    rows: [
      ...removed.map(whole('removed')).map(({ after, ...row }) => ({ ...row, before: after, after: null })),
      ...added.map(whole('added')),
      ...changed.map(({ before, after, fields, price }) => ({
        ...{ change: 'changed', line: lineText(after), fields: fields.join(' ') },
        ...{ ...priceOf(after), before: priceOf(before).after },
        ...{ delta: price?.delta ?? null, percent: price?.percent ?? null },
      })),
    ],
  };
}

/** Cells of a file that do not fit. */
export function cellErrorTable(
  errors: readonly { readonly row: number; readonly field: string; readonly message: string }[],
): TableData {
  return {
    columns: [...number('row'), ...text('field', 'message')],
    rows: errors.map(({ row, field, message }) => ({ row, field, message })),
  };
}

/** Which view holds when. */
export function calendarTable(items: PriceCalendarAnswer['items']): TableData {
  return {
    columns: [...number('entry'), ...text('entity', 'view', 'kind'), fromMonth, untilMonth],
    rows: items.map(({ id, entity, view, kind, validFrom, validTo }) => ({
      ...{ entry: id, entity: entity ?? '(all)', view, kind, validFrom, validTo },
    })),
  };
}

/** What a change made of a draft, in a sentence. */
export function priceDraftText({
  view,
  number: version,
  changed,
  findings,
  dryRun,
  state,
}: PriceDraftAnswer): string {
  const said = `${changed.added} added, ${changed.changed} changed, ${changed.removed} removed; ${priceFindingsText(findings)}`;
  return `${dryRun ? 'would be: ' : ''}${state} ${version} of ${view}: ${said}`;
}

/** Prints a draft after a change: its findings, and a sentence. */
export function printPriceDraft(context: Context, answer: PriceDraftAnswer): void {
  context.print({ json: answer, tables: [priceFindingTable(answer.findings)] });
  context.say(priceDraftText(answer));
}

/** Prints a price view with its two versions that matter. */
export function printView(context: Context, view: PriceViewAnswer): void {
  const versions = [view.draft, view.published].filter((version) => version !== null);
  context.print({ json: view, tables: [viewTable([view]), priceVersionTable(versions)] });
}
