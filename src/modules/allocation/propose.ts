import { nearestNames, type Scope } from '../../platform/kernel/index.ts';
import type { Lake, Row, Session } from '../../platform/warehouse/index.ts';
import { type Attribution, attributeMonth } from './attribute.ts';
import { selectBill } from './attribute-bill.ts';
import { errors } from './errors.ts';
import { type GraphDocumentInput, graphDocumentSchema } from './model.ts';
import type { KnownApplication } from './propose-apps.ts';
import { type Proposal, type TagUse, tagUses } from './propose-contract.ts';
import { chooseApplicationKeys, chooseKeysFor } from './propose-keys.ts';
import { type BillFacts, type Draft, draftGraph, rulesKept } from './propose-rules.ts';
import {
  applicationValues,
  chargesByCurrency,
  chargesByTags,
  chargesOfAccounts,
  chargesOfRules,
  dropProposal,
  emptySpellings,
  hasTax,
  largestOfRules,
  makeApplications,
  makeCharges,
  type ProposalReading,
  tagKeys,
  valuesWithoutApp,
} from './propose-sql.ts';
import {
  causesOf,
  coverageOf,
  type FoundTag,
  groupBy,
  ruleShares,
  tagsOf,
  textOf,
} from './propose-statistics.ts';

export interface ProposalInputs {
  readonly session: Session;
  readonly lake: Lake;
  readonly scope: Scope;
  /** `2026-10` */
  readonly period: string;
  readonly sources?: readonly string[] | undefined;
  /** Tags that name applications, in their order; chosen by name and coverage when absent. */
  readonly keys?: readonly string[] | undefined;
  /** Applications of the organization, to find the nodes that are one. */
  readonly applications?: readonly KnownApplication[] | undefined;
}

/** As many services and accounts as are shown of a rule, and of what no rule takes. */
const shown = 10;
const asked = 'proposal';

/**
 * Proposes ordered rules and a first graph from a month's bill, with what each rule takes in money. The document is complete: it
 * can be applied as it is. Refusals: as `attributeMonth`.
 *
 * Charges 60 with `app` = shop, 30 of support, 10 of neither: rules `tag app` and `support`, nodes `app:shop` and
 * `shared:support` with an edge between, 60 % on products, 30 % on shared nodes, 10 % unattributed.
 */
export async function proposeGraph(inputs: ProposalInputs): Promise<Proposal> {
  const { session, lake, scope, period, sources, applications } = inputs;
  const empty = graphDocumentSchema.parse({});
  const bill = await selectBill({ lake, scope, graph: asked, document: empty, period, sources });
  const reading: ProposalReading = { bill, scope, attributing: { rules: [], method: empty.method, period } };
  await makeCharges(session, reading);
  const totals = await chargesByCurrency(session);
  const tags = tagsOf(await tagKeys(session), totals);
  const keys = inputs.keys ?? chooseApplicationKeys(tags.map(({ tag }) => tag));
  refuseUnknownTags(keys, tags, period);
  const uses = usesOf(keys, tags);
  const facts = await factsOf(session, reading, { keys, uses, totals, applications });
  const draft = draftGraph(facts);
  const request = { session, lake, scope, graph: asked, period, sources, snapshots: bill.snapshots };
  const first = await attributeMonth({
    ...request,
    document: graphDocumentSchema.parse(draft.document),
    table: asked,
  });
  const document = withoutIdleRules(draft.document, first);
  const parsed = graphDocumentSchema.parse(document);
  const largest = await largestOfRules(
    session,
    { ...reading, attributing: { ...reading.attributing, rules: parsed.rules } },
    shown,
  );
  const coverage = coverageOf(await chargesOfRules(session, asked), totals);
  await dropProposal(session);
  return {
    month: period,
    sources: bill.snapshots.map(({ source }) => source),
    document,
    statistics: {
      tagKeys: tags
        .map(({ tag, coverage: covered }) => ({
          ...{ key: tag.key, values: tag.values, use: uses.get(tag.key) ?? null },
          coverage: [...covered],
        }))
        .slice(0, 200),
      rules: ruleShares(parsed, first, largest, totals),
      coverage,
      unattributed: causesOf(largest, totals),
      applications: {
        matched: [...draft.matched].map(([node, application]) => ({ node, application })),
        unmatched: draft.unmatched.slice(0, 1000),
        leftOut: draft.leftOut,
      },
    },
    notes: notesOf(facts, draft),
  };
}

