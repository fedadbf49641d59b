import type { DemoEntity } from './group.ts';

/** One source's bills on disk. */
export interface DemoDelivery {
  readonly source: string;
  readonly format: 'aws-cur-v2' | 'aws-cur-v1' | 'focus-1.2';
  /** Folder to import. */
  readonly path: string;
  readonly entity: string;
  readonly currency: string;
}

/** The closed month that its provider delivers a second time. */
export interface DemoRestatement {
  readonly source: string;
  readonly billingPeriod: string;
  /** Folder with the second delivery, in the same layout as the first. */
  readonly path: string;
  readonly manifest: string;
  readonly before: ExpectedMonth & { readonly assemblyId: string };
  readonly after: ExpectedMonth & { readonly assemblyId: string };
  /** What changed, a sentence each. */
  readonly changes: readonly string[];
}

/** The resource that ran away: days are half-open; costs are of those days, as billed. */
export interface DemoAnomaly {
  readonly source: string;
  readonly start: string;
  readonly end: string;
  readonly resourceId: string;
  readonly account: string;
  readonly app: string;
  /** Decimal text in USD. */
  readonly cost: string;
  /** What the same resource cost on the five days before. */
  readonly costBefore: string;
}

/** The cluster that nobody tagged; sums over the whole calendar of its source. */
export interface DemoUntagged {
  readonly source: string;
  readonly cluster: string;
  readonly nodes: number;
  /** Effective cost of the cluster's resources, decimal text in USD. */
  readonly clusterCost: string;
  /** Effective cost of all resource rows without the tag `app`, the cluster included. */
  readonly untaggedCost: string;
  /** Effective cost of all resource rows. */
  readonly resourceCost: string;
}

/** What was written, and everything that is known about it without reading it back. */
export interface DemoBills {
  readonly group: string;
  readonly entities: readonly DemoEntity[];
  readonly deliveries: readonly DemoDelivery[];
  readonly restatement: DemoRestatement;
  readonly anomaly: DemoAnomaly;
  readonly untagged: DemoUntagged;
  /** One entry per source and billing month, of the first deliveries, ordered by source and month. */
  readonly expected: readonly ExpectedMonth[];
  /** Bill rows of the first deliveries. */
  readonly rows: number;
}

/** What one delivered month must sum to, worked out from the generated tables before anything is written. */
export interface ExpectedMonth {
  readonly source: string;
  readonly billingPeriod: string;
  readonly currency: string;
  readonly rows: number;
  /** Exact sum of the file's own cost column (`UnblendedCost`, `BilledCost`), a decimal text. */
  readonly nativeCost: string;
  /** Sum of the amortized cost as the generator meant it; agrees with FOCUS EffectiveCost. */
  readonly effectiveCost: string;
}
