import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrations } from '../migrations/index.ts';
import { openRecords } from '../open-records.ts';
import type { Records } from '../records.ts';

/** `postgres://…` of a server on which tests may make databases; without it tests run on PGlite. */
export const testServer = process.env['FINOPS_TEST_DATABASE_URL'];

/** Which schema a prepared template holds. */
const schema = createHash('sha256').update(JSON.stringify(migrations)).digest('hex').slice(0, 12);

export interface TestRecords {
  readonly records: Records;
  /** Workspace folder; on PGlite the records lie in it. */
  readonly root: string;
  readonly databaseUrl: string | undefined;
  /** Closes and removes everything. */
  readonly close: () => Promise<void>;
}

/** Fresh, migrated, empty records: PGlite in a temporary workspace, or a database of their own on the test server. */
export async function openTestRecords(): Promise<TestRecords> {
  const root = await mkdtemp(join(tmpdir(), 'finops-records-'));
  const { databaseUrl, remove } = await prepareTestRecords(root);
  const records = await openRecords({ root, databaseUrl });
  return {
    records,
    root,
    databaseUrl,
    close: async () => {
      await records.close();
      await remove();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export interface PreparedRecords {
  readonly databaseUrl: string | undefined;
  /** The same as a program is told. */
  readonly env: Readonly<Record<string, string>>;
  /** Drops the database; the folder is the caller's. */
  readonly remove: () => Promise<void>;
}

/**
 * Puts migrated, empty records where `openRecords({ root, databaseUrl })` finds them, for tests that start a process or an
 * app of their own.
 */
export async function prepareTestRecords(root: string): Promise<PreparedRecords> {
  if (testServer === undefined) {
    await cp(await pgliteTemplate(), join(root, 'records'), { recursive: true });
    return { databaseUrl: undefined, env: {}, remove: async () => {} };
  }
  const name = `finops_test_${randomBytes(6).toString('hex')}`;
  await prepareTemplate(testServer);
  await onServer(testServer, `create database ${name} template ${template}`);
  const url = new URL(testServer);
  url.pathname = `/${name}`;
  return {
    databaseUrl: url.href,
    env: { FINOPS_DATABASE_URL: url.href },
    remove: () => onServer(testServer as string, `drop database if exists ${name} with (force)`),
  };
}

/** Made once per schema and machine: the first boot of PGlite takes seconds. */
async function pgliteTemplate(): Promise<string> {
  const folder = join(tmpdir(), `finops-template-${schema}`);
  if (existsSync(folder)) return folder;
  const root = await mkdtemp(join(tmpdir(), 'finops-draft-'));
  await (await openRecords({ root })).close();
  await rename(join(root, 'records'), folder).catch((error: NodeJS.ErrnoException) => {
    // Another test process was quicker.
    if (!['ENOTEMPTY', 'EEXIST'].includes(error.code ?? '')) throw error;
  });
  await rm(root, { recursive: true, force: true });
  return folder;
}

const template = `finops_template_${schema}`;
let templateReady: Promise<void> | undefined;

function prepareTemplate(server: string): Promise<void> {
  templateReady ??= makeTemplate(server);
  return templateReady;
}

async function makeTemplate(server: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  // Test processes of one run make it one after the other.
  await client.query('select pg_advisory_lock(7281002)');
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [template]);
    if (rowCount === 0) await fillTemplate(server, client);
  } finally {
    await client.end();
  }
}

async function fillTemplate(server: string, client: pg.Client): Promise<void> {
  const draft = `${template}_draft`;
  await client.query(`drop database if exists ${draft} with (force)`);
  await client.query(`create database ${draft}`);
  const url = new URL(server);
  url.pathname = `/${draft}`;
  const root = await mkdtemp(join(tmpdir(), 'finops-draft-'));
  await (await openRecords({ root, databaseUrl: url.href })).close();
  await rm(root, { recursive: true, force: true });
  await client.query(`alter database ${draft} rename to ${template}`);
}

async function onServer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
