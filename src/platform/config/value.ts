import { isIP } from 'node:net';
import { delimiter, resolve } from 'node:path';
import { readAwsExports } from './aws-exports.ts';
import { errors } from './errors.ts';
import { readPrometheusEndpoints } from './prometheus-endpoints.ts';
import type { Setting } from './setting.ts';

/** A value as somebody gave it, and where. */
export interface Given {
  readonly raw: unknown;
  /** `flag --data`, `env FINOPS_DATA`, `finops.toml:12`, `default`. */
  readonly origin: string;
  /** Folder that relative paths start from. */
  readonly base: string;
  /** Place of a key below this one, for the elements of a list. */
  readonly place?: (suffix: string) => string;
  /** The environment, for secrets that a setting names the variable of. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** The checked value of a setting: numbers from text, paths absolute. Refuses the wrong type by origin and key. */
export function readValue(setting: Setting, given: Given): unknown {
  switch (setting.kind) {
    case 'text':
      return text(setting, given);
    case 'path':
      return resolve(given.base, text(setting, given));
    case 'pathList':
      return pathList(setting, given);
    case 'addressList':
      return addressList(setting, given);
    case 'integer':
      return integer(setting, given);
    case 'choice':
      return choice(setting, given);
    case 'awsExports':
      return readAwsExports(setting.key, given);
    case 'prometheusEndpoints':
      return readPrometheusEndpoints(setting.key, given);
  }
}

function text(setting: Setting, given: Given): string {
  if (typeof given.raw === 'string' && given.raw.trim() !== '') return given.raw;
  throw invalid(setting, given, 'text that is not empty');
}

function integer(setting: Setting, given: Given): number {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = setting;
  const number =
    typeof given.raw === 'string' && /^\d{1,15}$/.test(given.raw) ? Number(given.raw) : given.raw;
  if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max) return number;
  throw invalid(setting, given, `a whole number from ${min} to ${max}`);
}

function choice(setting: Setting, given: Given): string {
  const values = setting.values ?? [];
  if (typeof given.raw === 'string' && values.includes(given.raw)) return given.raw;
  throw invalid(setting, given, `one of ${values.join(', ')}`);
}

/** From text (flag, variable): separated as in PATH. */
function pathList(setting: Setting, given: Given): readonly string[] {
  const list =
    typeof given.raw === 'string' ? given.raw.split(delimiter).filter((part) => part !== '') : given.raw;
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'string' && item !== '')) {
    throw invalid(setting, given, 'a list of folders');
  }
  return list.map((item: string) => resolve(given.base, item));
}

/** From text: with commas between. */
function addressList(setting: Setting, given: Given): readonly string[] {
  const list = typeof given.raw === 'string' ? given.raw.split(',').map((part) => part.trim()) : given.raw;
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'string' && isNetwork(item)))
    throw invalid(setting, given, 'a list of IP addresses or networks such as 10.0.0.0/8');
  return list;
}

/** `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/32`. */
function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const most = { 4: 32, 6: 128 }[isIP(address)];
  if (most === undefined || rest.length > 0) return false;
  // Every address of the world is no proxy.
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= most);
}

function invalid(setting: Setting, given: Given, expected: string): Error {
  const found = setting.secret ? undefined : describe(given.raw);
  return errors.invalid({ origin: given.origin, key: setting.key, expected, found });
}

function describe(raw: unknown): string {
  if (typeof raw === 'string') return `'${raw.slice(0, 80)}'`;
  if (Array.isArray(raw)) return 'a list';
  return typeof raw === 'object' ? 'a table or date' : String(raw);
}
