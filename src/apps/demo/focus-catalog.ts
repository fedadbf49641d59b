import { type DemoApplication, labsApplications, logisticsApplications } from './group.ts';
import { tableRows } from './table-rows.ts';

/** What a cloud that exports FOCUS meters. Prices are invented, of a plausible size, in the source's billing currency. */
interface CloudTemplate {
  readonly service: string;
  readonly category: string;
  readonly subcategory: string;
  readonly meter: string;
  readonly unit: string;
  readonly listPrice: string;
  /** Units a day of one resource in production; null: runs by the hour. */
  readonly dailyUnits: number | null;
  readonly resourceType: string;
  readonly instanceType: string;
  /** Two thirds of the resources are covered by the commitment. */
  readonly committed: boolean;
  /** Share of the resources, out of the sum of all weights. */
  readonly weight: number;
}

/** One cloud account tree of the group that is billed as FOCUS 1.2. */
export interface CloudSource {
  readonly source: 'azure' | 'gcp';
  readonly entity: string;
  readonly currency: string;
  readonly provider: string;
  readonly publisher: string;
  readonly billingAccount: readonly [id: string, name: string, type: string];
  readonly subAccounts: readonly (readonly [id: string, name: string])[];
  readonly subAccountType: string;
  readonly regions: readonly (readonly [id: string, name: string])[];
  readonly applications: readonly DemoApplication[];
  readonly templates: readonly CloudTemplate[];
  /** Resources at scale s. */
  readonly resources: number;
  /** Contracted price as a share of the list price. */
  readonly contractedShare: string;
  /** Committed price as a share of the list price. */
  readonly committedShare: string;
  readonly commitmentType: string;
  readonly commitmentCategory: 'Spend' | 'Usage';
  /** Azure bills reservations as monthly purchases; Google takes the discount off each covered row. */
  readonly purchases: boolean;
  readonly taxPercent: number;
}

/** service | category | subcategory | meter | unit | list price | units a day, - by the hour | resource | instance | committed | weight */
const azureTable = `
Virtual Machines | Compute | Virtual Machines | D4s v5 | 1 Hour | 0.2120 | - | Virtual machine | Standard_D4s_v5 | 1 | 40
Virtual Machines | Compute | Virtual Machines | E8as v5 Spot | 1 Hour | 0.1043 | - | Virtual machine | Standard_E8as_v5 | 0 | 12
Azure SQL Database | Databases | Relational Databases | General Purpose vCore | vCore Hours | 0.1290 | 48 | SQL database | - | 0 | 14
Storage Accounts | Storage | Object Storage | Hot LRS Data Stored | GB-Months | 0.0180 | 310 | Storage account | - | 0 | 20
Azure Managed Disks | Storage | Block Storage | P20 LRS Disk | Units | 2.3400 | 1 | Disk | - | 0 | 18
Azure Kubernetes Service | Compute | Containers | Standard Uptime SLA | 1 Hour | 0.0930 | - | Kubernetes service | - | 0 | 4
Bandwidth | Networking | Network Infrastructure | Standard Data Transfer Out | GB | 0.0750 | 62 | Virtual network | - | 0 | 12
Log Analytics | Management and Governance | Observability | Pay-as-you-go Data Ingestion | GB | 2.6300 | 5 | Log Analytics workspace | - | 0 | 10
Azure Functions | Compute | Serverless Compute | Execution Time | 1K GB-Seconds | 0.0148 | 240 | Function app | - | 0 | 8
`;

const gcpTable = `
Compute Engine | Compute | Virtual Machines | N2 Instance Core | h | 0.1941 | - | Compute Instance | n2-standard-4 | 1 | 32
Compute Engine | Compute | Virtual Machines | Spot Preemptible A2 GPU | h | 1.1360 | - | Compute Instance | a2-highgpu-1g | 0 | 5
BigQuery | Analytics | Analytics Platforms | Analysis (on-demand) | TiB | 6.2500 | 3 | BigQuery Dataset | - | 0 | 18
Cloud Storage | Storage | Object Storage | Standard Storage | GiBy.mo | 0.0230 | 280 | Bucket | - | 0 | 20
Vertex AI | AI and Machine Learning | Machine Learning | Training node hours | h | 3.1500 | 4 | Training Job | - | 0 | 8
Cloud SQL | Databases | Relational Databases | Zonal vCPU | h | 0.0590 | 96 | Database Instance | - | 0 | 12
Cloud Run | Compute | Serverless Compute | CPU Allocation Time | s | 0.000024 | 210000 | Cloud Run Service | - | 0 | 10
Networking | Networking | Network Infrastructure | Internet Egress | GiBy | 0.0850 | 55 | Network | - | 0 | 10
`;

