import { type AttributionRule, type GraphDocumentInput, type GraphNode, nodeIdSchema } from './model.ts';
import { type AccountCharge, accountsBySize, accountsOfOneApp } from './propose-accounts.ts';
import {
  type FoundApp,
  findApps,
  type KnownApplication,
  matchApplications,
  type TagValue,
} from './propose-apps.ts';
import { columnIn, tagIn, tagText } from './propose-filters.ts';

/** What a bill says, as far as the wizard asks. */
export interface BillFacts {
  /** The tags that name applications, the best first. */
  readonly keys: readonly string[];
  /** Their values, those with the largest charges first. */
  readonly values: readonly TagValue[];
  /** How they say that there is no application. */
  readonly empty: readonly { readonly at: number; readonly value: string }[];
  readonly accounts: readonly AccountCharge[];
  /** Cost centre of an application, where it has one and only one. */
  readonly costCentres: ReadonlyMap<string, string>;
  /** Tags that name what many applications run on, with their values where no application is named. */
  readonly clusters: readonly { readonly key: string; readonly values: readonly string[] }[];
  /** Applications of the organization; undefined: not known. */
  readonly applications: readonly KnownApplication[] | undefined;
  /** Currencies, the one with the most rows first. */
  readonly currencies: readonly string[];
  readonly hasTax: boolean;
}

/** A first graph, and which applications of the organization its nodes are. */
export interface Draft {
  readonly document: GraphDocumentInput;
  readonly matched: ReadonlyMap<string, string>;
  readonly unmatched: readonly string[];
  /** Applications that have no node of their own in the document. */
  readonly leftOut: number;
}

type Rule = Pick<AttributionRule, 'id' | 'node'> & Partial<AttributionRule>;
type Node = Pick<GraphNode, 'id' | 'type'> & Partial<GraphNode>;

/** Each product has an edge from every shared node. */
const mostProducts = 500;
/** Nodes for clusters, of each tag. */
const mostClusters = 50;
/** Rules for other ways to write an application: those of the largest. */
const mostSpellings = 200;
/** The metric by which shared cost is passed on. */
const metric = 'direct-cost';

/** What is shared whoever caused it. `tax` counts where a method keeps tax. */
const sharedRules: readonly (Rule & { readonly name: string })[] = [
  { id: 'tax', name: 'Tax', node: 'shared:tax', where: "ChargeCategory = 'Tax'" },
  {
    ...{ id: 'unused commitments', name: 'Unused commitments', node: 'shared:unused-commitments' },
    where: "CommitmentDiscountStatus = 'Unused'",
  },
  {
    ...{ id: 'support', name: 'Support', node: 'shared:support' },
    where: "ServiceSubcategory = 'Support' or ServiceName contains 'support'",
  },
  {
    ...{ id: 'observability', name: 'Observability', node: 'shared:observability' },
    where:
      "ServiceSubcategory = 'Observability' or ServiceName contains 'cloudwatch' or ServiceName contains 'cloudtrail' or ServiceName contains 'monitor' or ServiceName contains 'logging'",
  },
  {
    ...{ id: 'networking', name: 'Networking', node: 'shared:networking' },
    where: "ServiceCategory = 'Networking'",
  },
  {
    ...{ id: 'security', name: 'Security', node: 'shared:security' },
    where: "ServiceCategory in ('Security', 'Identity')",
  },
  {
    ...{ id: 'management', name: 'Management and governance', node: 'shared:management' },
    where: "ServiceCategory in ('Management and Governance', 'Multicloud')",
  },
];

/** Ids of rules that may take nothing this month and still stay. */
export const rulesKept: readonly string[] = ['tax'];

/**
 * Rules in their order (tags; accounts of one application; what is shared) and a first graph: a product per application, and an
 * edge from each shared node to each product, in proportion to the products' own charges. Without a tag that names applications,
 * accounts are the products, after what is shared.
 */
export function draftGraph(facts: BillFacts): Draft {
  const apps = findApps(facts.values);
  const matched = matchApplications(apps, facts.applications ?? []);
  const byTag = facts.keys.length > 0;
  const products = byTag ? productsOfApps(apps, matched, facts) : productsOfAccounts(facts);
  const shared = sharedRules.filter(({ id }) => id !== 'tax' || facts.hasTax);
  const rules = byTag
    ? [...tagRules(apps, facts), ...clusterRules(facts), ...accountRules(apps, facts), ...shared.map(ruleOf)]
    : [
        ...clusterRules(facts),
        ...shared.map(ruleOf),
        { id: 'by account', node: 'account:{SubAccountId}', type: 'product' as const },
      ];
  const pools = new Map<string, Node>([
    ...shared.map(({ node, name }): [string, Node] => [node, { id: node, type: 'shared', name }]),
    ...apps
      .filter(({ isShared }) => isShared)
      .map(({ node, name }): [string, Node] => [node, { id: node, type: 'platform', name }]),
    ...clusterNodes(facts),
  ]);
  const named = byTag ? apps.filter(({ isShared }) => !isShared) : [];
  return {
    document: {
      nodes: [...pools.values(), ...products],
      rules: unlike(rules),
      ...edgesOf([...pools.keys()], products, facts),
    },
    matched,
    unmatched: facts.applications
      ? named.filter(({ node }) => !matched.has(node)).map(({ name }) => name)
      : [],
    leftOut: Math.max(named.length - mostProducts, 0),
  };
}

