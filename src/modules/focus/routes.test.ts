import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RouteOptions } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { everything, nothing, type Scope } from '../../platform/kernel/index.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { focusRoutes } from './routes.ts';
import { apiFor } from './testing/api-for.ts';
import { publishRows } from './testing/stored-rows.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = openWorkspace({ root: await mkdtemp(join(tmpdir(), 'centrail-exports-')), threads: 1 });
  for (const [source, BilledCost] of Object.entries({ nordwind: '1.5', southwind: '2.25' }))
    await publishRows(workspace, source, [{ BilledCost }]);
});
afterAll(async () => {
  await workspace.close();
  await rm(workspace.root, { recursive: true, force: true });
});

const only = (...sources: string[]): Scope => ({ ...nothing, entities: ['fr'], sources });

async function send(scope: Scope, method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) {
  const app = await apiFor(scope, (api) => Promise.resolve(api.register(focusRoutes, { workspace })));
  const answer = await app.inject({ method, url, ...(payload ? { payload } : {}) });
  await app.close();
  return answer;
}

const make = (scope: Scope, name: string) => send(scope, 'POST', '/exports', { name, provenance: true });
const names = async (scope: Scope): Promise<string[]> =>
  (await send(scope, 'GET', '/exports')).json().items.map(({ name }: { readonly name: string }) => name);

test('an export holds the rows in scope, and only the same scope finds it', async () => {
  expect((await make(everything, 'all.csv')).json()).toMatchObject({ rows: 2 });
  expect((await make(only('nordwind'), 'mine.csv')).json()).toMatchObject({ rows: 1 });
  const mine = await send(only('nordwind'), 'GET', '/exports/mine.csv');
  expect(mine.body).toContain('nordwind');
  expect(mine.body).not.toContain('southwind');
  expect(await names(everything)).toEqual(['all.csv']);
  expect(await names(only('nordwind', 'nordwind'))).toEqual(['mine.csv']);
  expect(await names(only('southwind'))).toEqual([]);
  expect(await names(only('nordwind', 'southwind'))).toEqual([]);
});

test('an export of another scope is not there, takes no name and cannot be removed', async () => {
  await make(everything, 'october.csv');
  await make(only('southwind'), 'south.csv');
  for (const name of ['october.csv', 'south.csv', '.scopes', 'never-made.csv'])
    for (const method of ['GET', 'DELETE'] as const) {
      const answer = await send(only('nordwind'), method, `/exports/${name}`);
      expect([name, answer.statusCode]).toEqual([name, name === '.scopes' ? 400 : 404]);
    }
  expect((await make(only('nordwind'), 'october.csv')).statusCode).toBe(200);
  expect((await make(only('nordwind'), 'october.csv')).json().code).toBe('focus.fileExists');
  expect((await send(only('nordwind'), 'DELETE', '/exports/october.csv')).statusCode).toBe(200);
  expect((await send(everything, 'GET', '/exports/october.csv')).body).toContain('southwind');
});

test('a file that lies in the folder of exports is that of a caller who sees everything', async () => {
  await writeFile(join(workspace.root, 'exports', 'earlier.csv'), 'made before there were scopes');
  expect(await names(everything)).toContain('earlier.csv');
  expect((await send(only('nordwind'), 'GET', '/exports/earlier.csv')).statusCode).toBe(404);
});

test('without a source in scope nothing is written', async () => {
  const before = await readdir(workspace.root, { recursive: true });
  const refused = await make({ ...nothing, applications: ['shop'] }, 'shop.csv');
  expect([refused.statusCode, refused.json().code]).toEqual([403, 'lake.applicationScope']);
  expect((await make(nothing, 'none.csv')).json().code).toBe('lake.noSources');
  expect(await readdir(workspace.root, { recursive: true })).toEqual(before);
});

test('every route says which permission it demands', async () => {
  const routes: RouteOptions[] = [];
  const app = await apiFor(everything, async (api) => {
    api.addHook('onRoute', (route) => void routes.push(route));
    await api.register(focusRoutes, { workspace });
    await api.ready();
  });
  const listed = routes.filter(({ method }) => method !== 'HEAD');
  expect(listed.map(({ method, url, config }) => `${method} ${url} ${config?.permission}`).sort()).toEqual([
    'DELETE /exports/:name cost.read',
    'GET /exports cost.read',
    'GET /exports/:name cost.read',
    'POST /exports cost.read',
  ]);
  await app.close();
});
