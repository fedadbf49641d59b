import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csv, focus } from '../../modules/ingestion/testing/bills.ts';
import { loadConfig } from '../../platform/config/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace } from '../../platform/warehouse/index.ts';
import { type RunningServer, serve } from '../server/index.ts';
import { collect } from './commands/cost.ts';
import { run } from './run.ts';
import { fakeIo } from './testing/fake-io.ts';

let folder: string;
let data: string;
let prepared: PreparedRecords;

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function finops(...args: readonly string[]): Promise<Answer> {
  const io = fakeIo({ cwd: folder, env: prepared.env });
  const code = await run([...args, ...(args.includes('--data') ? [] : ['--data', data])], io);
  return { code, out: io.out(), err: io.err() };
}

async function json(...args: readonly string[]) {
  const { code, out } = await finops(...args, '--json');
  return { code, ...JSON.parse(out) };
}

async function bill(name: string, ...rows: readonly Readonly<Record<string, string>>[]): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), csv(focus(...rows)));
}

const october = [
  { ServiceName: 'Search', BilledCost: '10.000000000001', EffectiveCost: '9', SubAccountId: 'a' },
  { ServiceName: 'Mail', BilledCost: '20', EffectiveCost: '20', SubAccountId: 'b' },
  { ServiceName: 'Maps', BilledCost: '5', EffectiveCost: '5', SubAccountId: 'b' },
] as const;

/** A server over the same folder, for as long as the work takes. */
async function withServer<T>(root: string, work: (server: RunningServer) => Promise<T>): Promise<T> {
  const workspace = openWorkspace({ root, threads: 1 });
  const server = await serve({
    workspace,
    config: loadConfig({ env: { FINOPS_SERVER_PORT: '0', ...prepared.env }, cwd: folder }),
  });
  try {
    return await work(server);
  } finally {
    await server.close();
    await workspace.close();
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finops-commands-'));
  data = join(folder, 'data');
  prepared = await prepareTestRecords(data);
  await bill('saas-2026-10.csv', ...october);
});
afterAll(async () => {
  await prepared.remove();
  await rm(folder, { recursive: true, force: true });
});

describe('finops import', () => {
  it('prints one entry per source, month and currency, with exact costs as text', async () => {
    const result = await json('import', 'saas-2026-10.csv');
    expect(result).toMatchObject({ code: 0, schemaVersion: 1, errors: [] });
    expect(result.imports).toMatchObject([
      {
        source: 'saas',
        billingPeriod: '2026-10',
        format: 'focus-1.2',
        currency: 'USD',
        rowsRead: 3,
        rowsWritten: 3,
        rowsQuarantined: 0,
        nativeCost: '35.000000000001',
        nativeRounding: '0',
        billedCost: '35.000000000001',
        effectiveCost: '34',
        status: 'imported',
      },
    ]);
  });

  it('shows a person that it ties, and the second time that nothing has changed', async () => {
    const { code, out } = await finops('import', 'saas-2026-10.csv', '--bridge');
    expect(code).toBe(0);
    expect(out).toMatch(/saas +2026-10 +focus-1\.2 +3 +35\.00 +35\.00 +34\.00 +USD +yes +unchanged/);
    expect(out).toContain('saas 2026-10: from BilledCost to EffectiveCost');
  });

  it('takes a quarantine rule before the file, and says once what is true of every file', async () => {
    const columns = ['BilledCost', 'BillingCurrency', 'BillingPeriodStart', 'ChargePeriodStart'];
    const line = '1,USD,2026-10-01T00:00:00Z,2026-10-01T00:00:00Z\n';
    await mkdir(join(folder, 'alike'), { recursive: true });
    for (const name of ['one', 'two'])
      await writeFile(
        join(folder, 'alike', `${name}.csv`),
        `${columns.join(',')}\n${line}many${line.slice(1)}`,
      );
    const args = ['--accept-quarantine', 'unreadable-number', 'alike', '--as', 'focus'];
    const { code, out } = await finops('import', ...args, '--data', join(folder, 'alike-data'));
    expect(code).toBe(0);
    expect(out.match(/ServiceName belongs to/g)).toHaveLength(1);
    expect(out.match(/left out by rule unreadable-number/g)).toHaveLength(2);
  });

  it('ends with the exit code of the first refusal and names it', async () => {
    await writeFile(join(folder, 'empty.csv'), '');
    const { code, err } = await finops('import', 'empty.csv');
    expect(code).toBe(5);
    expect(err).toContain('ingestion.emptyFile: ');
    expect((await finops('import', 'nothing.csv')).code).toBe(3);
  });
});

