import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { csv, focus } from '../../modules/ingestion/testing/bills.ts';
import { type RoleName, roles, type ScopeKind } from '../../platform/access/index.ts';
import { loadConfig } from '../../platform/config/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { buildApp } from './app.ts';
import { type Books, openBooks } from './books.ts';
import {
  type AllocationOfTenant,
  addAllocation,
  allocationBodies,
  allocationQuery,
  allocationState,
  foreignAllocation,
} from './testing/walk-allocation.ts';
import {
  addShowback,
  foreignShowback,
  type ShowbackOfTenant,
  showbackBodies,
  showbackQuery,
  showbackState,
} from './testing/walk-showback.ts';

/**
 * Two entities, each with bills, months, applications, cost centres, runs and people. Everybody who is limited to the one
 * calls every route of the server with the ids of the other. Whatever belongs to the other has `zulu` in its name.
 */
const secretOfOwner = 'the-secret-in-the-folder-of-the-workspace';
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
interface Route {
  readonly method: Method;
  readonly url: string;
}
interface Answer {
  readonly status: number;
  readonly text: string;
}

let folder: string;
let prepared: PreparedRecords;
let workspace: Workspace;
let books: Books;
let app: FastifyInstance;
const routes: Route[] = [];

/** How somebody proves who they are. */
type Proof = Readonly<Record<string, string>>;
const bearer = (token: string): Proof => ({ authorization: `Bearer ${token}` });

async function call(
  proof: Proof,
  { method, url }: Route,
  payload?: unknown,
  version = url.includes('/graphs/') ? '"v1"' : '"1"',
): Promise<Answer> {
  const isChange = method !== 'GET';
  const answer = await app.inject({
    method,
    url,
    headers: {
      ...proof,
      ...(isChange && method !== 'DELETE' ? { 'content-type': 'application/json' } : {}),
      ...(isChange ? { 'if-match': version } : {}),
    },
    ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
  });
  return { status: answer.statusCode, text: answer.body };
}

