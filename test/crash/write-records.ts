import { systemCaller } from '../../src/platform/kernel/index.ts';
import { audit, openRecords } from '../../src/platform/records/index.ts';

/** Writes until it is killed, eight at a time, and says the number of each write that was acknowledged. */
const [root = '', first = '0'] = process.argv.slice(2);
const records = await openRecords({ root, databaseUrl: process.env['FINOPS_DATABASE_URL'] });
let next = Number(first);

async function writeOn(): Promise<never> {
  for (;;) {
    const id = String(next++);
    const object = { type: 'crash', id };
    await records.write(systemCaller, (tx) =>
      audit(tx, systemCaller, { action: 'crash.write', object, entity: null, before: null, after: { id } }),
    );
    process.stdout.write(`${id}\n`);
  }
}
await Promise.all(Array.from({ length: 8 }, writeOn));
