import type { Config } from './load.ts';
import { type AwsExport, allSettings, awsExportFields, type SettingKey } from './settings.ts';

/** One line of `config list`. `value` is what to write in `finops.toml`, null when nothing is set; secrets are `***`. */
export interface SettingRow {
  readonly key: SettingKey;
  readonly value: string | null;
  readonly origin: string;
  readonly description: string;
}

/** Every setting in the order of the table. */
export function listSettings(config: Config): readonly SettingRow[] {
  return allSettings.map(({ key, secret, description }) => ({
    key,
    value: secret && config.values[key] !== undefined ? hidden : written(config.values[key]),
    origin: config.origins[key],
    description,
  }));
}

const hidden = '***';

function written(value: Config['values'][SettingKey]): string | null {
  if (value === undefined) return null;
  if (typeof value !== 'object') return String(value);
  return `[${value.map((item) => (typeof item === 'string' ? JSON.stringify(item) : writtenExport(item))).join(', ')}]`;
}

function writtenExport(item: AwsExport): string {
  const fields = awsExportFields.flatMap(({ name, secret }) => {
    const value = item[name];
    return value === undefined ? [] : [`${name} = ${JSON.stringify(secret ? hidden : value)}`];
  });
  return `{ ${fields.join(', ')} }`;
}
