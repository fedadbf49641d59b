import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AwsExport } from '../../platform/config/index.ts';
import { type Jobs, openJobs } from '../../platform/jobs/index.ts';
import { type Caller, nothing, ownerCaller, systemClock } from '../../platform/kernel/index.ts';
import { openTestRecords, type TestRecords } from '../../platform/records/testing/test-records.ts';
import { type AwsImportRequest, awsImportRequestSchema } from './aws-contract.ts';
import { awsImportHandler, awsImportKind } from './aws-import-handler.ts';
import type { ImportResult } from './contract.ts';
import { type ImportTask, runImportTask } from './import-task.ts';
import { type Bench, cur, openBench, put } from './testing/bills.ts';

let bench: Bench;
let test: TestRecords;
let jobs: Jobs;
let handler: ReturnType<typeof awsImportHandler>;
/** What was told to whoever does the work. */
const tasks: ImportTask[] = [];
const secret = 'an-external-id-that-nobody-reads';
const owner = ownerCaller(null);
const entities: Readonly<Record<string, string>> = { acme: 'fr', labs: 'fr', other: 'de' };

/** A person who imports into these sources, which belong to these entities. */
function personOf(entityIds: readonly string[], sources: readonly string[]): Caller {
  const actor = {
    kind: 'person',
    id: 'ann',
    name: 'ann@example.com',
    address: null,
    requestId: null,
  } as const;
  return { actor, scope: { ...nothing, entities: entityIds, sources } };
}
const french = personOf(['fr'], ['acme', 'labs']);

/** A month of an export as AWS lays it out, in a folder. */
async function deliver(name: string, version: string): Promise<void> {
  const at = `bucket/${name}/20261001-20261101`;
  await put(bench, `${at}/${version}/bill-1.csv`, cur({}));
  const manifest = {
    assemblyId: version,
    reportName: name,
    bucket: 'b',
    billingPeriod: { start: '20261001T000000.000Z', end: '20261101T000000.000Z' },
    reportKeys: [`${name}/20261001-20261101/${version}/bill-1.csv`],
  };
  await put(bench, `${at}/${name}-Manifest.json`, JSON.stringify(manifest));
}

beforeAll(async () => {
  bench = await openBench();
  test = await openTestRecords();
  const uri = join(bench.folder, 'bucket');
  const configured: readonly AwsExport[] = [
    { name: 'main', uri, exportName: 'main', source: 'acme', externalId: secret },
    { name: 'foreign', uri, exportName: 'foreign', source: 'other' },
  ];
  for (const name of ['main', 'foreign']) await deliver(name, 'v1');
  handler = awsImportHandler({
    configured,
    entitiesOf: async (sources) => [...new Set(sources.flatMap((source) => entities[source] ?? []))],
    runImport: (task, { onProgress }) => {
      tasks.push(task);
      return runImportTask(bench.workspace, task, onProgress);
    },
  });
  jobs = await openJobs({
    ...{ records: test.records, clock: systemClock, randomness: randomBytes, handlers: [handler] },
    ...{ concurrency: 1, log: { info: () => {}, error: () => {} } },
  });
});
afterAll(async () => {
  await jobs.close();
  await test.close();
  await bench.close();
});

async function imported(caller: Caller, input: AwsImportRequest) {
  const asked = await jobs.ask(caller, { kind: awsImportKind, input, detached: false });
  const result = (await jobs.result(caller, asked)) as ImportResult;
  return { result, ...(await jobs.find(caller, asked.run.id)) };
}

const refusalOf = (caller: Caller, input: AwsImportRequest) =>
  jobs.ask(caller, { kind: awsImportKind, input, detached: false });

