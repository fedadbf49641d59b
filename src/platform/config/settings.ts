/**
 * Every setting of the system, as data. A setting is known by one key in `finops.toml`, one environment variable and,
 * where people type it often, one flag. `finops.example.toml` and `docs/settings.md` are tested against this table.
 */
export interface Setting {
  /** Dotted path in `finops.toml`: `engine.threads`. */
  readonly key: string;
  readonly kind: 'text' | 'path' | 'pathList' | 'addressList' | 'integer' | 'choice' | 'awsExports';
  /** Used when nothing else is given; a setting without one may be undefined. */
  readonly default?: string | number | readonly string[];
  /** `FINOPS_` and the key in upper snake case. */
  readonly env: string;
  /** Variables of other tools that are understood, each with the value that its presence means. */
  readonly otherEnv?: Readonly<Record<string, string>>;
  readonly flag?: string;
  /** Allowed values of a `choice`. */
  readonly values?: readonly string[];
  /** Smallest and largest value of an `integer`, both allowed. */
  readonly min?: number;
  readonly max?: number;
  /** Never shown, never quoted in an error. */
  readonly secret?: true;
  /** One line, without a full stop. */
  readonly description: string;
}

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

interface ExportField {
  readonly name: keyof AwsExport;
  readonly required?: true;
  readonly secret?: true;
  readonly description: string;
}

/** The keys of one `[[aws.exports]]` table. All are text. */
export const awsExportFields: readonly ExportField[] = [
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

type Definition = (typeof settings)[number];
type ValueOf<D> = D extends { readonly kind: 'choice'; readonly values: readonly (infer V)[] }
  ? V
  : D extends { readonly kind: 'integer' }
    ? number
    : D extends { readonly kind: 'pathList' | 'addressList' }
      ? readonly string[]
      : D extends { readonly kind: 'awsExports' }
        ? readonly AwsExport[]
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
