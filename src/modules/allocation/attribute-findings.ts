import type { GraphFinding } from './model.ts';

const sentences = {
  /** A template made no id of these rows; they went on to the rules after it. */
  unfitNodeId: warning(
    (p: { rule: string; specimen: string; rows: number }) =>
      `In ${p.rows} rows the rule '${p.rule}' makes no id of a node or application (such as ${JSON.stringify(p.specimen)}): blanks at the ends, control characters or more than 200 characters. They went on to the next rules.`,
  ),
  reservedNodeMade: warning(
    (p: { rule: string; rows: number }) =>
      `In ${p.rows} rows the rule '${p.rule}' makes a node that every run has by itself. They are unattributed: put a prefix before the column.`,
  ),
  costOnArchivedNode: warning(
    (p: { node: string; rows: number }) =>
      `The rules send ${p.rows} rows to '${p.node}', which is archived: their cost stays there. Name another node.`,
  ),
  nodeTypesDiffer: warning(
    (p: { node: string; type: string; rules: readonly string[] }) =>
      `The rules ${list(p.rules)} make '${p.node}' with different types. It is a ${p.type}, as the first of them says.`,
  ),
  nodeApplicationsDiffer: warning(
    (p: { node: string; rule: string; applications: readonly string[] }) =>
      `The rule '${p.rule}' gives '${p.node}' several applications (${list(p.applications)}). It has none: declare the node, or use a column that has one value per node.`,
  ),
  columnNotDelivered: warning(
    (p: { column: string }) => `No bill of the month has the column '${p.column}': it is empty in every row.`,
  ),
  billMissing: warning(
    (p: { source: string; period: string }) =>
      `The source '${p.source}' has no bill of ${p.period}. Import it, or the run is without it.`,
  ),
  costMissing: error(
    (p: { metric: string; currency: string; rows: number }) =>
      `${p.rows} rows in ${p.currency} have no ${p.metric} and count 0; the amount is what they were billed. Run in BilledCost, or import a bill that has it.`,
  ),
  otherUnits: warning(
    (p: { metric: string; unit: string; others: readonly UnitRows[] }) =>
      `The metric '${p.metric}' counts ${p.unit}. Left out are ${p.others.map(({ unit, rows }) => `${rows} rows in ${unit ?? 'no unit'}`).join(', ')}.`,
  ),
  negativeWeight: warning(
    (p: { metric: string; values: number; least: string }) =>
      `${p.values} values of the metric '${p.metric}' are below 0 (down to ${p.least}) and count 0: a share cannot be negative.`,
  ),
  metricMixesCurrencies: warning(
    (p: { metric: string; currencies: readonly string[] }) =>
      `The metric '${p.metric}' would add ${list(p.currencies)}. It has no values: narrow it to BillingCurrency = '${p.currencies[0]}'.`,
  ),
};

/** Rows of a quantity in another unit than its metric's. */
export interface UnitRows {
  readonly unit: string | null;
  readonly rows: number;
  readonly quantity: string;
}

type Sentences = typeof sentences;
type ParamsOf<K extends keyof Sentences> = Parameters<Sentences[K]['say']>[0];

/** A finding about rows of a bill. Its message is one sentence or two: what was met, and what to do. */
export function rowFinding<K extends keyof Sentences>(
  code: K,
  path: string,
  params: ParamsOf<K>,
  amounts?: Readonly<Record<string, string>>,
): GraphFinding {
  const { severity, say } = sentences[code];
  const message = (say as (p: ParamsOf<K>) => string)(params);
  return { code, severity, path, message, params: { ...params }, ...(amounts ? { amounts } : {}) };
}

function warning<P>(say: (params: P) => string) {
  return { severity: 'warning', say } as const;
}

function error<P>(say: (params: P) => string) {
  return { severity: 'error', say } as const;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => `'${name}'`);
  return `${shown.join(', ')}${names.length > shown.length ? ' …' : ''}`;
}
