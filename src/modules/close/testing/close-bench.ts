import { rename } from 'node:fs/promises';
import { sql } from 'kysely';
import type { SomeScope } from '../../../platform/kernel/index.ts';
import type { Tx } from '../../../platform/records/index.ts';
import type { GraphDocumentInput } from '../../allocation/index.ts';
import { charge, personOf } from '../../allocation/testing/run-bench.ts';
import { changePeriod } from '../../organization/index.ts';
import { preparePeriodStep } from '../../showback/index.ts';
import { type CostBench, openCostBench } from '../../showback/testing/cost-bench.ts';
import { type CheckAsked, checkMonth } from '../check-month.ts';
import { closePeriod } from '../close-period.ts';
import { type CheckAnswer, type CloseOutcome, type CloseRequest, closeWishSchema } from '../contract.ts';
import type { CloseWorld } from '../month-state.ts';

/** A group of two entities, with bills, a graph, consumption and prices, and everything to close October 2026 with. */
export interface CloseBench extends CostBench {
  readonly world: CloseWorld;
  /** The books of October, as whoever sees everything, or what is named. */
  readonly check: (asked?: Partial<CheckAsked>, scope?: Partial<SomeScope>) => Promise<CheckAnswer>;
  /** Closes October. */
  readonly closeMonth: (wish?: CloseRequest, scope?: Partial<SomeScope>) => Promise<CloseOutcome>;
  /** Absolute paths of the current files of a month. */
  readonly files: (dataset: string, source: string, period?: string) => Promise<readonly string[]>;
  /** Rewrites a file of the lake: `select` over `bill`, which stands for its rows. */
  readonly rewrite: (file: string, select: string) => Promise<void>;
  /** Past row-level security and grants, as somebody who has the database's password. */
  readonly tamper: (statement: string) => Promise<void>;
  /** Opens an entity's October again, as the route does. */
  readonly reopen: (entity: string, reason: string) => Promise<void>;
  /** Entities whose October is closed, each with the number of its freeze. */
  readonly closed: () => Promise<readonly string[]>;
  readonly rowsOf: <T>(statement: string) => Promise<readonly T[]>;
}

/** The month of the tests. */
export const october = '2026-10';

/** What the controller of retail sees. */
export const ofRetail = { entities: ['retail'], sources: ['retail-aws'] };

/** A database that shop and blog share by requests; every other tag is an application of its own. */
export const testGraph: GraphDocumentInput = {
  nodes: [
    { id: 'db', type: 'shared' },
    ...['shop', 'blog', 'lab'].map((id) => ({ id: `app:${id}`, type: 'product' as const, application: id })),
  ],
  edges: ['shop', 'blog'].map((id) => ({
    from: 'db',
    to: `app:${id}`,
    strategy: 'proportional' as const,
    params: { metric: 'requests' },
  })),
  rules: [
    { id: 'database', where: "Tags.app = 'db'", node: 'db' },
    { id: 'applications', node: 'app:{Tags.app}', type: 'product' },
  ],
  metrics: [{ id: 'requests', from: 'usage' }],
};

/** Retail's bill of October: 124 USD, of it a database of 90 and 4 that nobody has tagged. */
export const retailBill = [
  charge('5', '100', 'db', { InvoiceId: 'INV-1' }),
  charge('6', '-10', 'db', { InvoiceId: 'INV-1' }),
  charge('5', '30', 'shop', { InvoiceId: 'INV-1' }),
  charge('6', '4', 'x', { InvoiceId: 'INV-1', Tags: '' }),
];

/** That of labs: 20 USD. */
export const labsBill = [charge('5', '20', 'lab')];

