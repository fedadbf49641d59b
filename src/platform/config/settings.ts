import type { Setting } from './setting.ts';
import type { TableField } from './tables.ts';

/**
 * Every setting of the system, as data. A setting is known by one key in `finops.toml`, one environment variable and,
 * where people type it often, one flag. `finops.example.toml` and `docs/settings.md` are tested against this table.
 */
const settings = [
  {
    key: 'data',
    kind: 'path',
    default: './data',
    env: 'FINOPS_DATA',
    flag: '--data',
    description: 'Workspace folder: the lake, the embedded records, fetched originals, finops.duckdb',
  },
  {
    key: 'databaseUrl',
    kind: 'text',
    secret: true,
    env: 'FINOPS_DATABASE_URL',
    description:
      'PostgreSQL 15 or newer that keeps the records, postgres://user:password@host/name; without it, an embedded one in the workspace',
  },
  {
    key: 'databasePoolSize',
    kind: 'integer',
    min: 2,
    max: 500,
    default: 10,
    env: 'FINOPS_DATABASE_POOL_SIZE',
    description: 'Connections to PostgreSQL at most',
  },
  {
    key: 'engine.threads',
    kind: 'integer',
    min: 1,
    max: 256,
    env: 'FINOPS_ENGINE_THREADS',
    description: 'Threads of the query engine; without it, the cores of the machine, at most 4',
  },
  {
    key: 'engine.memoryLimitMb',
    kind: 'integer',
    min: 100,
    max: 4_000_000,
    env: 'FINOPS_ENGINE_MEMORY_LIMIT_MB',
    description:
      "Memory of the query engine in MB; the process uses up to 400 more. Without it, the engine's own rule",
  },
  {
    key: 'import.roots',
    kind: 'pathList',
    default: [],
    env: 'FINOPS_IMPORT_ROOTS',
    description:
      'Folders from which a running server may import; callers limited to entities read the folder in them that is named as their entity. The local command line may read any file it can open',
  },
  {
    key: 'aws.exports',
    kind: 'awsExports',
    default: [],
    env: 'FINOPS_AWS_EXPORTS',
    description: 'AWS billing exports, one [[aws.exports]] table each; in the variable, a JSON array',
  },
  {
    key: 'usage.prometheus',
    kind: 'prometheusEndpoints',
    default: [],
    env: 'FINOPS_USAGE_PROMETHEUS',
    description:
      'Monitoring systems that usage is fetched from, one [[usage.prometheus]] table each; in the variable, a JSON array',
  },
  {
    key: 'server.host',
    kind: 'text',
    default: '127.0.0.1',
    env: 'FINOPS_SERVER_HOST',
    flag: '--host',
    description: 'Address that the server listens on; anything but loopback is reachable by others',
  },
  {
    key: 'server.port',
    kind: 'integer',
    min: 0,
    max: 65_535,
    default: 4870,
    env: 'FINOPS_SERVER_PORT',
    flag: '--port',
    description: 'Port that the server listens on; 0 takes a free one',
  },
  {
    key: 'server.token',
    kind: 'text',
    secret: true,
    env: 'FINOPS_SERVER_TOKEN',
    description: 'Token that callers of the API send; without it, the server makes one when it starts',
  },
  {
    key: 'server.publicUrl',
    kind: 'text',
    env: 'FINOPS_SERVER_PUBLIC_URL',
    description:
      'What browsers call the server, https://finops.example.com; needed behind a proxy and for sign-in through a provider',
  },
  {
    key: 'server.trustProxy',
    kind: 'addressList',
    default: [],
    env: 'FINOPS_SERVER_TRUST_PROXY',
    description:
      'Addresses or networks (10.0.0.0/8) of proxies whose X-Forwarded-For, -Proto and -Host are believed; in the variable, with commas between',
  },
  {
    key: 'server.rateLimit',
    kind: 'integer',
    min: 0,
    max: 1_000_000,
    default: 1200,
    env: 'FINOPS_SERVER_RATE_LIMIT',
    description:
      'Requests a minute that each caller may send, and each address that strangers come from; at most 120 to sign in; 0 for any number',
  },
  {
    key: 'oidc.issuer',
    kind: 'text',
    env: 'FINOPS_OIDC_ISSUER',
    description: 'Identity provider that people sign in through (OpenID Connect); without it, passwords only',
  },
  {
    key: 'oidc.clientId',
    kind: 'text',
    env: 'FINOPS_OIDC_CLIENT_ID',
    description:
      'What the provider knows this server as; its redirect is PUBLIC-URL/api/v1/sign-in/oidc/callback',
  },
  {
    key: 'oidc.clientSecret',
    kind: 'text',
    secret: true,
    env: 'FINOPS_OIDC_CLIENT_SECRET',
    description: 'Secret that the provider gave this server; without it, a public client',
  },
  {
    key: 'oidc.label',
    kind: 'text',
    default: 'Single sign-on',
    env: 'FINOPS_OIDC_LABEL',
    description: 'What the button says',
  },
  {
    key: 'oidc.createPeople',
    kind: 'choice',
    values: ['yes', 'no'],
    default: 'no',
    env: 'FINOPS_OIDC_CREATE_PEOPLE',
    description:
      'Whether somebody whom the provider knows and nobody has invited becomes a person, without any role',
  },
  {
    key: 'secrets.key',
    kind: 'text',
    secret: true,
    env: 'FINOPS_SECRETS_KEY',
    description:
      'Key that seals sensitive fields, 32 bytes in base64; several with commas between, the current one first. Without it, the key file',
  },
  {
    key: 'secrets.keyFile',
    kind: 'path',
    env: 'FINOPS_SECRETS_KEY_FILE',
    description: 'File of the keys that seal sensitive fields; without it, finops.key in the workspace',
  },
  {
    key: 'backups.folder',
    kind: 'path',
    env: 'FINOPS_BACKUPS_FOLDER',
    description: 'Folder for backups that are given a name only; without it, backups in the workspace',
  },
  {
    key: 'jobs.concurrency',
    kind: 'integer',
    min: 0,
    max: 64,
    default: 1,
    env: 'FINOPS_JOBS_CONCURRENCY',
    description:
      'Runs that a server, or one finops worker, works at the same time; 0 leaves them to others on the same PostgreSQL',
  },
  {
    key: 'gc.keepDays',
    kind: 'integer',
    min: 1,
    max: 36_500,
    default: 30,
    env: 'FINOPS_GC_KEEP_DAYS',
    description: 'Replaced snapshots younger than this many days are kept',
  },
  {
    key: 'gc.keepVersions',
    kind: 'integer',
    min: 1,
    max: 10_000,
    default: 3,
    env: 'FINOPS_GC_KEEP_VERSIONS',
    description:
      'Newest snapshots kept of every source and month, whatever their age, the current one included',
  },
  {
    key: 'smtp.url',
    kind: 'text',
    secret: true,
    env: 'FINOPS_SMTP_URL',
    description:
      'Mail server that alerts are sent through, smtp://user:password@host:587 or smtps://host; ?tls=never for a relay without a trusted certificate, which then takes no password',
  },
  {
    key: 'smtp.from',
    kind: 'text',
    env: 'FINOPS_SMTP_FROM',
    description: 'Who e-mails are from, finops@example.com or FinOps <finops@example.com>',
  },
  {
    key: 'notify.allowPrivateHosts',
    kind: 'choice',
    values: ['yes', 'no'],
    default: 'no',
    env: 'FINOPS_NOTIFY_ALLOW_PRIVATE_HOSTS',
    description:
      'Whether webhooks and chats may lead to this machine and to private networks, by http too; never to metadata services',
  },
  {
    key: 'log.level',
    kind: 'choice',
    values: ['debug', 'info', 'warn', 'error', 'silent'],
    default: 'info',
    env: 'FINOPS_LOG_LEVEL',
    description: 'Least important message that is logged; debug adds the SQL of failed statements',
  },
  {
    key: 'color',
    kind: 'choice',
    values: ['auto', 'always', 'never'],
    default: 'auto',
    env: 'FINOPS_COLOR',
    otherEnv: { NO_COLOR: 'never' },
    flag: '--no-color',
    description: 'Colours in the terminal; auto uses them on a terminal only',
  },
] as const satisfies readonly Setting[];

