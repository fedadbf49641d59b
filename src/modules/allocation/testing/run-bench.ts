import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Caller,
  everything,
  fixedClock,
  nothing,
  type SomeScope,
} from '../../../platform/kernel/index.ts';
import { openTestRecords, type TestRecords } from '../../../platform/records/testing/test-records.ts';
import { openWorkspace, type Row, type Workspace } from '../../../platform/warehouse/index.ts';
import { importBill } from '../../ingestion/index.ts';
import { type Cells, csv, focus } from '../../ingestion/testing/bills.ts';
import { publishDraft, replaceDraft } from '../drafts.ts';
import { createGraph, graphDocument, requireGraph } from '../graphs.ts';
import { type GraphDocumentInput, graphDocumentSchema } from '../model.ts';
import type { RunWorld } from '../run-plan.ts';
import { importUsage } from '../usage-import.ts';

/** A workspace and records, on 2026-11-21 at 10:00 UTC, with the entities retail and labs. */
export interface RunBench extends RunWorld {
  readonly root: string;
  readonly workspace: Workspace;
  /** Imports rows of a bill as a month of a source; the same source and month again is a restatement. */
  readonly bill: (source: string, rows: readonly Cells[]) => Promise<void>;
  /** Publishes a document as the next version of a graph; its number. */
  readonly publishGraph: (document: GraphDocumentInput, graph?: NewGraph) => Promise<number>;
  /** Imports usage: lines `node,day,metric,value` and what else the header names. */
  readonly usage: (
    text: string,
    how?: { readonly graph?: string; readonly source?: string },
  ) => Promise<void>;
  /** Closes or opens a month of an entity. */
  readonly period: (entity: string, period: string, state: 'OPEN' | 'CLOSED' | 'LOCKED') => Promise<void>;
  /** Rows of a statement over the lake's files. */
  readonly rows: (sql: string) => Promise<Row[]>;
  readonly close: () => Promise<void>;
}

interface NewGraph {
  readonly id: string;
  readonly entity?: string;
}

/** Somebody who sees everything, or what is named. */
export function personOf(scope?: Partial<SomeScope>): Caller {
  const actor = {
    kind: 'person',
    id: 'p1',
    name: 'ann@example.com',
    address: null,
    requestId: 'r1',
  } as const;
  return { actor, scope: scope === undefined ? everything : { ...nothing, ...scope } };
}

/** A charge of a day in October 2026: `charge('5', '12.5', 'shop')` is 12.50 USD on the 5th with the tag app = shop. */
export function charge(day: string, cost: string, app: string, more: Cells = {}): Cells {
  const at = (date: number) => new Date(Date.UTC(2026, 9, date)).toISOString().replace('.000', '');
  return {
    BilledCost: cost,
    EffectiveCost: cost,
    ListCost: cost,
    ContractedCost: cost,
    ChargePeriodStart: at(Number(day)),
    ChargePeriodEnd: at(Number(day) + 1),
    Tags: JSON.stringify({ app }),
    ...(cost.startsWith('-') ? { ChargeCategory: 'Credit' } : {}),
    ...more,
  };
}

/** The same row in another month: `2026-09`. */
export function inMonth(period: string, row: Cells): Cells {
  const moved = (text: string | undefined) =>
    text?.startsWith('2026-11-01') ? `${nextOf(period)}-01T00:00:00Z` : text?.replace('2026-10', period);
  return {
    ...row,
    BillingPeriodStart: `${period}-01T00:00:00Z`,
    BillingPeriodEnd: `${nextOf(period)}-01T00:00:00Z`,
    ChargePeriodStart: moved(row['ChargePeriodStart']) ?? '',
    ChargePeriodEnd: moved(row['ChargePeriodEnd']) ?? '',
  };
}

function nextOf(period: string): string {
  return new Date(Date.parse(`${period}-28T00:00:00Z`) + 5 * 86_400_000).toISOString().slice(0, 7);
}

