import type { Dataset, DatasetColumn } from '../../platform/warehouse/index.ts';

/**
 * What a run leaves in the lake. A run's partitions are (dataset, `partitionOf(graph)`, month); a month's current snapshots are
 * the published run, and all three carry one id. One Parquet file holds one day; a day whose inputs did not change is the same
 * file in several runs, so that no row names its run.
 *
 * Amounts are signed decimals: charges are positive, credits negative, in rows of their own (`Side`). `OriginPeriod` is the
 * month that a cost belongs to; it differs from the billing period where a closed month's restatement is booked later.
 */

/** The lake's source name of a graph's partitions. No bill can have it: names of bills have no `~`. */
export function partitionOf(graph: string): string {
  return `graph~${graph}`;
}

/** The lake's source name of the usage that one of a graph's usage sources delivered. */
export function usagePartitionOf(graph: string, source: string): string {
  return `usage~${graph}~${source}`;
}

const common: readonly DatasetColumn[] = [
  { name: 'Graph', type: 'string' },
  { name: 'BillingPeriodStart', type: 'timestamp' },
  { name: 'ChargePeriodStart', type: 'timestamp' },
  { name: 'ChargePeriodEnd', type: 'timestamp' },
  { name: 'OriginPeriod', type: 'string' },
  { name: 'BillingCurrency', type: 'string' },
  { name: 'Dimension', type: 'string' },
  { name: 'Side', type: 'string' },
];

/** Who may see a row: the entity and the application of the node that holds or receives the cost. */
const owner: readonly DatasetColumn[] = [
  { name: 'EntityId', type: 'string' },
  { name: 'ApplicationId', type: 'string' },
];

const noTags = { name: 'x_Tags', type: 'json', sql: "'{}'" } as const;

const roles = {
  source: 'Graph',
  entity: 'EntityId',
  application: 'ApplicationId',
  billingPeriodStart: 'BillingPeriodStart',
  chargePeriodStart: 'ChargePeriodStart',
  chargePeriodEnd: 'ChargePeriodEnd',
  currency: 'BillingCurrency',
} as const;

/**
 * Costs as the rules sent them to nodes: what a run starts from, exact to 12 decimals. `RuleId` is null on `unattributed`.
 * `Source` is the bill's. Σ Cost = Σ of the run's metric over the bill, to the last decimal.
 */
export const attributionDataset: Dataset = {
  name: 'attribution',
  columns: [
    ...common,
    { name: 'NodeId', type: 'string' },
    { name: 'NodeType', type: 'string' },
    { name: 'RuleId', type: 'string' },
    { name: 'BillSource', type: 'string' },
    { name: 'Cost', type: 'decimal' },
    ...owner,
  ],
  derived: [noTags],
  roles: { ...roles, tags: noTags.name, costs: ['Cost'], quantities: [] },
};

/**
 * One row per node, day, dimension, currency and side that has any amount. Direct + Inflow = Outflow + Retained on every row;
 * Σ Retained = Σ Direct. Holistic = Direct + Inflow. Allocated = Retained on products, Unallocated = Retained elsewhere.
 */
export const allocationDataset: Dataset = {
  name: 'allocation',
  columns: [
    ...common,
    { name: 'NodeId', type: 'string' },
    { name: 'NodeType', type: 'string' },
    { name: 'NodeName', type: 'string' },
    { name: 'NodeLabels', type: 'json' },
    { name: 'Direct', type: 'decimal' },
    { name: 'Inflow', type: 'decimal' },
    { name: 'Outflow', type: 'decimal' },
    { name: 'Retained', type: 'decimal' },
    ...owner,
  ],
  derived: [
    { name: 'Holistic', type: 'decimal', sql: '"Direct" + "Inflow"' },
    {
      name: 'Allocated',
      type: 'decimal',
      sql: `case when "NodeType" = 'product' then "Retained" else 0 end`,
    },
    {
      name: 'Unallocated',
      type: 'decimal',
      sql: `case when "NodeType" = 'product' then 0 else "Retained" end`,
    },
  ],
  roles: {
    ...roles,
    tags: 'NodeLabels',
    costs: ['Direct', 'Inflow', 'Outflow', 'Retained', 'Holistic', 'Allocated', 'Unallocated'],
    quantities: [],
  },
};

/**
 * One row per edge, day, dimension, currency and side that carried anything; and, with `ToNode` null, what stays on a node that
 * is no product, with its `Cause`. So the rows of a node that is no product sum to its direct + inflow. `FromIndex` and `ToIndex`
 * number the nodes that the graph declares or an edge names, in the order of their ids, for quick walks; other nodes (that rules
 * made, or that every run has) have none. A file is sorted by `ToIndex`. `Quality` says where the share came from.
 */
export const flowDataset: Dataset = {
  name: 'flow',
  columns: [
    ...common,
    { name: 'EdgeId', type: 'string' },
    { name: 'FromNode', type: 'string' },
    { name: 'FromType', type: 'string' },
    { name: 'FromIndex', type: 'integer' },
    { name: 'ToNode', type: 'string' },
    { name: 'ToType', type: 'string' },
    { name: 'ToIndex', type: 'integer' },
    { name: 'Amount', type: 'decimal' },
    { name: 'Quality', type: 'string' },
    { name: 'Cause', type: 'string' },
    ...owner,
  ],
  derived: [noTags],
  roles: { ...roles, tags: noTags.name, costs: ['Amount'], quantities: [] },
};

/**
 * Usage per node, day and metric, as it was imported. Several rows of one node, day and metric (with other labels) add up. A
 * node and day without a row is missing, which is not 0.
 */
export const usageDataset: Dataset = {
  name: 'usage',
  columns: [
    { name: 'Graph', type: 'string' },
    { name: 'UsageSource', type: 'string' },
    { name: 'BillingPeriodStart', type: 'timestamp' },
    { name: 'Day', type: 'timestamp' },
    { name: 'NodeId', type: 'string' },
    { name: 'Metric', type: 'string' },
    { name: 'Value', type: 'decimal' },
    { name: 'Unit', type: 'string' },
    { name: 'Labels', type: 'json' },
    /** File and row that it came from, or the query of a monitoring system. */
    { name: 'Origin', type: 'string' },
    { name: 'OriginRow', type: 'integer' },
    ...owner,
  ],
  derived: [
    { name: 'DayEnd', type: 'timestamp', sql: '"Day" + interval 1 day' },
    { name: 'Currency', type: 'string', sql: "'XXX'" },
  ],
  roles: {
    source: 'Graph',
    entity: 'EntityId',
    application: 'ApplicationId',
    billingPeriodStart: 'BillingPeriodStart',
    chargePeriodStart: 'Day',
    chargePeriodEnd: 'DayEnd',
    currency: 'Currency',
    tags: 'Labels',
    costs: [],
    quantities: [{ column: 'Value', unit: 'Unit' }],
  },
};
