import { tableRows } from './table-rows.ts';

/** One thing that AWS meters. Prices are invented, of a plausible size, in USD per unit. */
export interface AwsTemplate {
  readonly code: string;
  readonly name: string;
  readonly family: string;
  readonly usageType: string;
  readonly operation: string;
  readonly unit: string;
  readonly price: string;
  /** Units a day of one resource in production; null: runs by the hour. */
  readonly dailyUnits: number | null;
  /** Shape of the resource id. */
  readonly resource: string;
  /** `sp1`, `sp2`: may be covered by that savings plan; `ri1`, `ri2`: by that reservation. */
  readonly commitment: string;
  readonly instanceType: string;
  /** Share of the resources, out of the sum of all weights. */
  readonly weight: number;
}

/**
 * code | family | usage type | operation | unit | price | units a day, - by the hour | resource | commitment | weight.
 * The last is sold by an invented vendor through AWS Marketplace; its product code is a marketplace id.
 */
const templateTable = `
AmazonEC2 | Compute Instance | BoxUsage:m6i.large | RunInstances | Hrs | 0.1120 | - | i | sp2 | 60
AmazonEC2 | Compute Instance | BoxUsage:c6i.2xlarge | RunInstances | Hrs | 0.4040 | - | i | sp1 | 40
AmazonEC2 | Compute Instance | BoxUsage:r6g.xlarge | RunInstances | Hrs | 0.2370 | - | i | sp1 | 30
AmazonEC2 | Compute Instance | BoxUsage:m6i.2xlarge | RunInstances | Hrs | 0.4480 | - | i | - | 8
AmazonEC2 | Compute Instance | SpotUsage:c6i.2xlarge | RunInstances:SV001 | Hrs | 0.1519 | - | i | - | 25
AmazonEC2 | Storage | EBS:VolumeUsage.gp3 | CreateVolume-Gp3 | GB-Mo | 0.0928 | 8 | vol | - | 70
AmazonEC2 | Storage Snapshot | EBS:SnapshotUsage | CreateSnapshot | GB-Mo | 0.0530 | 11 | snap | - | 25
AmazonEC2 | NAT Gateway | NatGateway-Bytes | NatGateway | GB | 0.0500 | 420 | nat | - | 12
AmazonEC2 | NAT Gateway | NatGateway-Hours | NatGateway | Hrs | 0.0500 | - | nat | - | 10
AWSDataTransfer | Data Transfer | DataTransfer-Out-Bytes | InterZone-Out | GB | 0.0900 | 95 | i | - | 25
AWSELB | Load Balancer-Application | LoadBalancerUsage | LoadBalancing:Application | Hrs | 0.0265 | - | elb | - | 20
AmazonRDS | Database Instance | InstanceUsage:db.r6g.large | CreateDBInstance:0014 | Hrs | 0.2660 | - | db | ri1 | 28
AmazonRDS | Database Storage | RDS:GP3-Storage | CreateDBInstance:0014 | GB-Mo | 0.1330 | 14 | db | - | 20
AmazonElastiCache | Cache Instance | NodeUsage:cache.r6g.large | CreateCacheCluster:0002 | Hrs | 0.2300 | - | cache | ri2 | 14
AmazonS3 | Storage | TimedStorage-ByteHrs | StandardStorage | GB-Mo | 0.0240 | 240 | s3 | - | 30
AmazonS3 | API Request | Requests-Tier1 | PutObject | Requests | 0.0000053 | 900000 | s3 | - | 22
AWSLambda | Serverless | Lambda-GB-Second | Invoke | Lambda-GB-Second | 0.0000166667 | 310000 | fn | - | 24
AWSLambda | Serverless | Request | Invoke | Lambda-Requests | 0.0000002 | 4100000 | fn | - | 14
AmazonEKS | Compute | AmazonEKS-Hours:perCluster | CreateOperation | Hrs | 0.1000 | - | eks | - | 4
AmazonDynamoDB | Amazon DynamoDB PayPerRequest Throughput | WriteRequestUnits | PayPerRequestThroughput | WriteRequestUnits | 0.0000007425 | 6500000 | table | - | 16
AmazonCloudWatch | Data Payload | DataProcessing-Bytes | PutLogEvents | GB | 0.5985 | 9 | log | - | 20
AmazonCloudFront | Data Transfer | EU-DataTransfer-Out-Bytes | GET | GB | 0.0850 | 210 | cdn | - | 8
awskms | Encryption Key | KMS-Requests | Decrypt | Requests | 0.0000030 | 640000 | key | - | 10
AWSQueueService | API Request | Requests-RBP | SendMessage | Requests | 0.0000004 | 5800000 | queue | - | 12
AmazonBedrock | Amazon Bedrock | MeridianText-input-tokens | InvokeModelInference | 1K tokens | 0.0008 | 18000 | model | - | 6
4kq0v7d2m9xw1tz8 | Software | SoftwareUsage:scanner-hours | Hourly | Units | 0.1800 | 30 | mp | - | 5
`;

const names: Readonly<Record<string, string>> = {
  AmazonEC2: 'Amazon Elastic Compute Cloud',
  AWSDataTransfer: 'AWS Data Transfer',
  AWSELB: 'Elastic Load Balancing',
  AmazonRDS: 'Amazon Relational Database Service',
  AmazonElastiCache: 'Amazon ElastiCache',
  AmazonS3: 'Amazon Simple Storage Service',
  AWSLambda: 'AWS Lambda',
  AmazonEKS: 'Amazon Elastic Container Service for Kubernetes',
  AmazonDynamoDB: 'Amazon DynamoDB',
  AmazonCloudWatch: 'AmazonCloudWatch',
  AmazonCloudFront: 'Amazon CloudFront',
  awskms: 'AWS Key Management Service',
  AWSQueueService: 'Amazon Simple Queue Service',
  AmazonBedrock: 'Amazon Bedrock',
  '4kq0v7d2m9xw1tz8': 'Tamarisk Image Scanner',
};

/** The vendor of the marketplace product; invented. */
export const marketplaceVendor = 'Tamarisk Security Inc.';
export const marketplaceCode = '4kq0v7d2m9xw1tz8';

export const awsTemplates: readonly AwsTemplate[] = tableRows(templateTable, 10).map((cells) => {
  const [code, family, usageType, operation, unit, price, dailyUnits, resource, commitment, weight] = cells;
  return {
    code,
    name: names[code] ?? code,
    family,
    usageType,
    operation,
    unit,
    price,
    dailyUnits: dailyUnits === '-' ? null : Number(dailyUnits),
    resource,
    commitment: commitment === '-' ? '' : commitment,
    instanceType: /(?:Box|Spot|Instance|Node)Usage:(.+)$/.exec(usageType)?.[1] ?? '',
    weight: Number(weight),
  };
});

/** Position of a template in the catalogue by its usage type. */
export function templateOf(usageType: string): number {
  return awsTemplates.findIndex((template) => template.usageType === usageType);
}

/** vCPU and memory of the instance types in the catalogue. */
export const instanceTypes: readonly (readonly [
  type: string,
  vcpu: number,
  memory: string,
  units: number,
])[] = [
  ['m6i.large', 2, '8 GiB', 4],
  ['m6i.2xlarge', 8, '32 GiB', 16],
  ['c6i.2xlarge', 8, '16 GiB', 16],
  ['r6g.xlarge', 4, '32 GiB', 8],
  ['db.r6g.large', 2, '16 GiB', 4],
  ['cache.r6g.large', 2, '13.07 GiB', 4],
];