/** A database that shop and blog share by requests; the rules make every other application a product. */
export const smallGraph: GraphDocumentInput = {
  nodes: [
    { id: 'db', type: 'shared' },
    { id: 'app:shop', type: 'product', application: 'shop' },
    { id: 'app:blog', type: 'product' },
  ],
  edges: [
    { from: 'db', to: 'app:shop', strategy: 'proportional', params: { metric: 'requests' } },
    { from: 'db', to: 'app:blog', strategy: 'proportional', params: { metric: 'requests' } },
  ],
  rules: [
    { id: 'database', where: "Tags.app = 'db'", node: 'db' },
    { id: 'applications', node: 'app:{Tags.app}', type: 'product' },
  ],
  metrics: [{ id: 'requests', from: 'usage' }],
};

const entities = ['retail', 'labs'] as const;

/** Opens it; the sources `retail-…` belong to retail, `labs-…` to labs, by assignments made before. */
export async function openRunBench(
  sources: Readonly<Record<string, (typeof entities)[number]>> = {},
): Promise<RunBench> {
  const root = await mkdtemp(join(tmpdir(), 'finops-run-'));
  const folder = join(root, 'files');
  await mkdir(folder);
  const test = await openTestRecords();
  const clock = fixedClock('2026-11-21T10:00:00Z');
  const workspace = openWorkspace({ root: join(root, 'data'), threads: 2, clock });
  await addOrganization(test, sources);
  const { records } = test;
  const caller = personOf();
  let files = 0;
  return {
    ...{ root, workspace, records },
    bill: async (source, rows) => {
      const path = join(folder, `${source}-${++files}.csv`);
      await writeFile(path, csv(focus(...rows)));
      const { lake, randomness } = workspace;
      const engine = await workspace.engine();
      const context = { scope: everything, workspaceRoot: workspace.root, lake, engine, clock, randomness };
      const { errors } = await importBill(context, { path, source }, { roots: [folder] });
      if (errors.length > 0) throw new Error(JSON.stringify(errors));
    },
    publishGraph: (given, { id = 'main', entity } = { id: 'main' }) =>
      records.write(caller, async (tx) => {
        const found = await requireGraph(tx, id).catch(() => undefined);
        const graph = found ?? (await createGraph(tx, caller, { id, label: id, entity: entity ?? null }));
        await replaceDraft(tx, caller, graph.id, graphDocumentSchema.parse(given));
        return (await publishDraft(tx, caller, graph.id)).number;
      }),
    usage: async (text, { graph = 'main', source = 'monitoring' } = {}) => {
      const name = `usage-${++files}.csv`;
      const path = join(folder, name);
      await writeFile(path, text);
      const { entity, document } = await records.read(caller, (tx) => graphDocument(tx, graph, 'published'));
      const choices = { wide: false, dryRun: false, strict: false };
      await importUsage(
        workspace,
        { id: graph, entity, document },
        { path, roots: [folder], name, source, ...choices },
      );
    },
    period: (entity_id, period, state) =>
      records.asOwner(async (tx) => {
        const said = { state, reason: null, changed_at: clock.now().toISOString(), changed_by: 'ann' };
        await tx
          .insertInto('period_state')
          .values({ entity_id, period, ...said })
          .onConflict((conflict) => conflict.columns(['entity_id', 'period']).doUpdateSet(said))
          .execute();
      }),
    rows: async (sql) => (await workspace.engine()).rows(sql),
    close: async () => {
      await workspace.close();
      await test.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function addOrganization(
  { records }: TestRecords,
  sources: Readonly<Record<string, string>>,
): Promise<void> {
  await records.asOwner(async (tx) => {
    const common = { country: 'FR', currency: 'EUR', time_zone: 'UTC' };
    await tx
      .insertInto('entity')
      .values(entities.map((id) => ({ id, label: id, ...common })))
      .execute();
    await tx
      .insertInto('application')
      .values([
        { id: 'shop', label: 'Shop', entity_id: 'retail', environments: ['prod'] },
        { id: 'lab', label: 'Lab', entity_id: 'labs', environments: ['prod'] },
      ])
      .execute();
    for (const [name, entity_id] of Object.entries(sources))
      await tx.insertInto('source').values({ name, entity_id }).execute();
  });
}
