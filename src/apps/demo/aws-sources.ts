import { templateOf } from './aws-catalog.ts';
import {
  type DemoApplication,
  type DemoScale,
  logisticsApplications,
  retailApplications,
  scaleFactors,
} from './group.ts';

/** A savings plan: `upfrontPermille` of the commitment is paid at the start of the term. */
interface SavingsPlan {
  readonly slot: 1 | 2;
  readonly offering: 'ComputeSavingsPlans' | 'EC2InstanceSavingsPlans';
  readonly payment: 'No Upfront' | 'Partial Upfront' | 'All Upfront';
  readonly upfrontPermille: number;
  readonly start: string;
  readonly end: string;
  readonly term: '1yr' | '3yr';
}

/** A reservation; rates are USD per instance and hour. */
interface Reservation {
  readonly slot: 1 | 2;
  readonly template: number;
  readonly payment: 'No Upfront' | 'Partial Upfront';
  readonly upfrontHourly: string;
  readonly recurringHourly: string;
  readonly start: string;
  readonly end: string;
}

/** One AWS organization of the group, billed through one payer account. */
export interface AwsSource {
  readonly source: string;
  readonly entity: string;
  readonly exportName: string;
  readonly bucket: string;
  readonly invoicingEntity: string;
  readonly taxType: string;
  readonly taxPercent: number;
  readonly payer: string;
  readonly payerName: string;
  /** The first account is the production account; the last holds the shared cluster. */
  readonly accounts: readonly (readonly [id: string, name: string])[];
  readonly regions: readonly (readonly [code: string, location: string, prefix: string])[];
  readonly applications: readonly DemoApplication[];
  /** Resources at scale s. */
  readonly resources: number;
  readonly plans: readonly SavingsPlan[];
  readonly reservations: readonly Reservation[];
  /** Nodes of the Kubernetes cluster that nobody tagged, at scale s. */
  readonly clusterNodes: number;
  /** First month of the enterprise discount; the file has net columns from then on. */
  readonly discountFrom: string | null;
  /** What resource 0 is: the catalogue position of the story's resource. */
  readonly storyTemplate: number;
}

const secondYear = { start: '2026-09-01', end: '2027-09-01' } as const;
const firstYear = { start: '2025-09-01', end: '2026-09-01' } as const;

function yearlyReservations(): readonly Reservation[] {
  const database = {
    slot: 1,
    template: templateOf('InstanceUsage:db.r6g.large'),
    payment: 'Partial Upfront',
    upfrontHourly: '0.0812',
    recurringHourly: '0.0816',
  } as const;
  const cache = {
    slot: 2,
    template: templateOf('NodeUsage:cache.r6g.large'),
    payment: 'No Upfront',
    upfrontHourly: '0.0000',
    recurringHourly: '0.1495',
  } as const;
  return [
    { ...database, ...firstYear },
    { ...database, ...secondYear },
    { ...cache, ...firstYear },
    { ...cache, ...secondYear },
  ];
}

const computePlan = { slot: 1, offering: 'ComputeSavingsPlans' } as const;
const instancePlan = { slot: 2, offering: 'EC2InstanceSavingsPlans', term: '1yr' } as const;

export const awsRetail: AwsSource = {
  source: 'aws-retail',
  entity: 'Meridian Retail SAS',
  exportName: 'meridian-retail',
  bucket: 'meridian-retail-billing',
  invoicingEntity: 'Amazon Web Services EMEA SARL, succursale Francaise',
  taxType: 'VAT',
  taxPercent: 20,
  payer: '100200300400',
  payerName: 'meridian-retail-payer',
  accounts: [
    ['100200300401', 'retail-prod'],
    ['100200300402', 'retail-staging'],
    ['100200300403', 'retail-data'],
    ['100200300404', 'retail-shared'],
  ],
  regions: [
    ['eu-west-3', 'EU (Paris)', 'EUW3-'],
    ['eu-west-1', 'EU (Ireland)', 'EU-'],
    ['us-east-1', 'US East (N. Virginia)', ''],
  ],
  applications: retailApplications,
  resources: 470,
  plans: [
    {
      ...computePlan,
      payment: 'No Upfront',
      upfrontPermille: 0,
      term: '3yr',
      start: '2025-07-01',
      end: '2028-07-01',
    },
    { ...instancePlan, payment: 'All Upfront', upfrontPermille: 1000, ...firstYear },
    { ...instancePlan, payment: 'All Upfront', upfrontPermille: 1000, ...secondYear },
  ],
  reservations: yearlyReservations(),
  clusterNodes: 10,
  discountFrom: null,
  storyTemplate: templateOf('Lambda-GB-Second'),
};

export const awsLogistics: AwsSource = {
  source: 'aws-logistics',
  entity: 'Meridian Logistics GmbH',
  exportName: 'meridian-logistics',
  bucket: 'meridian-logistics-billing',
  invoicingEntity: 'Amazon Web Services EMEA SARL',
  taxType: 'VAT',
  taxPercent: 19,
  payer: '200300400500',
  payerName: 'meridian-logistics-payer',
  accounts: [
    ['200300400501', 'logistics-prod'],
    ['200300400502', 'logistics-test'],
    ['200300400503', 'logistics-platform'],
  ],
  regions: [
    ['eu-central-1', 'EU (Frankfurt)', 'EUC1-'],
    ['eu-west-1', 'EU (Ireland)', 'EU-'],
  ],
  applications: logisticsApplications,
  resources: 240,
  plans: [
    {
      ...computePlan,
      payment: 'Partial Upfront',
      upfrontPermille: 500,
      term: '1yr',
      start: '2025-11-01',
      end: '2026-11-01',
    },
  ],
  reservations: yearlyReservations(),
  clusterNodes: 0,
  discountFrom: '2026-01',
  storyTemplate: templateOf('NatGateway-Bytes'),
};

/** A count at a scale, at least `least`: 470 resources at xs are 24. */
export function scaled(count: number, scale: DemoScale, least: number): number {
  return count === 0 ? 0 : Math.max(least, Math.round(count * scaleFactors[scale]));
}
