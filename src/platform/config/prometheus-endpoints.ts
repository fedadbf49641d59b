import { type PrometheusEndpoint, prometheusEndpointFields } from './settings.ts';
import { readTables, refuseDoubles, unfit } from './tables.ts';
import type { Given } from './value.ts';

type Texts = Readonly<Record<string, string>>;

/**
 * Reads `[[usage.prometheus]]` tables, or the same as a JSON array in a variable. A secret that lies in a variable of its own
 * is taken from there; whether that one is set is asked when the endpoint is used, so that other commands run without it.
 */
export function readPrometheusEndpoints(key: string, given: Given): readonly PrometheusEndpoint[] {
  const endpoints = readTables(key, given, prometheusEndpointFields).map(({ path, texts }) =>
    checked(path, texts, given),
  );
  refuseDoubles(key, given, endpoints);
  return endpoints;
}

function checked(path: string, texts: Texts, given: Given): PrometheusEndpoint {
  const { name = '', url = '', entity, tenant, user } = texts;
  // The name is that of the usage that it delivers, and so a folder of the lake.
  if (!/^[A-Za-z0-9][\w.-]{0,99}$/.test(name))
    throw unfit(given, `${path}.name`, 'letters, digits, dot, underscore or hyphen, at most 100');
  // The address is listed: what is secret has fields of its own.
  if (!/^https?:\/\/[^/?#@]+(\/[^?#@]*)?$/i.test(url))
    throw unfit(given, `${path}.url`, 'an address without user, query and fragment, https://host/path');
  if (tenant !== undefined && !/^[\x21-\x7e]+$/.test(tenant))
    throw unfit(given, `${path}.tenant`, 'ASCII without blanks');
  const bearerToken = secretOf(path, 'bearerToken', texts, given);
  const password = secretOf(path, 'password', texts, given);
  const hasToken = texts['bearerToken'] !== undefined || texts['bearerTokenVariable'] !== undefined;
  if (hasToken && user !== undefined) throw unfit(given, `${path}.user`, 'absent where a token is given');
  return {
    ...{ name, url },
    ...(entity === undefined ? {} : { entity }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(user === undefined ? {} : { user }),
    ...bearerToken,
    ...password,
    allowInsecure: isYes(path, 'allowInsecure', texts, given),
    allowPrivateNetwork: isYes(path, 'allowPrivateNetwork', texts, given),
  };
}

/** The secret, or what the variable of its name holds, and that name. */
function secretOf(
  path: string,
  field: 'bearerToken' | 'password',
  texts: Texts,
  given: Given,
): Partial<PrometheusEndpoint> {
  const direct = texts[field];
  const variable = texts[`${field}Variable`];
  if (direct !== undefined && variable !== undefined)
    throw unfit(given, `${path}.${field}Variable`, `absent where ${field} is given`);
  const value = direct ?? (variable === undefined ? undefined : given.env?.[variable] || undefined);
  if (value !== undefined && !/^[\x20-\x7e]+$/.test(value)) throw unfit(given, `${path}.${field}`, 'ASCII');
  return {
    ...(value === undefined ? {} : { [field]: value }),
    ...(variable === undefined ? {} : { [`${field}Variable`]: variable }),
  };
}

function isYes(path: string, field: string, texts: Texts, given: Given): boolean {
  const value = texts[field] ?? 'no';
  if (value !== 'yes' && value !== 'no') throw unfit(given, `${path}.${field}`, 'yes or no');
  return value === 'yes';
}