/** As the owner of the workspace; fails when it is refused. */
async function own<T = Readonly<Record<string, never>>>(
  method: Method,
  path: string,
  payload?: unknown,
  version?: string,
): Promise<T> {
  const url = `/api/v1${path}`;
  const { status, text } = await call(bearer(secretOfOwner), { method, url }, payload, version);
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

interface Tenant {
  readonly entity: string;
  readonly source: string;
  readonly run: string;
  readonly import: string;
  readonly row: string;
  readonly snapshot: string;
  readonly allocation: AllocationOfTenant;
  readonly showback: ShowbackOfTenant;
}

async function addTenant(entity: string, cost: string): Promise<Tenant> {
  const source = `${entity}-aws`;
  await own('POST', '/entities', { id: entity, label: `${entity} SAS`, country: 'FR', currency: 'EUR' });
  await own('PUT', `/source-assignments/${source}`, { entity });
  await own('POST', '/cost-centres', { id: `${entity}-cc`, label: `${entity} centre`, entity });
  await own('POST', '/applications', {
    id: `${entity}-app`,
    label: `${entity} shop`,
    entity,
    costCentre: `${entity}-cc`,
  });
  await own('POST', `/entity-periods/${entity}/2026-09/close`, { reason: `${entity} is done` });
  const path = join(folder, 'bills', entity, `${source}-2026-10.csv`);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(
    path,
    csv(focus({ ServiceName: `${entity} search`, BilledCost: cost, EffectiveCost: cost })),
  );
  await own('POST', '/imports', { path, source });
  await own('PUT', `/run-schedules/${entity}-nightly`, {
    kind: 'bill.import',
    input: { path, source },
    cron: '30 6 * * *',
  });
  await own('POST', '/exports', { name: `${entity}.csv`, format: 'csv', version: '1.2', sources: [source] });
  const allocation = await addAllocation(own, entity);
  const showback = await addShowback(own, entity);
  const runs = await own<{ items: { id: string; entity: string }[] }>('GET', '/runs?kind=bill.import');
  const imports = await own<{ items: { id: string }[] }>('GET', `/imports?source=${source}`);
  const rows = await own<{ rows: { x_RowId: string }[] }>('POST', '/cost-queries', {
    measures: [{ sum: 'BilledCost' }],
    dimensions: [{ column: 'x_RowId' }],
    sources: [source],
  });
  const snapshots = await own<{ items: { id?: string; snapshot?: string }[] }>(
    'GET',
    `/snapshots?source=${source}`,
  );
  return {
    entity,
    source,
    run: runs.items.find((run) => run.entity === entity)?.id ?? '',
    import: imports.items[0]?.id ?? '',
    row: rows.rows[0]?.x_RowId ?? '',
    snapshot: snapshots.items[0]?.snapshot ?? snapshots.items[0]?.id ?? '',
    allocation,
    showback,
  };
}

/** Ids that somebody of `ours` must not reach, by the address that names them. */
let foreign: readonly (readonly [pattern: RegExp, params: Readonly<Record<string, string>>])[];
/** Bodies that every change would take from somebody who may. */
let bodies: readonly (readonly [pattern: RegExp, body: unknown])[];
let ours: Tenant;
let theirs: Tenant;
let admin: string;
let adminToken: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finops-walk-'));
  const root = join(folder, 'data');
  prepared = await prepareTestRecords(root);
  workspace = openWorkspace({ root, threads: 1 });
  const env = {
    ...prepared.env,
    FINOPS_IMPORT_ROOTS: join(folder, 'bills'),
    FINOPS_AWS_EXPORTS: JSON.stringify([{ name: 'zulu-export', uri: './zulu-bucket', source: 'zulu-aws' }]),
    FINOPS_SERVER_RATE_LIMIT: '0',
  };
  const config = loadConfig({ env, cwd: folder });
  books = openBooks({ workspace, config });
  app = await buildApp({
    workspace,
    config,
    books,
    access: { secretOfOwner, loopbackOnly: false, localUrl: () => 'http://localhost' },
    onRoute: ({ method, url }) => {
      for (const one of [method].flat()) if (one !== 'HEAD') routes.push({ method: one as Method, url });
    },
  });
  await own('POST', '/domains', { id: 'data', label: 'Data' });
  await own('POST', '/families', { id: 'sql', label: 'SQL', domain: 'data' });
  await own('POST', '/products', { id: 'pg', label: 'PostgreSQL', domain: 'data', unit: 'GB' });
  await own('POST', '/teams', { id: 'core', label: 'Core' });
  ours = await addTenant('ours', '11');
  theirs = await addTenant('zulu', '987654.32');
  const grants = [{ role: 'super_admin' }];
  admin = (await own<{ id: string }>('POST', '/people', { email: 'zulu@example.com', name: 'Zulu', grants }))
    .id;
  adminToken = (
    await own<{ token: { id: string } }>('POST', '/tokens', { name: 't', person: admin, grant: grants[0] })
  ).token.id;
  foreign = [
    ...foreignAllocation(theirs.allocation),
    ...foreignShowback(theirs.showback),
    [/\/imports\/:id$/, { id: theirs.import }],
    [/\/periods\/:source\/:period/, { source: theirs.source, period: '2026-10' }],
    [/\/rows\/:id$/, { id: theirs.row }],
    [/\/exports\/:name$/, { name: 'zulu.csv' }],
    [/\/people\/:id/, { id: admin }],
    [/\/tokens\/:id$/, { id: adminToken }],
    [/\/runs\/:id/, { id: theirs.run }],
    [/\/run-schedules\/:name$/, { name: 'zulu-nightly' }],
    [/\/entities\/:id/, { id: 'zulu' }],
    [/\/cost-centres\/:id/, { id: 'zulu-cc' }],
    [/\/applications\/:id/, { id: 'zulu-app' }],
    [/\/source-assignments\/:source/, { source: 'zulu-aws' }],
    [/\/entity-periods\/:entity\/:period/, { entity: 'zulu', period: '2026-09' }],
  ];
  const bill = join(folder, 'bills', 'zulu', 'zulu-aws-2026-10.csv');
  bodies = [
    ...allocationBodies(theirs.allocation),
    ...showbackBodies(theirs.showback),
    [/\/imports$/, { path: bill, source: 'zulu-aws' }],
    [/\/aws-imports$/, { exports: ['zulu-export'], reset: true }],
    [/\/rollback$/, { to: theirs.snapshot }],
    [/\/pins$/, { reason: 'mine' }],
    [/\/reconcile$/, { invoiceTotal: '1' }],
    [/\/people\/:id\/grants$/, { grants }],
    [/\/people\/:id\/password$/, { password: 'a password of somebody else' }],
    [/\/people\/:id$/, { name: 'Mine' }],
    [/\/people$/, { email: 'new@example.com', name: 'New', grants }],
    [/\/tokens$/, { name: 'mine', person: admin, grant: grants[0] }],
    [
      /\/run-schedules\/:name$/,
      { kind: 'bill.import', input: { path: bill, source: 'zulu-aws' }, cron: '0 0 * * *' },
    ],
    [/\/(entities|domains|families|products|teams|cost-centres|applications)\/:id$/, { label: 'Mine' }],
    [/\/entities$/, { id: 'mine', label: 'Mine', country: 'FR', currency: 'EUR' }],
    [/\/(domains|teams)$/, { id: 'mine', label: 'Mine' }],
    [/\/families$/, { id: 'mine', label: 'Mine', domain: 'data' }],
    [/\/products$/, { id: 'mine', label: 'Mine', domain: 'data', unit: 'GB' }],
    [/\/(cost-centres|applications)$/, { id: 'mine', label: 'Mine', entity: 'zulu' }],
    [/\/source-assignments\/:source$/, { entity: 'ours' }],
    [/\/entity-periods\/:entity\/:period\/\w+$/, { reason: 'mine' }],
    [/\/organization\/import$/, { kind: 'applications', csv: 'id,label,entity\nzulu-app,Mine,zulu\n' }],
    [/\/cost-queries$/, { measures: [{ sum: 'BilledCost' }], dimensions: [{ column: 'ServiceName' }] }],
    [/\/reports\/:name\/runs$/, {}],
    [/\/exports$/, { name: 'mine.csv', format: 'csv', version: '1.2' }],
    [/\/backups$/, { name: 'mine' }],
    [/\/sign-in$/, { email: 'zulu@example.com', password: 'wrong wrong wrong' }],
    [
      /\/(first-start|set-password)$/,
      { token: 'x', email: 'a@example.com', name: 'A', password: 'a long password' },
    ],
  ];
});
afterAll(async () => {
  await app.close();
  await books.close();
  await workspace.close();
  await prepared.remove();
  await rm(folder, { recursive: true, force: true });
});