/** A mistyped tag would give a graph without products that looks like an answer. */
function refuseUnknownTags(keys: readonly string[], tags: readonly FoundTag[], period: string): void {
  const names = tags.map(({ tag }) => tag.key);
  const unknown = keys.find((key) => !names.includes(key));
  if (unknown !== undefined)
    throw errors.unknownTag({ tag: unknown, period, nearest: nearestNames(unknown, names) });
}

/** What each tag is taken for. */
function usesOf(keys: readonly string[], found: readonly FoundTag[]): Map<string, TagUse> {
  const tags = found.map(({ tag }) => tag);
  const uses = new Map<string, TagUse>(keys.map((key) => [key, 'application']));
  for (const use of tagUses) {
    if (use === 'application') continue;
    for (const key of chooseKeysFor(use, tags)) if (!uses.has(key)) uses.set(key, use);
  }
  return uses;
}

async function factsOf(
  session: Session,
  reading: ProposalReading,
  {
    keys,
    uses,
    totals,
    applications,
  }: {
    readonly keys: readonly string[];
    readonly uses: ReadonlyMap<string, TagUse>;
    readonly totals: readonly Row[];
    readonly applications: readonly KnownApplication[] | undefined;
  },
): Promise<BillFacts> {
  await makeApplications(session, keys);
  const values = await applicationValues(session);
  const keysFor = (wanted: TagUse) => [...uses].flatMap(([key, use]) => (use === wanted ? [key] : []));
  const clusters: BillFacts['clusters'][number][] = [];
  for (const key of keysFor('cluster')) {
    const found = await valuesWithoutApp(session, key);
    clusters.push({ key, values: found.map(({ other }) => String(other)) });
  }
  return {
    keys,
    values: values.map((row) => ({
      at: Number(row['tag']),
      value: String(row['value']),
      app: String(row['app']),
    })),
    empty: (await emptySpellings(session, keys)).map((row) => ({
      at: Number(row['tag']),
      value: String(row['value']),
    })),
    accounts: (await chargesOfAccounts(session)).map((row) => ({
      account: String(row['account']),
      name: textOf(row['name']),
      app: textOf(row['app']),
      currency: String(row['currency']),
      cost: Number(row['cost']),
    })),
    costCentres: onlyValues(await chargesByTags(session, keysFor('costCentre'))),
    clusters,
    applications,
    currencies: totals.map((row) => String(row['currency'])),
    hasTax: await hasTax(session, reading),
  };
}

/** Application → the one value that 95 % of its charges have, in every currency. */
function onlyValues(rows: readonly Row[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const group of groupBy(rows, (row) => String(row['app']))) {
    const currencies = groupBy(group, (row) => String(row['currency']));
    const mains = currencies.map((ours) => {
      const all = ours.reduce((sum, row) => sum + Number(row['cost']), 0);
      return textOf(ours.find((row) => Number(row['cost']) >= 0.95 * all)?.['other']);
    });
    const [value] = mains;
    if (typeof value === 'string' && mains.every((one) => one === value))
      found.set(String(group[0]?.['app']), value.slice(0, 500));
  }
  return found;
}

/** Leaves out the rules that took nothing, and the nodes and edges that only they need. */
function withoutIdleRules(document: GraphDocumentInput, { rules: taken }: Attribution): GraphDocumentInput {
  const used = new Set(taken.map(({ rule }) => rule));
  const all = document.rules ?? [];
  const rules = all.filter(({ id }) => used.has(id) || rulesKept.includes(id));
  const gone = new Set(all.map(({ node }) => node));
  for (const { node } of rules) gone.delete(node);
  const nodes = (document.nodes ?? []).filter(({ id, type }) => type === 'product' || !gone.has(id));
  const left = new Set(nodes.map(({ id }) => id));
  const edges = (document.edges ?? []).filter(({ from }) => left.has(from));
  const metrics = edges.length > 0 ? { metrics: document.metrics ?? [] } : {};
  return { nodes, edges, rules, ...metrics };
}

function notesOf({ keys, currencies, applications }: BillFacts, { unmatched, leftOut }: Draft): string[] {
  return [
    ...(keys.length > 0
      ? []
      : [
          'No tag of the bill names applications: accounts are proposed as products. Name a tag to use it instead.',
        ]),
    ...(currencies.length < 2
      ? []
      : [
          `Shared cost is passed on by the charges in ${currencies[0]} alone, because currencies are not added: give products a metric of their own.`,
        ]),
    ...(applications && unmatched.length > 0
      ? [
          `${unmatched.length} products are no application of the organization: name the application on the node, or add it there.`,
        ]
      : []),
    ...(leftOut > 0
      ? [
          `${leftOut} smaller applications have no node in the graph: a run makes it, and shared cost does not reach it.`,
        ]
      : []),
  ];
}