/** One AWS billing export: where it is delivered and how to reach it. */
export interface AwsExport {
  /** Name by which commands choose it; unique. */
  readonly name: string;
  /** `s3://bucket/prefix`, or the absolute path of a folder of the same layout. */
  readonly uri: string;
  /** Name of the export at AWS. */
  readonly exportName: string;
  /** v1: Cost and Usage Report. v2: Data Exports (CUR 2.0, FOCUS). Undefined: found by looking. */
  readonly kind?: 'v1' | 'v2' | undefined;
  /** Source under which its months stand in the lake. */
  readonly source: string;
  /** First billing month to read, YYYY-MM. */
  readonly from?: string | undefined;
  readonly profile?: string | undefined;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly roleArn?: string | undefined;
  /** Secret: never listed. */
  readonly externalId?: string | undefined;
}

/** A field of a list's items, by the name that it has in them. */
type FieldOf<Item> = TableField & { readonly name: keyof Item & string };

/** The keys of one `[[aws.exports]]` table. All are text. */
export const awsExportFields: readonly FieldOf<AwsExport>[] = [
  { name: 'name', required: true, description: 'Name by which commands choose the export; unique' },
  { name: 'uri', required: true, description: 's3://bucket/prefix, or a local folder of the same layout' },
  { name: 'exportName', description: 'Name of the export at AWS; without it, name' },
  {
    name: 'kind',
    description:
      'v1 (Cost and Usage Report) or v2 (Data Exports: CUR 2.0, FOCUS); without it, found by looking',
  },
  { name: 'source', description: 'Source under which its months stand in the lake; without it, name' },
  { name: 'from', description: 'First billing month to read, YYYY-MM; without it, all' },
  {
    name: 'profile',
    description: 'Profile of the AWS configuration; without it, the default credential chain',
  },
  { name: 'region', description: 'Region of the bucket' },
  { name: 'endpoint', description: 'URL of another store that speaks S3' },
  { name: 'roleArn', description: 'Role to assume before reading' },
  { name: 'externalId', secret: true, description: 'External id that the role asks for; secret' },
];

