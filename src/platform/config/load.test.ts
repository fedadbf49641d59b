import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Refusal } from '../kernel/index.ts';
import { listSettings } from './list.ts';
import { type Config, type ConfigInput, loadConfig } from './load.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'finops-config-'));
});

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

function load(input: Partial<ConfigInput> = {}): Config {
  return loadConfig({ env: {}, cwd: folder, ...input });
}

function refused(input: Partial<ConfigInput> = {}): Refusal {
  try {
    load(input);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('precedence', () => {
  it('takes the flag before the variable, the variable before the file, the file before the default', () => {
    const env = { FINOPS_DATA: 'from-env' };
    const flags = { data: 'from-flag' };
    expect([load().values.data, load().origins.data]).toEqual([join(folder, 'data'), 'default']);
    write('finops.toml', '# ours\ndata = "from-file"\n');
    expect([load().values.data, load().origins.data]).toEqual([join(folder, 'from-file'), 'finops.toml:2']);
    const byEnv = load({ env });
    expect([byEnv.values.data, byEnv.origins.data]).toEqual([join(folder, 'from-env'), 'env FINOPS_DATA']);
    const byFlag = load({ env, flags });
    expect([byFlag.values.data, byFlag.origins.data]).toEqual([join(folder, 'from-flag'), 'flag --data']);
  });

  it('reads addresses and networks from a variable with commas between', () => {
    const env = { FINOPS_SERVER_TRUST_PROXY: '10.0.0.5, 10.1.0.0/16,2001:db8::/32' };
    expect(load({ env }).values['server.trustProxy']).toEqual(['10.0.0.5', '10.1.0.0/16', '2001:db8::/32']);
  });

  it('counts an empty variable as absent', () => {
    expect(load({ env: { FINOPS_SERVER_PORT: '' } }).origins['server.port']).toBe('default');
  });

  it('starts the relative paths of a file at that file, those of flags and variables at the current folder', () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'finops-elsewhere-'));
    writeFileSync(join(elsewhere, 'our.toml'), 'data = "lake"\nimport.roots = ["bills"]\n');
    const config = load({ file: join(elsewhere, 'our.toml'), env: { FINOPS_IMPORT_ROOTS: '' } });
    expect(config.values.data).toBe(join(elsewhere, 'lake'));
    expect(config.values['import.roots']).toEqual([join(elsewhere, 'bills')]);
    expect(config.origins.data).toBe(`${join(elsewhere, 'our.toml')}:1`);
    expect(load({ env: { FINOPS_IMPORT_ROOTS: 'a:/b' } }).values['import.roots']).toEqual([
      join(folder, 'a'),
      '/b',
    ]);
  });

  it('reads the file of FINOPS_CONFIG, and that of --config before it', () => {
    write('a.toml', 'server.port = 1\n');
    write('b.toml', 'server.port = 2\n');
    expect(load({ env: { FINOPS_CONFIG: 'a.toml' } }).values['server.port']).toBe(1);
    expect(load({ env: { FINOPS_CONFIG: 'a.toml' }, file: 'b.toml' }).values['server.port']).toBe(2);
  });

  it('reads NO_COLOR as never, and lets FINOPS_COLOR and --no-color win', () => {
    expect(load({ env: { NO_COLOR: '1' } }).values.color).toBe('never');
    expect(load({ env: { NO_COLOR: '1', FINOPS_COLOR: 'always' } }).values.color).toBe('always');
    expect(load({ env: { FINOPS_COLOR: 'always' }, flags: { color: 'never' } }).origins.color).toBe(
      'flag --no-color',
    );
  });
});

