import type { GraphDocumentInput, ShareRuleInput } from '../../modules/allocation/index.ts';
import { labsApplications, logisticsApplications, retailApplications } from './group.ts';

type Node = NonNullable<GraphDocumentInput['nodes']>[number];
type Edge = NonNullable<GraphDocumentInput['edges']>[number];
type Rule = NonNullable<GraphDocumentInput['rules']>[number];
type Metric = NonNullable<GraphDocumentInput['metrics']>[number];
/** How an edge shares; the same for all edges of a node here. */
type Share = ShareRuleInput & { readonly overrides?: Record<string, ShareRuleInput> };

const retail = retailApplications.map(({ app }) => app);
const logistics = logisticsApplications.map(({ app }) => app);
const labs = labsApplications.map(({ app }) => app);
const applications = [...retail, ...logistics, ...labs];

/** Metrics that the demo delivers as usage, with their units. */
export const usageUnits = {
  cpu_hours: 'vCPU-hour',
  egress_gb: 'GB',
  log_gb: 'GB',
  pods: 'pod-hour',
  requests: 'request',
  utilisation: 'percent',
} as const;

const by = (metric: string): ShareRuleInput => ({ strategy: 'proportional', params: { metric } });

/**
 * Where shared cost goes: from, to the applications of a list (or to named nodes), how. All nine strategies are in use, each
 * where it makes sense.
 */
const shared: readonly (readonly [from: string, to: readonly string[], share: Share])[] = [
  ['platform:eks', ['platform:retail-runtime', 'platform:logistics-runtime'], by('pods')],
  ['infra:compute-aws-retail', ['platform:retail-runtime'], { strategy: 'equal', params: {} }],
  ['infra:network-aws-retail', ['platform:retail-runtime'], { strategy: 'equal', params: {} }],
  ['infra:compute-aws-logistics', ['platform:logistics-runtime'], { strategy: 'equal', params: {} }],
  ['infra:network-aws-logistics', ['platform:logistics-runtime'], { strategy: 'equal', params: {} }],
  ['infra:compute-azure', ['platform:logistics-runtime'], { strategy: 'equal', params: {} }],
  ['infra:compute-gcp', ['platform:labs-runtime'], { strategy: 'equal', params: {} }],
  [
    'platform:retail-runtime',
    apps(retail),
    { ...by('cpu_hours'), overrides: { Networking: by('egress_gb') } },
  ],
  [
    'platform:logistics-runtime',
    apps(logistics),
    { strategy: 'capped_proportional', params: { metric: 'cpu_hours', cap: '35' } },
  ],
  [
    'platform:labs-runtime',
    apps(labs),
    { strategy: 'weighted_average', params: { metric: 'cpu_hours', windowDays: 7, decay: '0.9' } },
  ],
  ['infra:storage-aws-retail', apps(retail), by('storage_spend_usd')],
  ['infra:storage-aws-logistics', apps(logistics), by('storage_spend_usd')],
  ['infra:storage-azure', apps(logistics), by('storage_spend_eur')],
  ['infra:storage-gcp', apps(labs), by('storage_spend_usd')],
  [
    'infra:databases-aws-retail',
    apps(retail),
    { strategy: 'min_floor_proportional', params: { metric: 'database_spend_usd', floorPercent: '2' } },
  ],
  [
    'infra:databases-aws-logistics',
    apps(logistics),
    { strategy: 'hybrid_fixed_proportional', params: { metric: 'database_spend_usd', fixedPercent: '30' } },
  ],
  ['infra:databases-azure', apps(logistics), by('database_spend_eur')],
  ['infra:databases-gcp', apps(labs), by('database_spend_usd')],
  [
    'shared:observability-aws-retail',
    apps(retail),
    {
      strategy: 'segment_filtered_proportional',
      params: { metric: 'log_gb', segment: { label: 'env', operator: 'eq', values: ['prod'] } },
    },
  ],
  ['shared:observability-aws-logistics', apps(logistics), by('log_gb')],
  [
    'shared:observability-azure',
    apps(logistics),
    { strategy: 'residual_to_max', params: { metric: 'log_gb', cap: '25' } },
  ],
  ['shared:support-aws-retail', apps(retail), by('direct_spend_usd')],
  ['shared:support-aws-logistics', apps(logistics), by('direct_spend_usd')],
  ['shared:commitments-aws-retail', apps(retail), by('cpu_hours')],
  ['shared:commitments-aws-logistics', apps(logistics), by('cpu_hours')],
  ['shared:commitments-azure', apps(logistics), { strategy: 'equal' }],
  ['platform:data-gcp', apps(labs), by('direct_spend_usd')],
  ['platform:data-aws-logistics', apps(logistics), by('requests')],
  ['shared:security-aws-retail', apps(retail), { strategy: 'fixed_percent', params: { percent: '12.5' } }],
];