function cloudTemplates(table: string): readonly CloudTemplate[] {
  return tableRows(table, 11).map((cells) => {
    const [
      service,
      category,
      subcategory,
      meter,
      unit,
      listPrice,
      daily,
      resourceType,
      instance,
      committed,
      weight,
    ] = cells;
    return {
      service,
      category,
      subcategory,
      meter,
      unit,
      listPrice,
      dailyUnits: daily === '-' ? null : Number(daily),
      resourceType,
      instanceType: instance === '-' ? '' : instance,
      committed: committed === '1',
      weight: Number(weight),
    };
  });
}

export const azure: CloudSource = {
  source: 'azure',
  entity: 'Meridian Logistics GmbH',
  currency: 'EUR',
  provider: 'Microsoft',
  publisher: 'Microsoft',
  billingAccount: [
    '7d1f0c52-0000-4a11-9c00-3d5e6a7b8c90:meridian_2019-05-31',
    'Meridian Logistics GmbH',
    'Billing Profile',
  ],
  subAccounts: [
    ['/subscriptions/3f0e0001-1c5d-4b7a-8e21-00000000a001', 'log-prod'],
    ['/subscriptions/3f0e0002-1c5d-4b7a-8e21-00000000a002', 'log-test'],
    ['/subscriptions/3f0e0003-1c5d-4b7a-8e21-00000000a003', 'log-analytics'],
  ],
  subAccountType: 'Subscription',
  regions: [
    ['germanywestcentral', 'Germany West Central'],
    ['westeurope', 'West Europe'],
  ],
  applications: logisticsApplications,
  templates: cloudTemplates(azureTable),
  resources: 115,
  contractedShare: '0.94',
  committedShare: '0.61',
  commitmentType: 'Reservation',
  commitmentCategory: 'Usage',
  purchases: true,
  taxPercent: 0,
};

export const gcp: CloudSource = {
  source: 'gcp',
  entity: 'Meridian Labs Ltd',
  currency: 'USD',
  provider: 'Google Cloud',
  publisher: 'Google Cloud',
  billingAccount: ['01D4A7-9B3C5E-6F8012', 'Meridian Labs', 'Billing Account'],
  subAccounts: [
    ['meridian-labs-prod', 'labs-prod'],
    ['meridian-labs-research', 'labs-research'],
  ],
  subAccountType: 'Project',
  regions: [
    ['europe-west2', 'London'],
    ['us-central1', 'Iowa'],
  ],
  applications: labsApplications,
  templates: cloudTemplates(gcpTable),
  resources: 92,
  contractedShare: '0.97',
  committedShare: '0.72',
  commitmentType: 'Committed Use Discount',
  commitmentCategory: 'Spend',
  purchases: false,
  taxPercent: 20,
};

/**
 * Subscriptions and metered services of invented SaaS vendors, in GBP; a monthly item is bought by the seat.
 * vendor | service | category | subcategory | item | unit | list price | contracted share | units | monthly
 */
export const saasProducts = tableRows(
  `
Lumenwatch | Lumenwatch Observability | Management and Governance | Observability | Infrastructure host | Hosts | 18.00 | 0.85 | 34 | 1
Lumenwatch | Lumenwatch Logs | Management and Governance | Observability | Log ingestion | GB | 0.1000 | 0.85 | 46 | 0
Floeberg | Floeberg Warehouse | Databases | Data Warehouses | Compute credits | Credits | 2.4000 | 0.90 | 9 | 0
Pipeforge | Pipeforge CI | Developer Tools | Continuous Integration and Deployment | Build minutes | Minutes | 0.0080 | 1.00 | 900 | 0
Deskline | Deskline Service Desk | Business Applications | Productivity and Collaboration | Agent seat | Seats | 49.00 | 0.90 | 12 | 1
Sealkey | Sealkey Identity | Identity | Identity and Access Management | Workforce user | Users | 4.00 | 1.00 | 160 | 1
`,
  10,
);

/**
 * Language models of two invented vendors, with a price per token: USD for Norvane, CREDITS for Quillon, which sells
 * credits in packs: its usage costs nothing on the invoice; the pack is the purchase. Last: thousand tokens a day.
 */
export const aiModels: readonly (readonly [
  vendor: string,
  model: string,
  kind: string,
  price: string,
  thousandTokens: number,
])[] = [
  ['Norvane', 'norva-large', 'input', '0.0000030000', 5200],
  ['Norvane', 'norva-large', 'output', '0.0000150000', 1100],
  ['Norvane', 'norva-mini', 'input', '0.0000004000', 21000],
  ['Norvane', 'norva-mini', 'output', '0.0000016000', 6400],
  ['Quillon', 'quill-vision', 'input', '0.0004000000', 3100],
  ['Quillon', 'quill-vision', 'output', '0.0016000000', 640],
];

/** List price of a Quillon credit and what the group pays for it, in USD. */
export const creditPrice = { list: '0.0100', contracted: '0.0080' } as const;

/** Months in which a pack of Quillon credits is bought, and its size per API key: more than the keys use until the next. */
export const creditPacks = { months: ['2025-09', '2026-03', '2026-09'], creditsPerKey: 800_000 } as const;