describe('refusals', () => {
  it('names an unknown key with its line and the nearest setting', () => {
    write('finops.toml', '\n[engine]\nmemory_limit = 1\nthreds = 4\n');
    expect(refused().message).toBe(
      "finops.toml:3: 'engine.memory_limit' is not a setting; did you mean 'engine.memoryLimitMb'?",
    );
    write('finops.toml', '[engine]\nthreds = 4\n');
    const refusal = refused();
    expect([refusal.code, refusal.exitCode]).toEqual(['config.unknownKey', 2]);
    expect(refusal.message).toBe(
      "finops.toml:2: 'engine.threds' is not a setting; did you mean 'engine.threads'?",
    );
  });

  it('sends an unknown key that resembles nothing to config list', () => {
    write('finops.toml', 'gardening = true\n');
    expect(refused().message).toContain("'finops config list' shows them all");
  });

  it.each([
    [
      '[server]\nport = "high"\n',
      "finops.toml:2: server.port must be a whole number from 0 to 65535, not 'high'.",
    ],
    [
      'server.port = 4870.5\n',
      'finops.toml:1: server.port must be a whole number from 0 to 65535, not 4870.5.',
    ],
    ['data = 3\n', 'finops.toml:1: data must be text that is not empty, not 3.'],
    [
      'server.trustProxy = ["10.0.0.0/8", "0.0.0.0/0"]\n',
      'finops.toml:1: server.trustProxy must be a list of IP addresses or networks such as 10.0.0.0/8, not a list.',
    ],
    [
      'server.trustProxy = "proxy.example.com"\n',
      "finops.toml:1: server.trustProxy must be a list of IP addresses or networks such as 10.0.0.0/8, not 'proxy.example.com'.",
    ],
    [
      'log.level = "loud"\n',
      "finops.toml:1: log.level must be one of debug, info, warn, error, silent, not 'loud'.",
    ],
    [
      'import.roots = "."\n[gc]\nkeepDays = 0\n',
      'finops.toml:3: gc.keepDays must be a whole number from 1 to 36500, not 0.',
    ],
    ['engine = 3\n', "finops.toml:1: 'engine' is not a setting; 'finops config list' shows them all."],
    [
      '[[aws.exports]]\nname = "a"\nuri = "s3://bucket"\n\n[[aws.exports]]\nname = "b"\nurl = "s3://bucket"\n',
      "finops.toml:7: 'aws.exports[1].url' is not a setting; did you mean 'uri'?",
    ],
    [
      '[[aws.exports]]\nname = "a"\nuri = "gs://bucket"\n',
      'finops.toml:3: aws.exports[0].uri must be s3://bucket/prefix or a folder.',
    ],
    ['[[aws.exports]]\nuri = "s3://bucket"\n', 'finops.toml:1: aws.exports[0].name must be given.'],
    [
      '[[aws.exports]]\nname = "../a"\nuri = "s3://bucket"\n',
      'finops.toml:2: aws.exports[0].name must be letters, digits, dot, underscore or hyphen, at most 128.',
    ],
    [
      '[[aws.exports]]\nname = "a"\nuri = "x"\n[[aws.exports]]\nname = "a"\nuri = "y"\n',
      "finops.toml:5: aws.exports[1].name must be unique, not 'a' again.",
    ],
  ])('says file, line, key and what is expected: %j', (text, sentence) => {
    write('finops.toml', text);
    expect(refused().message).toBe(sentence);
  });

  it('names the variable or the flag that holds a wrong value', () => {
    expect(refused({ env: { FINOPS_SERVER_PORT: 'x' } }).message).toContain(
      'env FINOPS_SERVER_PORT: server.port must be',
    );
    expect(refused({ flags: { 'server.port': '70000' } }).message).toContain(
      'flag --port: server.port must be',
    );
    expect(refused({ env: { FINOPS_AWS_EXPORTS: '{' } }).message).toContain(
      'env FINOPS_AWS_EXPORTS: aws.exports must be',
    );
  });

  it('says where a file is not TOML and never quotes it', () => {
    write('finops.toml', '[server]\ntoken = hunter2\n');
    const refusal = refused();
    expect(refusal.message).toBe(
      'finops.toml:2:9: this is not TOML: invalid value. Mend the file and run again.',
    );
    expect(JSON.stringify(refusal)).not.toContain('hunter2');
  });

  it('refuses a file that was named and is not there', () => {
    expect(refused({ file: 'no.toml' }).message).toBe(
      "flag --config: there is no configuration file 'no.toml'.",
    );
    expect(refused({ env: { FINOPS_CONFIG: 'no.toml' } }).message).toContain('env FINOPS_CONFIG');
  });
});

describe('secrets', () => {
  it('shows stars for the token and for the external id of an export', () => {
    write('finops.toml', '[[aws.exports]]\nname = "a"\nuri = "s3://bucket/p/"\nexternalId = "swordfish"\n');
    const rows = listSettings(load({ env: { FINOPS_SERVER_TOKEN: 'hunter2' } }));
    const shown = new Map(rows.map((row) => [row.key, row.value]));
    expect(shown.get('server.token')).toBe('***');
    expect(shown.get('aws.exports')).toBe(
      '[{ name = "a", uri = "s3://bucket/p", exportName = "a", source = "a", externalId = "***" }]',
    );
    expect(JSON.stringify(rows)).not.toMatch(/hunter2|swordfish/);
  });

  it('keeps a secret of the wrong type out of the error', () => {
    write('finops.toml', '[server]\ntoken = 424242\n');
    expect(refused().message).toBe('finops.toml:2: server.token must be text that is not empty.');
    expect(JSON.stringify(refused())).not.toContain('424242');
    const env = { FINOPS_AWS_EXPORTS: '[{"name":"a","uri":"s3://bucket","externalId":["swordfish"]}]' };
    expect(JSON.stringify([refused({ env }), refused({ env }).message])).not.toContain('swordfish');
  });
});

