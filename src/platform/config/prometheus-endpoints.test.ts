import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../kernel/index.ts';
import { listSettings } from './list.ts';
import { loadConfig } from './load.ts';

const table = (lines: string) => `[[usage.prometheus]]\nname = "prom"\n${lines}\n`;
const url = 'url = "https://prom.example.com/base"';

function load(toml: string, env: Readonly<Record<string, string>> = {}) {
  const cwd = mkdtempSync(join(tmpdir(), 'finops-prometheus-'));
  writeFileSync(join(cwd, 'finops.toml'), toml);
  return loadConfig({ env, cwd });
}

function messageOf(toml: string, env?: Readonly<Record<string, string>>): string {
  try {
    load(toml, env);
  } catch (error) {
    if (error instanceof Refusal) return error.message;
  }
  return 'it was taken';
}

describe('monitoring systems', () => {
  it('are read with their access, and nothing is allowed unless it is said', () => {
    const [endpoint] = load(table(`${url}\nentity = "retail"\ntenant = "t1"`)).values['usage.prometheus'];
    expect(endpoint).toEqual({
      name: 'prom',
      url: 'https://prom.example.com/base',
      entity: 'retail',
      tenant: 't1',
      allowInsecure: false,
      allowPrivateNetwork: false,
    });
  });

  it('are read from a variable as a JSON array', () => {
    const env = { FINOPS_USAGE_PROMETHEUS: '[{"name":"p","url":"http://localhost:9090"}]' };
    expect(load('', env).values['usage.prometheus'].map(({ name }) => name)).toEqual(['p']);
  });

  it('take a secret from the variable that is named, and need none until it is used', () => {
    const toml = table(`${url}\nbearerTokenVariable = "PROM_TOKEN"`);
    const [named] = load(toml, { PROM_TOKEN: 'hunter2' }).values['usage.prometheus'];
    expect(named?.bearerToken).toBe('hunter2');
    const [unset] = load(toml).values['usage.prometheus'];
    expect(unset).toMatchObject({ bearerTokenVariable: 'PROM_TOKEN' });
    expect(unset?.bearerToken).toBeUndefined();
  });

  it('are listed without their secrets', () => {
    const toml = `${table(`${url}\nbearerToken = "swordfish"\nallowInsecure = "yes"`)}[[usage.prometheus]]\nname = "b"\n${url}\nuser = "ann"\npasswordVariable = "PW"\n`;
    const rows = listSettings(load(toml, { PW: 'hunter2' }));
    expect(JSON.stringify(rows)).not.toMatch(/swordfish|hunter2/);
    expect(rows.find(({ key }) => key === 'usage.prometheus')?.value).toBe(
      '[{ name = "prom", url = "https://prom.example.com/base", bearerToken = "***", allowInsecure = "yes" }, ' +
        '{ name = "b", url = "https://prom.example.com/base", user = "ann", passwordVariable = "PW" }]',
    );
  });

  it.each([
    ['no address', '', 'finops.toml:1: usage.prometheus[0].url must be given.'],
    [
      'another protocol',
      'url = "ftp://x"',
      'finops.toml:3: usage.prometheus[0].url must be an address without',
    ],
    ['a password in the address', 'url = "https://a:secret@x"', 'must be an address without user, query'],
    ['a query in the address', 'url = "https://x/?token=secret"', 'must be an address without user, query'],
    ['an unknown key', `${url}\ntoken = "x"`, "'usage.prometheus[0].token' is not a setting"],
    [
      'token and user',
      `${url}\nbearerToken = "x"\nuser = "y"`,
      'usage.prometheus[0].user must be absent where',
    ],
    [
      'a token twice',
      `${url}\nbearerToken = "x"\nbearerTokenVariable = "Y"`,
      'Variable must be absent where',
    ],
    ['neither yes nor no', `${url}\nallowInsecure = "maybe"`, 'allowInsecure must be yes or no'],
    ['a line end in a token', `${url}\nbearerToken = "x\\r\\nHost: y"`, 'bearerToken must be ASCII'],
    ['a blank in a tenant', `${url}\ntenant = "a b"`, 'tenant must be ASCII without blanks'],
  ])('are refused with %s', (_, lines, message) => {
    const said = messageOf(table(lines));
    expect(said).toContain(message);
    expect(said).not.toContain('secret');
  });

  it('have each a name of their own', () => {
    expect(messageOf(table(url) + table(url))).toContain("must be unique, not 'prom' again");
    expect(messageOf(`[[usage.prometheus]]\nname = "../x"\n${url}\n`)).toContain('.name must be letters');
  });
});