/** Applications that serve others: a part of their cost goes on. */
const served: readonly (readonly [from: string, to: string, percent: string])[] = [
  ['app:search', 'app:storefront', '25'],
  ['app:product-catalog', 'app:storefront', '30'],
  ['app:product-catalog', 'app:checkout', '10'],
  ['app:demand-forecast', 'app:experiment-hub', '15'],
];

const sharedService = 'Tags.app is null';
const rules: readonly Rule[] = [
  {
    id: 'cluster',
    where: "Tags.aws_eks_cluster_name = 'meridian-shared-eks'",
    node: 'platform:eks',
    note: 'The cluster of the group; its pods say who uses it.',
  },
  { id: 'support', where: "ServiceName prefix 'AWS Support'", node: 'shared:support-{x_SourceName}' },
  {
    id: 'unused-commitments',
    where: "CommitmentDiscountStatus = 'Unused'",
    node: 'shared:commitments-{x_SourceName}',
  },
  { id: 'databases', where: "ServiceCategory = 'Databases'", node: 'db:{Tags.app}', type: 'resource' },
  { id: 'applications', node: 'app:{Tags.app}', type: 'product', application: '{Tags.app}' },
  {
    id: 'observability',
    where: "ServiceName in ('AmazonCloudWatch', 'Log Analytics')",
    node: 'shared:observability-{x_SourceName}',
  },
  ...(
    [
      ['network', 'Networking', 'infra:network'],
      ['compute', 'Compute', 'infra:compute'],
      ['storage', 'Storage', 'infra:storage'],
      ['other-databases', 'Databases', 'infra:databases'],
      ['analytics', 'Analytics', 'platform:data'],
      ['models', 'AI and Machine Learning', 'platform:data'],
      ['security', 'Security', 'shared:security'],
    ] as const
  ).map(([id, category, node]) => ({
    id,
    where: `${sharedService} and ServiceCategory = '${category}'`,
    node: `${node}-{x_SourceName}`,
    type: 'shared' as const,
  })),
];

/** Costs of different currencies are never added, so that cost as a weight is of one currency. */
const spend = (id: string, currency: string, category?: string): Metric => {
  const isOfCurrency = `BillingCurrency = '${currency}'`;
  const where = category ? `${isOfCurrency} and ServiceCategory = '${category}'` : isOfCurrency;
  return { id: `${id}_${currency.toLowerCase()}`, from: 'cost', node: 'app:{Tags.app}', where };
};
const metrics: readonly Metric[] = [
  ...Object.entries(usageUnits).map(([id, unit]): Metric => ({ id, unit, from: 'usage' })),
  spend('direct_spend', 'USD'),
  ...['USD', 'EUR'].flatMap((currency) => [
    spend('storage_spend', currency, 'Storage'),
    spend('database_spend', currency, 'Databases'),
  ]),
];

const typeOfPrefix: Readonly<Record<string, Node['type']>> = {
  platform: 'platform',
  infra: 'infrastructure',
  shared: 'shared',
};

/** The graph of the demo: applications as products, their databases, and what they share; built from the tables above. */
export function demoGraph(): GraphDocumentInput {
  const pools = [...new Set(shared.map(([from]) => from))];
  return {
    method: { metric: 'EffectiveCost', dimension: 'ServiceCategory' },
    nodes: [
      ...applications.map(
        (app): Node => ({
          ...{ id: `app:${app}`, type: 'product', name: app, application: app },
          labels: { product: 'vcpu' },
        }),
      ),
      ...applications.map(
        (app): Node => ({
          ...{ id: `db:${app}`, type: 'resource', name: `Databases of ${app}` },
          labels: { product: 'relational' },
        }),
      ),
      ...pools.map((id): Node => ({ id, type: typeOfPrefix[id.split(':')[0] ?? ''] ?? 'shared' })),
    ],
    edges: [
      ...applications.map(
        (app): Edge => ({ from: `db:${app}`, to: `app:${app}`, strategy: 'equal', params: {} }),
      ),
      ...shared.flatMap(([from, to, share]) => to.map((node) => ({ from, to: node, ...share }) as Edge)),
      ...served.map(
        ([from, to, percent]): Edge => ({ from, to, strategy: 'fixed_percent', params: { percent } }),
      ),
    ],
    groups: [
      { node: 'platform:labs-runtime', fallback: 'last_known' },
      { node: 'platform:data-aws-logistics', fallback: 'equal' },
      { node: 'platform:logistics-runtime', residual: 'keep' },
    ],
    rules: [...rules],
    metrics: [...metrics],
  };
}

function apps(names: readonly string[]): readonly string[] {
  return names.map((name) => `app:${name}`);
}