function ruleOf({ name: _, ...rule }: (typeof sharedRules)[number]): Rule {
  return { ...rule, type: 'shared' };
}

function productsOfApps(
  apps: readonly FoundApp[],
  matched: ReadonlyMap<string, string>,
  { costCentres }: BillFacts,
): Node[] {
  return apps
    .filter(({ isShared }) => !isShared)
    .slice(0, mostProducts)
    .map(({ app, node, name }) => {
      const application = matched.get(node);
      const costCentre = costCentres.get(app);
      return {
        ...{ id: node, type: 'product' as const, name },
        ...(costCentre === undefined ? {} : { labels: { costCentre } }),
        ...(application === undefined ? {} : { application }),
      };
    });
}

function productsOfAccounts({ accounts }: BillFacts): Node[] {
  return accountsBySize(accounts)
    .filter(({ account }) => nodeIdSchema.safeParse(`account:${account}`).success)
    .slice(0, mostProducts)
    .map(({ account, name }) => ({
      ...{ id: `account:${account}`, type: 'product' as const },
      ...(name === null || name === '' ? {} : { name: name.replace(/\p{C}/gu, ' ').slice(0, 200) }),
    }));
}

/** Of each tag in turn: other spellings, what is shared, then whatever else it says but that there is nothing. */
function tagRules(apps: readonly FoundApp[], { keys, empty }: BillFacts): Rule[] {
  const spelled = apps.filter(({ spellings }) => spellings.length > 0).slice(0, mostSpellings);
  return keys.flatMap((key, at): Rule[] => {
    const others = spelled.flatMap(({ node, name, isShared, spellings }) =>
      spellings
        .filter((one) => one.at === at)
        .map(({ values }) => ({
          id: `tag ${key}: ${name}`,
          where: tagIn(key, values),
          node,
          type: isShared ? ('platform' as const) : ('product' as const),
        })),
    );
    const nothing = empty.filter((one) => one.at === at).map(({ value }) => value);
    const all: Rule = {
      id: `tag ${key}`,
      ...(nothing.length === 0 ? {} : { where: tagIn(key, nothing, true) }),
      node: `app:{${tagText(key)}}`,
      type: 'product',
    };
    return [...others, all];
  });
}

/** What runs many applications is a platform of its own, one for each value of the tag. */
function clusterRules({ clusters }: BillFacts): Rule[] {
  return clusters
    .filter(({ values }) => values.length > 0)
    .map(({ key }) => ({ id: `tag ${key}`, node: `cluster:{${tagText(key)}}`, type: 'platform' }));
}

function clusterNodes({ clusters }: BillFacts): [string, Node][] {
  return clusters
    .flatMap(({ values }) => values.slice(0, mostClusters))
    .flatMap((value): [string, Node][] => {
      const id = `cluster:${value}`;
      const isId = nodeIdSchema.safeParse(id).success;
      return isId ? [[id, { id, type: 'platform', name: value }]] : [];
    });
}

/** One rule per application for the accounts that are almost wholly its. */
function accountRules(apps: readonly FoundApp[], { accounts }: BillFacts): Rule[] {
  const found = accountsOfOneApp(accounts);
  return apps.flatMap(({ app, node, name, isShared }): Rule[] => {
    const own = [...found].filter(([, of]) => of === app).map(([account]) => account);
    if (own.length === 0) return [];
    const note = 'Nine tenths of what is tagged in these accounts is of this application.';
    const type = isShared ? 'platform' : 'product';
    return [{ id: `accounts of ${name}`, where: columnIn('SubAccountId', own.sort()), node, type, note }];
  });
}

function edgesOf(
  pools: readonly string[],
  products: readonly Node[],
  { currencies }: BillFacts,
): Pick<GraphDocumentInput, 'edges' | 'metrics'> {
  if (products.length === 0 || pools.length === 0) return {};
  const [main] = currencies;
  const where = currencies.length > 1 ? { where: `BillingCurrency = '${main}'` } : {};
  return {
    metrics: [{ id: metric, from: 'cost', ...where }],
    edges: pools.flatMap((from) =>
      products.map(({ id: to }) => ({ from, to, strategy: 'proportional' as const, params: { metric } })),
    ),
  };
}

/** Ids of rules are names of at most 200 characters, each its own. */
function unlike(rules: readonly Rule[]): Rule[] {
  const taken = new Set<string>();
  return rules.map((rule) => {
    const name = rule.id.replace(/\p{C}/gu, ' ').slice(0, 180);
    let id = name;
    for (let n = 2; taken.has(id); n++) id = `${name} (${n})`;
    taken.add(id);
    return { ...rule, id };
  });
}
