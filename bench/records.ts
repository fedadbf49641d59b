import { systemCaller } from '../src/platform/kernel/index.ts';
import { audit, type Records, startSealer } from '../src/platform/records/index.ts';
import { openTestRecords, testServer } from '../src/platform/records/testing/test-records.ts';

const clients = 16;
const roundMs = 2000;
const rounds = 5;

/**
 * What the audit log costs: 16 clients change rows for two seconds, with a line of the log in each transaction and the
 * sealer at work, then without; five rounds of each in turn. Medians. On PGlite, or on the server of
 * FINOPS_TEST_DATABASE_URL.
 */
export async function benchRecords(): Promise<void> {
  console.log('\naudit log (16 clients, median of 5 rounds)');
  await benchAudit(testServer === undefined ? 'embedded (PGlite)' : 'PostgreSQL');
}

async function benchAudit(name: string): Promise<void> {
  const { records, close } = await openTestRecords();
  await records.write(systemCaller, (tx) =>
    tx
      .insertInto('team')
      .values(Array.from({ length: clients }, (_, client) => ({ id: `bench-${client}`, label: 'Bench' })))
      .execute(),
  );
  const ratios: number[] = [];
  const audited: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const bare = await writesPerSecond(records, { isAudited: false });
    const sealer = startSealer(records, {
      onError: (error) => {
        throw error;
      },
    });
    audited.push(await writesPerSecond(records, { isAudited: true }));
    await sealer.stop();
    ratios.push((audited.at(-1) ?? 0) / bare);
  }
  await close();
  console.log(
    `  ${name.padEnd(20)} ${Math.round(median(audited))} audited writes/s, ${(median(ratios) * 100).toFixed(0)} % of the same without audit (${ratios.map((ratio) => ratio.toFixed(2)).join(' ')})   goal ≥ 60 %`,
  );
}

async function writesPerSecond(
  records: Records,
  { isAudited }: { readonly isAudited: boolean },
): Promise<number> {
  const end = performance.now() + roundMs;
  let writes = 0;
  async function client(number: number): Promise<void> {
    const id = `bench-${number}`;
    for (let label = 0; performance.now() < end; label++) {
      await records.write(systemCaller, async (tx) => {
        await tx
          .updateTable('team')
          .set({ label: `Bench ${label}` })
          .where('id', '=', id)
          .execute();
        if (!isAudited) return;
        const [before, after] = [
          { id, label: `Bench ${label - 1}` },
          { id, label: `Bench ${label}` },
        ];
        const entry = { action: 'team.update', object: { type: 'team', id }, entity: null };
        await audit(tx, systemCaller, { ...entry, before, after });
      });
      writes++;
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  return (writes * 1000) / roundMs;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