/** Everybody who is limited to `ours`, by role and kind of scope: with a token, and with a session. */
async function limitedCallers(): Promise<ReadonlyMap<string, Proof>> {
  const scopeIds: Readonly<Record<ScopeKind, readonly string[]>> = {
    all: [],
    entities: ['ours'],
    companies: ['ours-client'],
    applications: ['ours-app'],
  };
  const proofs = new Map<string, Proof>();
  const all = Object.entries(roles) as [RoleName, (typeof roles)[RoleName]][];
  for (const [role, { scopes, permissions }] of all) {
    for (const scopeKind of scopes.filter((kind) => kind !== 'all')) {
      const name = `${role} of ${scopeKind}`;
      const grant = { role, scopeKind, scopeIds: scopeIds[scopeKind] };
      const email = `${role}.${scopeKind}@example.com`;
      const { id } = await own<{ id: string }>('POST', '/people', { email, name, grants: [grant] });
      proofs.set(`${name}, session`, await signIn(id, email));
      // A token that allows nothing is not made.
      if (permissions.length === 0) continue;
      const made = await own<{ secret: string }>('POST', '/tokens', { name, person: id, grant });
      proofs.set(`${name}, token`, bearer(made.secret));
    }
  }
  return proofs;
}

async function signIn(id: string, email: string): Promise<Proof> {
  const password = 'a password for the walk';
  await own('POST', `/people/${id}/password`, { password });
  const payload = { email, password };
  const answer = await app.inject({ method: 'POST', url: '/api/v1/sign-in', payload });
  const cookie = answer.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  return {
    cookie,
    'x-csrf-token': answer.json().csrfToken,
    host: 'localhost',
    origin: 'http://localhost',
    'sec-fetch-site': 'same-origin',
  };
}

/** What the other entity and the installation have, as the owner sees it. */
async function stateOfOthers(): Promise<string> {
  const paths = [
    ...['/entities/zulu', '/cost-centres/zulu-cc', '/applications/zulu-app', '/source-assignments/zulu-aws'],
    ...['/entity-periods/zulu/2026-09', '/periods/zulu-aws/2026-10', '/run-schedules/zulu-nightly'],
    ...[`/people/${admin}`, '/tokens?limit=10000', '/people?limit=10000', '/exports/zulu.csv', '/keys'],
    ...allocationState,
    ...showbackState,
    ...['/domains', '/families', '/products', '/teams', '/entities', '/snapshots'],
  ];
  const texts = await Promise.all(paths.map(async (path) => JSON.stringify(await ownText(path))));
  // Who used a token when is no change.
  return texts.join('\n').replace(/\\"lastUsedAt\\":[^,]*/g, '');
}

