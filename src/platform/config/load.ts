import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import { nearestNames } from '../kernel/index.ts';
import { errors } from './errors.ts';
import { isStackFile, isStackKey, readStackSettings, type StackSettings } from './open-finops-stack.ts';
import type { Setting } from './setting.ts';
import { allSettings, type SettingKey, type Settings } from './settings.ts';
import { isTable, readTomlFile, type Table, type TomlFile } from './toml-file.ts';
import { type Given, readValue } from './value.ts';

/** What a configuration is made of. Nothing else is read: no global state, no folder above. */
export interface ConfigInput {
  /** Setting key → text of the flag, where one was given. */
  readonly flags?: Readonly<Partial<Record<SettingKey, string>>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** `--config FILE`; else FINOPS_CONFIG, else `finops.toml` of the current folder, if there is one. */
  readonly file?: string | undefined;
}

/** Every setting with its value and where it came from; a plain value. */
export interface Config {
  readonly values: Settings;
  /** `flag --data`, `env FINOPS_DATA`, `finops.toml:12`, `default`. */
  readonly origins: Readonly<Record<SettingKey, string>>;
  /** Sentences for the reader: names of another tool that were understood, variables that look mistyped. */
  readonly hints: readonly string[];
  /** The file that was read. */
  readonly file?: string;
}

/**
 * The configuration: flag > environment > `finops.toml` > default.
 * An empty variable counts as absent. Relative paths start at the file that names them, else at the current folder.
 * Refuses unknown keys and wrong types; exit code 2.
 */
export function loadConfig(input: ConfigInput): Config {
  const file = findFile(input);
  const base = file ? dirname(resolve(input.cwd, file.name)) : input.cwd;
  const hints: string[] = [];
  const given = file ? keysOf(file, hints) : new Map<string, unknown>();
  const stack = readStackSettings(input.env, input.cwd, file, base);

  const values: Partial<Record<SettingKey, unknown>> = {};
  const origins: Partial<Record<SettingKey, string>> = {};
  for (const setting of allSettings) {
    const choice =
      fromFlag(setting, input) ??
      fromEnv(setting, input, stack) ??
      fromFile(setting, file, given, base, stack) ??
      fromDefault(setting, input.cwd);
    values[setting.key] = choice ? readValue(setting, { ...choice, env: input.env }) : undefined;
    origins[setting.key] = choice?.origin ?? 'default';
  }
  const config = {
    values: values as Settings,
    origins: origins as Record<SettingKey, string>,
    hints: [...stack.hints, ...hints, ...mistypedVariables(input.env)],
    ...(file ? { file: file.name } : {}),
  };
  return withStackExport(config, stack);
}

function findFile({ file, env, cwd }: ConfigInput): TomlFile | undefined {
  const wanted = file ?? (env['FINOPS_CONFIG'] || undefined);
  if (wanted !== undefined) {
    const found = readTomlFile(resolve(cwd, wanted), shortName(resolve(cwd, wanted), cwd));
    if (found) return found;
    throw errors.fileMissing({
      origin: file === undefined ? 'env FINOPS_CONFIG' : 'flag --config',
      file: wanted,
    });
  }
  return readTomlFile(resolve(cwd, 'finops.toml'), 'finops.toml') ?? findStackFile(cwd);
}

/** `config.toml` is a common name: a file that is no Open FinOps Stack configuration is not ours to judge. */
function findStackFile(cwd: string): TomlFile | undefined {
  try {
    const file = readTomlFile(resolve(cwd, 'config.toml'), 'config.toml');
    return file && isStackFile(file.document) ? file : undefined;
  } catch {
    return undefined;
  }
}

function shortName(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith('..') || isAbsolute(short) ? path : short;
}

/** Setting key → value as the file gives it. Refuses a key that nobody reads; in the other tool's own file, a hint. */
function keysOf(file: TomlFile, hints: string[]): Map<string, unknown> {
  const keys = allSettings.map((setting) => setting.key as string);
  const isTheirs = basename(file.name) === 'config.toml' && isStackFile(file.document);
  const found = new Map<string, unknown>();
  function visit(table: Table, prefix: string): void {
    for (const [name, value] of Object.entries(table)) {
      const path = `${prefix}${name}`;
      if (keys.includes(path)) found.set(path, value);
      else if (isStackKey(path)) continue;
      else if (isTable(value) && Object.keys(value).length > 0) visit(value, `${path}.`);
      else if (!isTable(value) || !keys.some((key) => key.startsWith(`${path}.`))) {
        if (!isTheirs) throw unknownKey(file, path, keys);
        hints.push(`${file.place(path)}: ${path} is not read: there is no such setting`);
      }
    }
  }
  visit(file.document, '');
  return found;
}

function unknownKey(file: TomlFile, path: string, keys: readonly string[]): Error {
  return errors.unknownKey({ origin: file.place(path), key: path, nearest: nearestNames(path, keys)[0] });
}

function fromFlag(setting: Setting & { readonly key: SettingKey }, input: ConfigInput): Given | undefined {
  const raw = input.flags?.[setting.key];
  if (raw === undefined) return undefined;
  return { raw, origin: `flag ${setting.flag ?? setting.key}`, base: input.cwd };
}

function fromEnv(setting: Setting, { env, cwd }: ConfigInput, stack: StackSettings): Given | undefined {
  const raw = env[setting.env];
  if (raw) return { raw, origin: `env ${setting.env}`, base: cwd };
  for (const [name, means] of Object.entries(setting.otherEnv ?? {})) {
    if (env[name]) return { raw: means, origin: `env ${name}`, base: cwd };
  }
  return setting.key === 'data' ? stack.dataFromEnv : undefined;
}

function fromFile(
  setting: Setting,
  file: TomlFile | undefined,
  given: ReadonlyMap<string, unknown>,
  base: string,
  stack: StackSettings,
): Given | undefined {
  if (file && given.has(setting.key)) {
    return { raw: given.get(setting.key), origin: file.place(setting.key), base, place: file.place };
  }
  return setting.key === 'data' ? stack.dataFromFile : undefined;
}

function fromDefault(setting: Setting, cwd: string): Given | undefined {
  return setting.default === undefined ? undefined : { raw: setting.default, origin: 'default', base: cwd };
}

/** Adds the Open FinOps Stack's export to ours, unless one of ours has its name. */
function withStackExport(config: Config, { awsExport }: StackSettings): Config {
  const ours = config.values['aws.exports'];
  if (!awsExport || ours.some((item) => item.name === awsExport.value.name)) return config;
  const origin = ours.length > 0 ? `${config.origins['aws.exports']}, ${awsExport.origin}` : awsExport.origin;
  return {
    ...config,
    values: { ...config.values, 'aws.exports': [...ours, awsExport.value] },
    origins: { ...config.origins, 'aws.exports': origin },
  };
}

function mistypedVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = ['FINOPS_CONFIG', ...allSettings.map((setting) => setting.env)];
  return Object.keys(env)
    .filter((name) => name.startsWith('FINOPS_') && !known.includes(name))
    .sort()
    .flatMap((name) => {
      const [nearest] = nearestNames(name, known);
      return nearest === undefined ? [] : [`env ${name} is not a setting; did you mean ${nearest}?`];
    });
}