describe('finops cost', () => {
  it('prints rows and totals', async () => {
    const result = await json('cost', '--metric', 'BilledCost', '--by', 'ServiceName');
    expect(result).toMatchObject({
      code: 0,
      schemaVersion: 1,
      rows: [
        { ServiceName: 'Mail', BilledCost: '20' },
        { ServiceName: 'Search', BilledCost: '10.000000000001' },
        { ServiceName: 'Maps', BilledCost: '5' },
      ],
      totals: { BilledCost: '35.000000000001' },
    });
  });

  it('says so when nothing is imported for what was asked, instead of a bare zero', async () => {
    expect((await finops('cost', '--source', 'mistyped')).err).toContain('Nothing is imported');
    expect((await finops('cost')).err).toBe('');
  });

  it('takes filters, grains, orders and the largest with the rest', async () => {
    const where = ['--where', "ServiceName != 'Maps'", '--where', 'BilledCost > 1'];
    const filtered = await json('cost', '--grain', 'month', '--metric', 'BilledCost,rows', ...where);
    expect(filtered.rows).toEqual([{ month: '2026-10', BilledCost: '30.000000000001', rows: 2 }]);
    const top = await json('cost', '--by', 'ServiceName', '--top', '1', '--order', 'EffectiveCost:asc');
    expect(top.rows).toEqual([
      { ServiceName: 'other', EffectiveCost: '14' },
      { ServiceName: 'Mail', EffectiveCost: '20' },
    ]);
    expect((await json('cost', '--from', '2026-11')).totals).toEqual({ EffectiveCost: '0' });
  });

  it.each([
    [['--where', 'ServiceName ='], 'query.syntax'],
    [['--by', 'ServiceNam'], 'query.unknownColumn'],
    [['--top', 'many'], 'cli.usage'],
    [['--from', 'October'], 'cli.usage'],
  ])('refuses %j as a mistake of the caller', async (args, code) => {
    const refused = await json('cost', ...args);
    expect([refused.code, refused.error.code]).toEqual([2, code]);
  });

  it('splits lists at commas outside of quotes and brackets', () => {
    expect(collect('ServiceName, Tags["a,b"],coverage(Tags.app, BilledCost)')).toEqual([
      'ServiceName',
      'Tags["a,b"]',
      'coverage(Tags.app, BilledCost)',
    ]);
    expect(collect('b', ['a'])).toEqual(['a', 'b']);
  });
});

describe('from a figure back to the bill', () => {
  it('finops explain row names file, row and rules', async () => {
    const { rows } = await json('cost', '--by', 'x_RowId', '--top', '1', '--limit', '1');
    const explained = await json('explain', 'row', rows[0].x_RowId);
    expect(explained).toMatchObject({
      row: 2,
      file: join(folder, 'saas-2026-10.csv'),
      original: { ServiceName: 'Mail' },
    });
    expect((await finops('explain', 'row', 'nonsense')).code).toBe(3);
  });

  it('finops reconcile ends with 6 when the invoice says something else', async () => {
    const at = ['reconcile', '--source', 'saas', '--month', '2026-10', '--invoice-total'];
    expect(await json(...at, '35.00')).toMatchObject({ code: 0, ties: true });
    expect(await json(...at, '35.01')).toMatchObject({ code: 6, ties: false, difference: '-0.01' });
    expect((await finops(...at, '35.01')).out).toContain('does not tie, by -0.01 USD');
  });

  it('a question and finops snapshots verify end with 6 when a file is lost', async () => {
    expect(await json('snapshots', 'verify')).toMatchObject({ code: 0, findings: [] });
    const workspace = openWorkspace({ root: data });
    const [entry] = (await workspace.lake.current()).partitions.filter(({ dataset }) => dataset === 'cost');
    const file = workspace.lake.resolve(entry?.current?.files[0]?.path ?? '');
    await workspace.close();
    await rename(file, `${file}.away`);
    const verified = await json('snapshots', 'verify');
    const doctor = await json('doctor');
    const cost = await json('cost');
    await rename(`${file}.away`, file);
    expect([cost.code, cost.error.code]).toEqual([6, 'server.lostFile']);
    expect(verified).toMatchObject({ code: 6, findings: [{ problem: 'the file is missing' }] });
    expect([
      doctor.code,
      doctor.checks.find(({ check }: { check: string }) => check === 'files').state,
    ]).toEqual([1, 'fail']);
  });
});