describe('an import of AWS exports as a run', () => {
  it('keeps who may see what, and no secret: that goes to whoever does the work alone', async () => {
    const { run, result, steps } = await imported(owner, { exports: ['main'], dryRun: true });
    expect(result.imports).toMatchObject([{ source: 'acme', status: 'dry-run' }]);
    expect(run).toMatchObject({
      kind: 'aws.import',
      state: 'succeeded',
      entity: 'fr',
      input: { request: { exports: ['main'] }, scope: { kind: 'all' } },
    });
    expect(steps.map(({ name }) => name)).toContain('convert acme 2026-10');
    expect(JSON.stringify(tasks.at(-1))).toContain(secret);
    expect(JSON.stringify({ run, steps, result })).not.toContain(secret);
    const withSecret = { exports: ['main'], externalId: secret };
    expect(awsImportRequestSchema.safeParse(withSecret).success).toBe(false);
  });

  it('of all exports reads those in scope, and shows the run to who asked', async () => {
    const { run, result } = await imported(french, {});
    expect(result.imports).toMatchObject([{ source: 'acme', status: 'imported', billingPeriod: '2026-10' }]);
    expect(run).toMatchObject({ entity: 'fr', rowsIn: 1, rowsOut: 1 });
    expect((await imported(french, {})).result.imports).toMatchObject([{ status: 'unchanged' }]);
    expect((await imported(owner, { from: '2026-11' })).result.imports).toEqual([]);
    const all = await imported(owner, {});
    expect(all.result.imports).toMatchObject([{ source: 'acme' }, { source: 'other' }]);
    expect(all.run.entity).toBeNull();
  });

  it('knows no export of another source, by name or at all', async () => {
    const foreign = { code: 'ingestion.unknownExport', params: { name: 'foreign', known: ['main'] } };
    await expect(refusalOf(french, { exports: ['foreign'] })).rejects.toMatchObject(foreign);
    const nobody = personOf(['es'], []);
    await expect(refusalOf(nobody, {})).rejects.toMatchObject({ code: 'ingestion.noExports' });
    await expect(refusalOf(owner, { exports: ['nope'] })).rejects.toMatchObject({
      params: { known: ['main', 'foreign'] },
    });
  });

  it('for somebody with several entities is of one of them', async () => {
    const both = personOf(['fr', 'de'], ['acme', 'other']);
    await expect(refusalOf(both, {})).rejects.toMatchObject({
      code: 'ingestion.severalEntities',
      status: 403,
    });
    expect((await imported(both, { exports: ['foreign'], dryRun: true })).run.entity).toBe('de');
  });

  it.each<[string, AwsImportRequest]>([
    ['adHoc', { adHoc: { uri: 's3://other/x', exportName: 'main', source: 'acme' } }],
    ['profile', { exports: ['main'], profile: 'root' }],
    ['region', { exports: ['main'], region: 'eu-west-3' }],
    ['endpoint', { exports: ['main'], endpoint: 'http://bills.example' }],
    ['roleArn', { exports: ['main'], roleArn: 'arn:aws:iam::1:role/x' }],
  ])('with %s is the owner’s alone, and leaves no run when others ask', async (field, input) => {
    const before = await jobs.list(owner, { limit: 100 });
    const unlimited = { ...french, scope: owner.scope };
    for (const caller of [french, unlimited])
      await expect(refusalOf(caller, input)).rejects.toMatchObject({
        ...{ code: 'ingestion.foreignAccess', status: 403, exitCode: 4, params: { fields: [field] } },
      });
    expect(await jobs.list(owner, { limit: 100 })).toEqual(before);
    expect((await handler.accept(input, owner)).input).toMatchObject({ request: input });
  });

  it('reads an export of the owner’s own, and refuses one beside names', async () => {
    const adHoc = { uri: join(bench.folder, 'bucket'), exportName: 'main', source: 'labs' };
    const { result, run } = await imported(owner, { adHoc });
    expect([run.entity, result.imports]).toMatchObject(['fr', [{ source: 'labs', status: 'imported' }]]);
    await expect(refusalOf(owner, { adHoc, exports: ['main'] })).rejects.toMatchObject({
      code: 'jobs.unfitInput',
    });
  });

  it('fails with what AWS’s place was refused for, and keeps the result of the rest', async () => {
    const adHoc = { uri: join(bench.folder, 'no-such-bucket'), exportName: 'main' };
    const asked = await jobs.ask(owner, { kind: awsImportKind, input: { adHoc }, detached: false });
    await expect(jobs.result(owner, asked)).rejects.toMatchObject({ result: { imports: [] } });
    const { run } = await jobs.find(owner, asked.run.id);
    expect(run).toMatchObject({ state: 'failed', result: { errors: [{ path: adHoc.uri }] } });
  });

  it('begins again after an interruption, unless it was told to import what is loaded', async () => {
    const kept = async (input: AwsImportRequest) => (await handler.accept(input, owner)).input;
    expect(handler.resumable(await kept({}))).toBe(true);
    expect(handler.resumable(await kept({ reset: true }))).toBe(false);
  });
});
