import type { Config } from './load.ts';
import type { Setting } from './setting.ts';
import { allSettings, awsExportFields, prometheusEndpointFields, type SettingKey } from './settings.ts';
import type { TableField } from './tables.ts';

/** One line of `config list`. `value` is what to write in `finops.toml`, null when nothing is set; secrets are `***`. */
export interface SettingRow {
  readonly key: SettingKey;
  readonly value: string | null;
  readonly origin: string;
  readonly description: string;
}

/** Every setting in the order of the table. */
export function listSettings(config: Config): readonly SettingRow[] {
  return allSettings.map(({ key, kind, secret, description }) => ({
    key,
    value: secret && config.values[key] !== undefined ? hidden : written(kind, config.values[key]),
    origin: config.origins[key],
    description,
  }));
}

const hidden = '***';

const fieldsOf: Readonly<Partial<Record<Setting['kind'], readonly TableField[]>>> = {
  awsExports: awsExportFields,
  prometheusEndpoints: prometheusEndpointFields,
};

function written(kind: Setting['kind'], value: Config['values'][SettingKey]): string | null {
  if (value === undefined) return null;
  if (typeof value !== 'object') return String(value);
  const items = value.map((item) =>
    typeof item === 'string' ? JSON.stringify(item) : writtenTable(fieldsOf[kind] ?? [], { ...item }),
  );
  return `[${items.join(', ')}]`;
}

function writtenTable(fields: readonly TableField[], item: Readonly<Record<string, unknown>>): string {
  const texts = fields.flatMap(({ name, secret }) => {
    const value = item[name];
    // A secret that lies in a variable is named by that variable.
    if (value === undefined || value === false || (secret && item[`${name}Variable`] !== undefined))
      return [];
    return [`${name} = ${JSON.stringify(secret ? hidden : value === true ? 'yes' : value)}`];
  });
  return `{ ${texts.join(', ')} }`;
}