describe('finops export focus', () => {
  it('writes the version asked for, and no file twice', async () => {
    const out = ['export', 'focus', '--version', '1.2', '--out', 'costs.csv', '--provenance'];
    expect(await json(...out)).toMatchObject({ code: 0, rows: 3, file: join(folder, 'costs.csv') });
    const text = await readFile(join(folder, 'costs.csv'), 'utf8');
    expect(text.split('\n')[0]).toContain('ProviderName');
    expect(text.split('\n')[0]).toContain('x_RowId');
    expect((await json(...out)).code).toBe(7);
    expect((await json(...out, '--overwrite')).code).toBe(0);
    expect((await finops('export', 'focus', '--out', 'no/where.csv')).code).toBe(3);
  });

  it('leaves --version to print the version of finops everywhere else', async () => {
    expect((await finops('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await finops('cost', '--version', '1.2')).code).toBe(2);
  });
});

describe('restatements', () => {
  it('replace a month; diff explains, rollback returns, pins hold', async () => {
    const month = ['--source', 'saas', '--month', '2026-10'];
    await bill('saas-2026-10.csv', { ...october[0], BilledCost: '11', EffectiveCost: '11' }, october[1]);
    expect((await json('import', 'saas-2026-10.csv')).imports).toMatchObject([{ status: 'replaced' }]);
    const diff = await json('snapshots', 'diff', ...month, '--by', 'ServiceName,SubAccountId');
    expect(diff.groupsInAll).toBe(2);
    expect(diff.totals).toMatchObject([{ BilledCost: { from: '35.000000000001', to: '31' } }]);
    expect((await finops('snapshots', 'diff', ...month)).out).toContain('Δ billed');

    expect((await json('snapshots', 'pin', ...month, '--reason', 'closed')).months).toMatchObject([
      { pinned: ['closed'] },
    ]);
    expect((await json('snapshots', 'rollback', ...month)).code).toBe(7);
    expect((await json('snapshots', 'unpin', ...month)).code).toBe(0);
    expect((await json('snapshots', 'rollback', ...month)).months).toMatchObject([{ rows: 3 }]);
    expect((await json('gc', '--keep-days', '0', '--keep-versions', '1', '--grace-hours', '0')).code).toBe(0);
    expect((await json('periods', 'list')).items).toMatchObject([{ rows: 3 }]);
  });
});

describe('finops aws', () => {
  const deliver = async (assembly: string, cost: string) => {
    const at = join(folder, 'bucket', 'main', '20261001-20261101');
    const header =
      'bill/BillingPeriodStartDate,bill/BillingPeriodEndDate,bill/BillType,bill/PayerAccountId,identity/LineItemId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/ProductCode,lineItem/UsageType,lineItem/UsageAccountId,lineItem/CurrencyCode,lineItem/UnblendedCost';
    const row = `2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,Anniversary,111122223333,1,Usage,2026-10-02T00:00:00Z,2026-10-03T00:00:00Z,AmazonS3,Storage,111122223333,USD,${cost}`;
    await mkdir(join(at, assembly), { recursive: true });
    await writeFile(join(at, assembly, 'main-1.csv'), `${header}\n${row}\n`);
    const manifest = {
      assemblyId: assembly,
      reportName: 'main',
      bucket: 'b',
      billingPeriod: { start: '20261001T000000.000Z', end: '20261101T000000.000Z' },
      reportKeys: [`main/20261001-20261101/${assembly}/main-1.csv`],
    };
    await writeFile(join(at, 'main-Manifest.json'), JSON.stringify(manifest));
  };
  const own = () => ['--data', join(folder, 'aws-data'), '--uri', 'bucket', '--export-name', 'main'];

  it('imports new and changed versions only, unless told to reset', async () => {
    await deliver('first', '1.5');
    const statuses = async (...args: readonly string[]) =>
      (await json('aws', 'import-cur', ...own(), ...args)).imports.map(
        ({ status }: { status: string }) => status,
      );
    expect(await statuses()).toEqual(['imported']);
    expect(await statuses()).toEqual(['unchanged']);
    expect(await statuses('--reset')).toEqual(['replaced']);
    await deliver('second', '2.5');
    expect((await json('aws', 'list-manifests', ...own())).items).toMatchObject([
      { period: '2026-10', version: 'second', state: 'changed' },
    ]);
    expect((await json('aws', 'show-state', ...own())).items).toMatchObject([{ version: 'first', rows: 1 }]);
    expect(await statuses('--from', '2026-11')).toEqual([]);
    expect(await statuses()).toEqual(['replaced']);
    expect((await json('aws', 'list-manifests', ...own())).items).toMatchObject([{ state: 'loaded' }]);
  });

  it('lists the exports of a place, reads them from finops.toml, and says what is missing', async () => {
    expect((await json('aws', 'list-exports', '--uri', 'bucket')).items).toMatchObject([
      { name: 'main', kind: 'cur-v1', months: 1 },
    ]);
    await writeFile(join(folder, 'aws.toml'), '[[aws.exports]]\nname = "main"\nuri = "./bucket"\n');
    const config = ['--config', 'aws.toml'];
    expect((await json('aws', 'list-manifests', ...config)).items).toMatchObject([{ export: 'main' }]);
    expect((await finops('aws', 'list-manifests', ...config, '--export', 'other')).code).toBe(3);
    expect((await json('aws', 'import-cur')).error.code).toBe('ingestion.noExports');
    expect((await json('doctor', ...config)).checks).toContainEqual(
      expect.objectContaining({ check: 'export main', state: 'ok' }),
    );
  });
});

describe('with a server on the workspace', () => {
  it('every command prints the same to the letter', async () => {
    const commands = [
      ['sources'],
      ['periods', 'list', '--json'],
      ['snapshots', 'list', '--format', 'csv'],
      ['snapshots', 'verify'],
      [
        'cost',
        '--by',
        'ServiceName',
        '--grain',
        'day',
        '--metric',
        'BilledCost,EffectiveCost',
        '--format',
        'md',
      ],
      ['cost', '--by', 'Nope'],
      ['report', 'list', '--json'],
      ['report', 'run', 'billed-to-effective-bridge'],
      ['report', 'run', 'no-such-report', '--json'],
      ['reconcile', '--source', 'saas', '--month', '2026-10', '--invoice-total', '1.00'],
      ['explain', 'row', 'nonsense'],
      ['import', 'saas-2026-10.csv', '--source', '..'],
      ['import', 'nothing.csv'],
    ] as const;
    const ask = async () => {
      const answers = [];
      for (const command of commands) answers.push({ command, ...(await finops(...command)) });
      return answers;
    };
    const alone = await ask();
    const served = await withServer(data, ask);
    expect(served).toEqual(alone);
    expect(new Set(alone.map(({ code }) => code))).toEqual(new Set([0, 2, 3, 6]));
  });

  it('an import gives the same result, from any folder of the owner', async () => {
    const other = join(folder, 'served');
    await bill('served-2026-10.csv', ...october);
    const alone = await json('import', 'served-2026-10.csv', '--data', join(folder, 'alone'));
    const served = await withServer(other, () => json('import', 'served-2026-10.csv', '--data', other));
    const plain = (result: typeof alone) => ({
      ...result,
      seconds: 0,
      imports: result.imports.map((entry: object) => ({ ...entry, snapshot: 'x' })),
    });
    expect(plain(served)).toEqual(plain(alone));
  });

  it('changes and exports come through it too', async () => {
    await withServer(data, async (server) => {
      const month = ['--source', 'saas', '--month', '2026-10'];
      expect((await json('snapshots', 'pin', ...month, '--reason', 'by HTTP')).months).toMatchObject([
        { pinned: ['by HTTP'] },
      ]);
      expect((await json('snapshots', 'unpin', ...month)).code).toBe(0);
      expect(await json('export', 'focus', '--out', 'served.parquet')).toMatchObject({ code: 0, rows: 3 });
      const { checks } = await json('doctor');
      expect(checks).toContainEqual(
        expect.objectContaining({ check: 'server', found: expect.stringContaining(server.url) }),
      );
      expect((await finops('serve', '--port', '0')).code).toBe(7);
    });
    expect((await finops('sources')).code).toBe(0);
  });
});

describe('finops serve', () => {
  it('serves until it is interrupted, then leaves no file behind', async () => {
    const interrupt = new AbortController();
    const root = join(folder, 'serving');
    const io = fakeIo({ cwd: folder, interrupted: interrupt.signal });
    const running = run(['serve', '--port', '0', '--json', '--data', root], io);
    while (io.out() === '') await new Promise((resolve) => setTimeout(resolve, 20));
    const { url } = JSON.parse(io.out());
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/api/v1/sources`)).status).toBe(401);
    const headers = { authorization: 'Bearer not-to-be-logged' };
    expect((await fetch(`${url}/api/v1/sources`, { headers })).status).toBe(401);
    interrupt.abort('SIGTERM');
    expect(await running).toBe(0);
    await expect(readFile(join(root, 'finops.server.json'))).rejects.toThrow('ENOENT');
    expect(io.err()).toContain('"url":"/api/v1/sources","status":401');
    expect(io.err()).not.toContain('not-to-be-logged');
  });
});

describe('two processes on one embedded workspace', () => {
  it('makes the second one the client of a server that starts meanwhile', async () => {
    // A PostgreSQL serves both of them.
    if (prepared.databaseUrl !== undefined) return;
    const root = join(folder, 'shared');
    await prepareTestRecords(root);
    const workspace = openWorkspace({ root, threads: 1 });
    const config = loadConfig({ env: { FINOPS_SERVER_PORT: '0' }, cwd: folder });
    const starting = serve({ workspace, config });
    const asked = finops('people', 'list', '--data', root);
    const server = await starting;
    expect(await asked).toMatchObject({ code: 0 });
    await server.close();
    await workspace.close();
  });
});
