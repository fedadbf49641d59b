import { readAwsExports } from './aws-exports.ts';
import type { AwsExport } from './settings.ts';
import { isTable, type Table, type TomlFile } from './toml-file.ts';
import type { Given } from './value.ts';

/**
 * The settings of the Open FinOps Stack, which many come from: its `config.toml` keys and `OPEN_FINOPS_*` variables
 * are read where we have the setting, and every one found is answered with a hint.
 */
export interface StackSettings {
  readonly dataFromEnv?: Given;
  readonly dataFromFile?: Given;
  /** Its single AWS export, put together from bucket, prefix and name; variables win over the file. */
  readonly awsExport?: { readonly value: AwsExport; readonly origin: string };
  readonly hints: readonly string[];
}

const exportTable = 'an [[aws.exports]] table';

/** Its keys that we read → what to write instead. */
const readKeys: Readonly<Record<string, string>> = {
  'project.data_dir': 'data',
  'aws.bucket': `uri = "s3://bucket/prefix" in ${exportTable}`,
  'aws.prefix': `uri = "s3://bucket/prefix" in ${exportTable}`,
  'aws.export_name': `exportName in ${exportTable}`,
  'aws.cur_version': `kind in ${exportTable}`,
  'aws.region': `region in ${exportTable}`,
  'aws.start_date': `from in ${exportTable}`,
};

/** Its keys and sections that we do not read → why. */
const unreadKeys: Readonly<Record<string, string>> = {
  'project.name': 'nothing needs it',
  'aws.end_date': 'months are read to the newest',
  'aws.export_format': 'the format is found by looking',
  'aws.reset': 'it belongs to one run, not to the configuration',
  'aws.table_strategy': 'every month has a view of its own',
  'aws.access_key_id': 'write AWS_ACCESS_KEY_ID, a profile or a role',
  'aws.secret_access_key': 'write AWS_SECRET_ACCESS_KEY, a profile or a role',
  gcp: 'Google Cloud bills are imported from files in FOCUS format',
  azure: 'Azure bills are imported from files in FOCUS format',
  database: 'the warehouse stands in the workspace folder',
  dlt: 'the warehouse stands in the workspace folder',
};

/** True for a key or section of its `config.toml`. */
export function isStackKey(path: string): boolean {
  return path in readKeys || path in unreadKeys;
}

/** True for a `config.toml` of the Open FinOps Stack; other tools have a file of this name too. */
export function isStackFile(document: Table): boolean {
  const { project, aws } = document;
  return (isTable(project) && 'data_dir' in project) || (isTable(aws) && 'export_name' in aws);
}

/** Reads what is there of both. Refuses only what it reads and cannot use, such as a cur_version of `v3`. */
export function readStackSettings(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  file: TomlFile | undefined,
  fileBase: string,
): StackSettings {
  const fromFile = file ? findInFile(file, fileBase) : new Map<string, Given>();
  const fromEnv = findInEnv(env, cwd);
  const hints = [...fileHints(fromFile, file), ...envHints(env, fromEnv)];
  const found = new Map([...fromFile, ...fromEnv]);
  const dataFromEnv = fromEnv.get('project.data_dir');
  const dataFromFile = fromFile.get('project.data_dir');
  const awsExport = assembleExport(found, hints);
  return {
    ...(dataFromEnv ? { dataFromEnv } : {}),
    ...(dataFromFile ? { dataFromFile } : {}),
    ...(awsExport ? { awsExport } : {}),
    hints,
  };
}

function findInFile(file: TomlFile, base: string): Map<string, Given> {
  const found = new Map<string, Given>();
  for (const key of [...Object.keys(readKeys), ...Object.keys(unreadKeys)]) {
    const [section = '', name] = key.split('.');
    const table = file.document[section];
    const raw = name === undefined ? table : isTable(table) ? table[name] : undefined;
    if (raw !== undefined && raw !== '') found.set(key, { raw, origin: file.place(key), base });
  }
  return found;
}

function findInEnv(env: Readonly<Record<string, string | undefined>>, base: string): Map<string, Given> {
  const found = new Map<string, Given>();
  for (const key of [...Object.keys(readKeys), ...Object.keys(unreadKeys)]) {
    const raw = env[variableOf(key)];
    if (raw) found.set(key, { raw, origin: `env ${variableOf(key)}`, base });
  }
  return found;
}

function variableOf(key: string): string {
  return key === 'project.data_dir'
    ? 'OPEN_FINOPS_DATA_DIR'
    : `OPEN_FINOPS_${key.toUpperCase().replace('.', '_')}`;
}

function fileHints(found: ReadonlyMap<string, Given>, file: TomlFile | undefined): string[] {
  return [...found].map(
    ([key, given]) =>
      `${given.origin}: ${key} ${answer(key)}${file && key in readKeys ? ' in finops.toml' : ''}`,
  );
}

function envHints(
  env: Readonly<Record<string, string | undefined>>,
  found: ReadonlyMap<string, Given>,
): string[] {
  const known = new Set([...found.keys()].map(variableOf));
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith('OPEN_FINOPS_') && !known.has(name) && env[name],
  );
  return [
    ...[...found].map(([key, given]) => `${given.origin} ${answer(key, 'FINOPS_DATA')}`),
    ...unknown.sort().map((name) => `env ${name} is not read: there is no such setting`),
  ];
}

function answer(key: string, dataName = 'data'): string {
  const instead = readKeys[key];
  if (instead === undefined) return `is not read: ${unreadKeys[key]}`;
  return key === 'project.data_dir'
    ? `is read as data; write ${dataName}`
    : `is read as part of aws.exports; write ${instead}`;
}

function assembleExport(found: ReadonlyMap<string, Given>, hints: string[]): StackSettings['awsExport'] {
  const bucket = found.get('aws.bucket');
  const name = found.get('aws.export_name');
  if (!bucket || !name) {
    const half = bucket ?? name;
    if (half) hints.push(`${half.origin}: no AWS export is set up, it needs both bucket and export_name`);
    return undefined;
  }
  const used = Object.keys(readKeys).filter((key) => key.startsWith('aws.') && found.has(key));
  const origin = used.map((key) => found.get(key)?.origin).join(', ');
  const optional = { kind: 'aws.cur_version', region: 'aws.region', from: 'aws.start_date' };
  const table: Record<string, unknown> = {
    name: name.raw,
    uri: ['s3:/', bucket.raw, found.get('aws.prefix')?.raw].filter((part) => part !== undefined).join('/'),
  };
  for (const [field, key] of Object.entries(optional)) {
    const given = found.get(key);
    if (given) table[field] = given.raw;
  }
  const [value] = readAwsExports('aws.exports', { raw: [table], origin, base: bucket.base });
  return value ? { value, origin } : undefined;
}
