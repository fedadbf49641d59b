import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StatementError } from './engine.ts';
import { readViewFile, writeViewFile } from './view-file.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centrail-views-'));
  file = join(folder, 'sub', 'finops.duckdb');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const shown = { schema: 'a "quoted" schema', name: 'the view' };

function write(value: string): Promise<void> {
  return writeViewFile(file, [
    { ...shown, sql: `select ${value} as "value", null::varchar as nothing` },
    { schema: 'other', name: 'numbers', sql: 'select 1 as one' },
  ]);
}

test('a view file holds its views and no draft is left beside it', async () => {
  expect(await readViewFile(file, shown)).toBeUndefined();
  await write('42');
  expect(await readViewFile(file, shown)).toEqual([{ value: '42', nothing: null }]);
  expect(await readViewFile(file, { schema: 'other', name: 'none' })).toBeUndefined();
  expect(await readdir(join(folder, 'sub'))).toEqual(['finops.duckdb']);
});

test('a reader that has the file open keeps what it opened, the next one finds what is new', async () => {
  await write('1');
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  await write('2');
  const reader = await connection.runAndReadAll(`select "value" from "a ""quoted"" schema"."the view"`);
  expect(reader.getRowsJson()).toEqual([[1]]);
  expect(await readViewFile(file, shown)).toEqual([{ value: '2', nothing: null }]);
  connection.closeSync();
  instance.closeSync();
});

test('a view that cannot be bound leaves the file as it was', async () => {
  await write('1');
  await expect(write('no_such_column')).rejects.toBeInstanceOf(StatementError);
  expect(await readViewFile(file, shown)).toEqual([{ value: '1', nothing: null }]);
  expect(await readdir(join(folder, 'sub'))).toEqual(['finops.duckdb']);
});

test('a process that is killed right after the rename leaves a whole file', async () => {
  await write('1');
  const script = `
    const { writeViewFile } = await import(${JSON.stringify(join(import.meta.dirname, 'view-file.ts'))});
    await writeViewFile(${JSON.stringify(file)}, [{ schema: 's', name: 'v', sql: 'select 7 as seven' }]);`;
  const { signal } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    env: { ...process.env, FINOPS_FAULT_POINT: 'lake.views-written' },
  });
  expect(signal).toBe('SIGKILL');
  expect(await readViewFile(file, { schema: 's', name: 'v' })).toEqual([{ seven: '7' }]);
  expect(await readdir(join(folder, 'sub'))).toEqual(['finops.duckdb']);
});

test('many writers at once leave one whole file', async () => {
  await Promise.all(['1', '2', '3', '4'].map(write));
  const [row] = (await readViewFile(file, shown)) ?? [];
  expect(['1', '2', '3', '4']).toContain(row?.['value']);
  expect(await readdir(join(folder, 'sub'))).toEqual(['finops.duckdb']);
});