/** Opens it. */
export async function openCloseBench(): Promise<CloseBench> {
  const bench = await openCostBench({ 'retail-aws': 'retail', 'labs-aws': 'labs' });
  const { records, workspace } = bench;
  await bench.bill('retail-aws', retailBill);
  await bench.bill('labs-aws', labsBill);
  await bench.publishGraph(testGraph);
  await bench.usage(
    'node,day,metric,value\napp:shop,2026-10-05,requests,3\napp:blog,2026-10-05,requests,1\napp:shop,2026-10-06,requests,1\n',
  );
  await bench.view(
    'standard',
    [
      { product: 'vcpu', price: '0.04' },
      { product: 'lan', entity: 'retail', pool: '100' },
      // A pool that nobody has a weight in, in another currency; and one of last summer.
      { product: 'disk', entity: 'labs', pool: '5', currency: 'EUR' },
      { product: 'disk', entity: 'retail', pool: '7', to: '2026-07' },
    ],
    { currency: 'USD' },
  );
  await bench.rate(october, 'EUR', 'USD', '1.1');
  await bench.calendar('standard', '2026-01');
  await bench.facts('retail', october, [
    ['shop', 'vcpu', '100'],
    ['blog', 'ram', '3'],
    ['shop', 'lan', '1', { kind: 'INDIRECT' }],
    ['blog', 'lan', '2', { kind: 'INDIRECT' }],
  ]);
  await bench.facts('labs', october, [['lab', 'vcpu', '50']]);
  const world: CloseWorld = { workspace, records: async () => records };
  const asOwner = <T>(work: (tx: Tx) => Promise<T>) => records.asOwner(work);
  return {
    ...bench,
    world,
    check: (asked = {}, scope) =>
      checkMonth(world, personOf(scope), { period: october, graph: 'main', invoices: [], ...asked }),
    closeMonth: (wish = {}, scope) =>
      closePeriod(world, personOf(scope), closeWishSchema.parse({ period: october, ...wish })),
    files: async (dataset, source, period = october) => {
      const { partitions } = await workspace.lake.current();
      const found = partitions.find(
        (one) => one.dataset === dataset && one.source === source && one.period === period,
      );
      return (found?.current?.files ?? []).map(({ path }) => workspace.lake.resolve(path));
    },
    rewrite: async (file, select) => {
      const statement = select.replace(/\bbill\b/, `read_parquet('${file}')`);
      await bench.rows(`copy (${statement}) to '${file}.new' (format parquet)`);
      await rename(`${file}.new`, file);
    },
    tamper: (statement) =>
      asOwner(async (tx) => {
        // Rules of a table keep even its owner from changing what is published or frozen, until they are switched off.
        const table = sql.raw(/^\s*(?:update|delete from|insert into)\s+(\w+)/.exec(statement)?.[1] ?? '');
        await sql`alter table ${table} disable trigger user`.execute(tx);
        await sql.raw(statement).execute(tx);
        await sql`alter table ${table} enable trigger user`.execute(tx);
      }),
    reopen: async (entity, reason) => {
      const change = { entity, period: october, verb: 'reopen', reason, now: workspace.clock.now() } as const;
      const also = await preparePeriodStep(world, personOf(), change);
      await records.write(personOf(), async (tx) => {
        await changePeriod(tx, personOf(), change);
        await also(tx);
      });
    },
    closed: async () => {
      const { rows } = await asOwner((tx) =>
        sql<{ said: string }>`select s.entity_id || ' ' || s.state || coalesce(' ' || f.number, '') as said
          from period_state as s
          left join period_freeze as f on f.entity_id = s.entity_id and f.period = s.period and f.ended_at is null
          where s.period = ${october} and (s.state <> 'OPEN' or f.number is not null)
          order by 1`.execute(tx),
      );
      return rows.map(({ said }) => said);
    },
    rowsOf: <T>(statement: string) => asOwner(async (tx) => (await sql.raw<T>(statement).execute(tx)).rows),
  };
}

/** A line in words: `priced retail standard@1: pools = their amounts, ties 0`. */
export function told({ lines }: CheckAnswer, ...states: readonly string[]): string[] {
  return lines
    .filter(({ state }) => states.length === 0 || states.includes(state))
    .map(({ step, of, what, state, difference }) => `${step} ${of}: ${what}, ${state} ${difference ?? '–'}`);
}