/** One monitoring system that speaks the HTTP API of Prometheus. */
export interface PrometheusEndpoint {
  /** Name by which requests choose it, and of the usage that it delivers; unique. */
  readonly name: string;
  /** What `/api/v1/query_range` is appended to. */
  readonly url: string;
  /** The entity whose graphs it may be asked for. Undefined: only who sees everything may ask it. */
  readonly entity?: string | undefined;
  /** Secret: never listed. */
  readonly bearerToken?: string | undefined;
  /** Name of the environment variable that holds the token. */
  readonly bearerTokenVariable?: string | undefined;
  readonly user?: string | undefined;
  /** Secret: never listed. */
  readonly password?: string | undefined;
  readonly passwordVariable?: string | undefined;
  /** Sent as `X-Scope-OrgID`. */
  readonly tenant?: string | undefined;
  readonly allowInsecure: boolean;
  readonly allowPrivateNetwork: boolean;
}

/** The keys of one `[[usage.prometheus]]` table. All are text. */
export const prometheusEndpointFields: readonly FieldOf<PrometheusEndpoint>[] = [
  { name: 'name', required: true, description: 'Name by which requests choose it; unique' },
  {
    name: 'url',
    required: true,
    description:
      'Address of Prometheus, Thanos, Mimir, VictoriaMetrics: what comes before /api/v1/query_range',
  },
  {
    name: 'entity',
    description: 'Entity whose graphs it may be asked for; without it, only who sees everything may ask it',
  },
  { name: 'bearerToken', secret: true, description: 'Token that is sent; secret' },
  { name: 'bearerTokenVariable', description: 'Environment variable that holds the token, instead' },
  { name: 'user', description: 'User name, where a password is asked for' },
  { name: 'password', secret: true, description: 'Password; secret' },
  { name: 'passwordVariable', description: 'Environment variable that holds the password, instead' },
  { name: 'tenant', description: 'Tenant of Mimir, Cortex or Loki, sent as X-Scope-OrgID' },
  {
    name: 'allowInsecure',
    description: 'yes: http to another machine, where the token is readable by others',
  },
  {
    name: 'allowPrivateNetwork',
    description: 'yes: its name may lead to an address of a private network; a literal address always may',
  },
];

type Definition = (typeof settings)[number];
type ValueOf<D> = D extends { readonly kind: 'choice'; readonly values: readonly (infer V)[] }
  ? V
  : D extends { readonly kind: 'integer' }
    ? number
    : D extends { readonly kind: 'pathList' | 'addressList' }
      ? readonly string[]
      : D extends { readonly kind: 'awsExports' }
        ? readonly AwsExport[]
        : D extends { readonly kind: 'prometheusEndpoints' }
          ? readonly PrometheusEndpoint[]
          : string;

export type SettingKey = Definition['key'];

/** Key → value. Paths are absolute. A setting without default may be undefined. */
export type Settings = {
  readonly [D in Definition as D['key']]:
    | ValueOf<D>
    | (D extends { readonly default: unknown } ? never : undefined);
};

/** The table with its rows as `Setting`, for code that walks over all of them. */
export const allSettings: readonly (Setting & { readonly key: SettingKey })[] = settings;