async function ownText(path: string): Promise<string> {
  const { status, text } = await call(bearer(secretOfOwner), { method: 'GET', url: `/api/v1${path}` });
  expect([path, status]).toEqual([path, 200]);
  return text;
}

/** The route's address with the ids of the other entity; `named` when there is one of them in it. */
function aimed({ method, url }: Route): { readonly route: Route; readonly named: boolean } {
  const found = foreign.find(([pattern]) => pattern.test(url));
  const shared: Readonly<Record<string, string>> = {
    '/domains': 'data',
    '/families': 'sql',
    '/products': 'pg',
    '/teams': 'core',
    '/reports': 'service-costs-by-region',
    '/organization/export': 'applications',
  };
  const group = Object.keys(shared).find((part) => url.includes(`${part}/:`));
  const params = found?.[1] ?? {
    id: shared[group ?? ''],
    name: shared[group ?? ''],
    kind: shared[group ?? ''],
  };
  const filled = url.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(params[name as 'id'] ?? name),
  );
  const query = allocationQuery(method, url, theirs.allocation) || showbackQuery(method, url);
  return {
    route: { method, url: `${filled}${query}` },
    named: found !== undefined || query.includes('graph='),
  };
}

function bodyOf({ method, url }: Route): unknown {
  if (method === 'GET' || method === 'DELETE') return undefined;
  return bodies.find(([pattern]) => pattern.test(`${method} ${url}`))?.[1] ?? {};
}

/** The walk would be idle if callers saw nothing at all. */
async function expectOwnReached(proof: Proof): Promise<void> {
  const paths = [
    ...['/entities/ours', '/applications/ours-app', '/periods/ours-aws/2026-10'],
    ...[`/imports/${ours.import}`, `/runs/${ours.run}`, `/rows/${encodeURIComponent(ours.row)}`],
  ];
  for (const path of paths) {
    const { status, text } = await call(proof, { method: 'GET', url: `/api/v1${path}` });
    expect([path, status, text]).toEqual([path, 200, expect.stringContaining('ours')]);
  }
}

/** What is wrong with an answer; undefined when nothing of the other entity came out or in. */
function leakOf(route: Route, named: boolean, { status, text }: Answer): string | undefined {
  if (status >= 500) return `${status} ${text}`;
  if (named && ![401, 403, 404].includes(status)) return `${status} instead of 401, 403 or 404: ${text}`;
  // What the caller wrote may come back in a refusal.
  if (status < 300 && /zulu|987654/i.test(text)) return `tells of the other entity: ${text.slice(0, 300)}`;
  const changesAll =
    /\/(entities|domains|families|products|teams)(\/|$)/.test(route.url) && route.method !== 'GET';
  if (changesAll && status < 300) return `${status}: changes what everybody has`;
  return undefined;
}

it('lets nobody who is limited to one entity reach another one, by any route', {
  timeout: 600_000,
}, async () => {
  const callers = new Map<string, Proof>([['nobody', {}], ...(await limitedCallers())]);
  await expectOwnReached(callers.get('entity.viewer of entities, token') ?? {});
  const before = await stateOfOthers();
  const leaks: string[] = [];
  let combinations = 0;
  for (const [who, proof] of callers) {
    for (const pattern of routes) {
      const { route, named } = aimed(pattern);
      const answer = await call(proof, route, bodyOf(pattern));
      const leak = leakOf(pattern, named, answer);
      if (leak !== undefined) leaks.push(`${who}: ${route.method} ${route.url}: ${leak}`);
      combinations++;
    }
  }
  expect(leaks).toEqual([]);
  expect(await stateOfOthers()).toBe(before);
  expect(combinations).toBeGreaterThan(900);
  process.stdout.write(
    `  walked ${combinations} combinations of ${routes.length} routes and ${callers.size} callers\n`,
  );
});

it('would see a route that forgets the scope', async () => {
  const secret = { method: 'GET', url: '/api/v1/entities/:id' } as const;
  const answer = await call(bearer(secretOfOwner), aimed(secret).route);
  expect(leakOf(secret, true, answer)).toMatch(/^200 instead of/);
  const list = { method: 'GET', url: '/api/v1/applications' } as const;
  expect(leakOf(list, false, await call(bearer(secretOfOwner), list))).toMatch(/tells of the other entity/);
});
