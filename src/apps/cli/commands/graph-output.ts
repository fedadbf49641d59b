import type {
  DraftAnswer,
  GraphAnswer,
  GraphDiff,
  GraphEdge,
  GraphFinding,
  GraphNode,
  PartDiff,
  VersionAnswer,
  WhatIfAnswer,
} from '../../../modules/allocation/index.ts';
import type { Context } from '../context.ts';
import { counted, type TableData } from '../output.ts';

type Row = TableData['rows'][number];

const text = (...names: readonly string[]) => names.map((name) => ({ name, kind: 'text' as const }));

/** Graphs with what is published and what is a draft. */
export function graphTable(graphs: readonly GraphAnswer[]): TableData {
  return {
    columns: text('graph', 'label', 'entity', 'published', 'draft', 'retired'),
    rows: graphs.map(({ id, label, entity, published, draft, retiredAt }) => ({
      graph: id,
      label,
      entity,
      published: published && versionText(published),
      draft: draft && versionText(draft),
      retired: retiredAt,
    })),
  };
}

function versionText({ number, nodes, edges }: VersionAnswer): string {
  return `${number}: ${counted(nodes, 'node')}, ${counted(edges, 'edge')}`;
}

/** Versions, one a line. */
export function versionTable(versions: readonly VersionAnswer[]): TableData {
  const number = (name: string) => ({ name, kind: 'number' as const });
  return {
    columns: [
      number('version'),
      ...text('state', 'at', 'by', 'note'),
      ...['nodes', 'edges', 'groups', 'rules', 'metrics'].map(number),
      { name: 'basedOn', header: 'based on', kind: 'number' },
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

/** Nodes, one a line. */
export function nodeTable(nodes: readonly GraphNode[], title?: string): TableData {
  return {
    ...(title === undefined ? {} : { title }),
    columns: text('node', 'type', 'name', 'application', 'labels', 'archived'),
    rows: nodes.map(({ id, type, name, application, labels, archived }) => ({
      node: id,
      type,
      name: name ?? null,
      application: application ?? null,
      labels: pairsText(labels),
      archived: archived ? 'yes' : null,
    })),
  };
}

/** Edges, one a line. */
export function edgeTable(edges: readonly GraphEdge[], title?: string): TableData {
  return {
    ...(title === undefined ? {} : { title }),
    columns: [
      ...text('edge', 'from', 'to', 'strategy', 'params', 'group', 'overrides'),
      { name: 'validFrom', header: 'from day', kind: 'text' },
      { name: 'validTo', header: 'until, not on', kind: 'text' },
    ],
    rows: edges.map(({ id, from, to, strategy, params, group, overrides, validFrom, validTo }) => ({
      ...{ edge: id ?? null, from, to, strategy, params: pairsText(params), group: group || null },
      overrides: Object.keys(overrides).join(' ') || null,
      validFrom: validFrom ?? null,
      validTo: validTo ?? null,
    })),
  };
}

/** `metric=requests cap=30`; null where there is nothing. */
function pairsText(pairs: object): string | null {
  const said = Object.entries(pairs).filter(([, value]) => value !== undefined);
  return said.map(([name, value]) => `${name}=${plainText(value)}`).join(' ') || null;
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Findings, the errors first. */
export function findingTable(findings: readonly GraphFinding[]): TableData {
  return {
    title: 'Findings',
    columns: text('severity', 'path', 'message'),
    rows: findings.map(({ severity, path, message }) => ({ severity, path, message })),
  };
}

/** `2 errors, 1 warning`, or that nothing is wrong. */
export function findingsText(findings: readonly GraphFinding[]): string {
  const count = (wanted: string) => findings.filter(({ severity }) => severity === wanted).length;
  const said = (['error', 'warning', 'info'] as const).flatMap((severity) =>
    count(severity) === 0 ? [] : [counted(count(severity), severity === 'info' ? 'note' : severity)],
  );
  return said.length === 0 ? 'nothing to object' : said.join(', ');
}

export function hasErrors(findings: readonly GraphFinding[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}

/** A difference: what was added, removed, changed field by field, moved. */
export function diffTable({ method, nodes, edges, groups, rules, metrics }: GraphDiff): TableData {
  return {
    columns: text('change', 'part', 'id', 'field', 'before', 'after'),
    rows: [
      ...method.map(({ field, before, after }) => changeRow('method', '', { field, before, after })),
      ...partRows('node', nodes, ({ id }) => id),
      ...partRows('group', groups, ({ node, name }) => (name === '' ? node : `${node}/${name}`)),
      ...partRows('edge', edges, (edge) => edge.id ?? `${edge.from} -> ${edge.to}`),
      ...partRows('metric', metrics, ({ id }) => id),
      ...partRows('rule', rules, ({ id }) => id),
      ...rules.moved.map(({ id, before, after }) => ({
        ...changeRow('rule', id, { field: 'position', before, after }),
        change: 'moved',
      })),
    ],
  };
}

function partRows<T>(part: string, diff: PartDiff<T>, idOf: (value: T) => string): Row[] {
  return [
    ...diff.removed.map((value) => ({ change: 'removed', part, id: idOf(value) })),
    ...diff.added.map((value) => ({ change: 'added', part, id: idOf(value) })),
    ...diff.changed.flatMap(({ id, fields }) => fields.map((field) => changeRow(part, id, field))),
  ];
}

function changeRow(
  part: string,
  id: string,
  { field, before, after }: { readonly field: string; readonly before?: unknown; readonly after?: unknown },
): Row {
  const said = (value: unknown) => (value === undefined ? null : plainText(value));
  return { change: 'changed', part, id, field, before: said(before), after: said(after) };
}

/** What a month would have cost: each product before and after, in each currency apart. */
export function movedTable({ month, currencies }: WhatIfAnswer): TableData {
  const money = (name: string) => ({ name, kind: 'money' as const, currencyColumn: 'currency' });
  const pairs = currencies.flatMap(({ currency, total, unallocated, products }) => ({
    products: products.map(({ node, before, after, delta }) => ({ node, before, after, delta, currency })),
    totals: [
      { node: 'unallocated', ...unallocated, currency },
      { node: 'total', ...total, currency },
    ],
  }));
  return {
    title: `What it moves in ${month}`,
    columns: [...text('node'), money('before'), money('after'), money('delta'), ...text('currency')],
    rows: pairs.flatMap(({ products }) => products),
    totals: pairs.flatMap(({ totals }) => totals),
  };
}

/** What a change made of a draft, in a sentence. */
export function draftText({ graph, number, changed, findings, dryRun, state }: DraftAnswer): string {
  const said = `${changed.added} added, ${changed.changed} changed, ${changed.removed} removed; ${findingsText(findings)}`;
  return `${dryRun ? 'would be: ' : ''}${state} ${number} of ${graph}: ${said}`;
}

/** Prints a draft after a change: its findings, and a sentence. */
export function printDraft(context: Context, answer: DraftAnswer): void {
  context.print({ json: answer, tables: [findingTable(answer.findings)] });
  context.say(draftText(answer));
}
