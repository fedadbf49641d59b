import { it } from 'vitest';
import { openPriceBench, lineOf, inputOf, now, personOf } from '/work/main/src/modules/showback/testing/price-bench.ts';
import { readPriceLines, insertLines, copyLines, deleteAllLines } from '/work/main/src/modules/showback/price-lines-sql.ts';
import { createView } from '/work/main/src/modules/showback/price-views.ts';
import { openDraft, findingsIn, replaceLines } from '/work/main/src/modules/showback/price-drafts.ts';
import { hashLines } from '/work/main/src/modules/showback/price-line-hash.ts';
import { overlapsIn } from '/work/main/src/modules/showback/price-overlaps.ts';
import { lineInputSchema } from '/work/main/src/modules/showback/price-line.ts';
it('x', async () => {
  const b = await openPriceBench();
  const t = async (n: string, f: () => unknown) => { const s = performance.now(); await f(); console.log(n, Math.round(performance.now() - s)); };
  const inputs = Array.from({ length: 10000 }, (_, i) => inputOf(process.env.MODE === 'p' ? { target: `p${i}` } : { region: `r${i}` }));
  await t('zod', () => inputs.map((i) => lineInputSchema.parse(i)));
  const lines = inputs.map((i, n) => ({ ...lineOf(i), number: n + 1 }));
  await t('hash', () => hashLines(lines));
  await t('overlaps', () => overlapsIn(lines));
  const ann = personOf();
  await b.write((tx) => createView(tx, ann, { id: 'v', label: 'v', kind: 'budget', currency: 'EUR', rateType: 'average', entity: null, graph: null }));
  await b.write((tx) => openDraft(tx, ann, 'v', { now }));
  for (const n of [1000, 5000, 10000]) await b.write(async (tx) => {
    await deleteAllLines(tx, { view: 'v', version: 1 });
    await t(`insert ${n}`, () => insertLines(tx, { view: 'v', version: 1, entity: null }, lines.slice(0, n)));
  });
  await t('read', () => b.read((tx) => readPriceLines(tx, { view: 'v', version: 1 })));
  await t('findings', () => b.read((tx) => findingsIn(tx, { currency: 'EUR', rateType: 'average', entity: null }, lines, now)));
  await t('same again', () => b.write((tx) => replaceLines(tx, ann, 'v', lines, { now, dryRun: true })));
  await b.close();
}, 100000);