describe('config list', () => {
  it('has one row for every setting, with null for what is not set', () => {
    const rows = listSettings(load());
    expect(rows.find((row) => row.key === 'engine.threads')).toMatchObject({
      value: null,
      origin: 'default',
    });
    expect(rows.find((row) => row.key === 'server.port')).toMatchObject({ value: '4870', origin: 'default' });
    expect(rows.every((row) => row.description.length > 10)).toBe(true);
  });
});

describe('coming from the Open FinOps Stack', () => {
  const theirs = `[project]
name = "open-finops-stack"
data_dir = "./lake"

[aws]
bucket = "bills"
prefix = "cur"
export_name = "hourly"
cur_version = "v1"

[gcp]
project_id = "p"
`;

  it('reads its config.toml and says for every key what to write instead', () => {
    write('config.toml', theirs);
    const config = load();
    expect(config.values.data).toBe(join(folder, 'lake'));
    expect(config.origins.data).toBe('config.toml:3');
    expect(config.values['aws.exports']).toEqual([
      { name: 'hourly', uri: 's3://bills/cur', exportName: 'hourly', source: 'hourly', kind: 'v1' },
    ]);
    expect(config.hints).toContain(
      'config.toml:3: project.data_dir is read as data; write data in finops.toml',
    );
    expect(config.hints.filter((hint) => hint.startsWith('config.toml:'))).toHaveLength(7);
    expect(config.hints.at(-1)).toMatch(/^config\.toml:11: gcp is not read: .* FOCUS format$/);
  });

  it('lets its variables win over its file, and ours over both', () => {
    write('config.toml', theirs);
    const env = { OPEN_FINOPS_AWS_BUCKET: 'other', OPEN_FINOPS_DATA_DIR: 'theirs' };
    expect(load({ env }).values['aws.exports'][0]?.uri).toBe('s3://other/cur');
    expect(load({ env }).origins.data).toBe('env OPEN_FINOPS_DATA_DIR');
    expect(load({ env }).hints).toContain(
      'env OPEN_FINOPS_AWS_BUCKET is read as part of aws.exports; write uri = "s3://bucket/prefix" in an [[aws.exports]] table',
    );
    expect(load({ env: { ...env, FINOPS_DATA: 'ours' } }).values.data).toBe(join(folder, 'ours'));
  });

  it('leaves a config.toml of some other tool alone', () => {
    write('config.toml', '[build]\ntarget = "x"\n');
    expect(load()).toMatchObject({ hints: [] });
    expect(load().file).toBeUndefined();
    write('config.toml', 'not toml at all');
    expect(load().hints).toEqual([]);
  });

  it('names a variable of its prefix that it does not know, and an export that is half given', () => {
    expect(load({ env: { OPEN_FINOPS_COLOUR: 'x', OPEN_FINOPS_AWS_BUCKET: 'b' } }).hints).toEqual([
      'env OPEN_FINOPS_AWS_BUCKET is read as part of aws.exports; write uri = "s3://bucket/prefix" in an [[aws.exports]] table',
      'env OPEN_FINOPS_COLOUR is not read: there is no such setting',
      'env OPEN_FINOPS_AWS_BUCKET: no AWS export is set up, it needs both bucket and export_name',
    ]);
  });

  it('never repeats a key that someone wrote into its file', () => {
    write('config.toml', `${theirs}\n[aws.x]\n`.replace('[gcp]', 'secret_access_key = "swordfish"\n\n[gcp]'));
    const config = load();
    expect(JSON.stringify(config)).not.toContain('swordfish');
    expect(config.hints.join('\n')).toContain(
      'aws.secret_access_key is not read: write AWS_SECRET_ACCESS_KEY',
    );
  });
});

it('hints at a variable that looks mistyped', () => {
  expect(load({ env: { FINOPS_DTA: 'x', FINOPS_SOMETHING_ELSE: 'y' } }).hints).toEqual([
    'env FINOPS_DTA is not a setting; did you mean FINOPS_DATA?',
  ]);
});
