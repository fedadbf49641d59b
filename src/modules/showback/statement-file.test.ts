import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPdf } from '../../platform/documents/testing/read-pdf.ts';
import { statementCsv, statementPdf } from './statement-file.ts';
import { type CostBench, openCostBench } from './testing/cost-bench.ts';

let bench: CostBench;
beforeAll(async () => {
  bench = await openCostBench();
  await bench.view('standard', [
    { product: 'vcpu', price: '0.0433' },
    { product: 'disk', unit: 'TB-month', price: '20' },
    { product: 'lan', entity: 'retail', pool: '100' },
  ]);
  await bench.calendar('standard', '2026-01');
  await bench.facts('retail', '2026-10', [
    ['shop', 'vcpu', '1000'],
    ['shop', 'vcpu', '333.3', { environment: 'non_prod' }],
    ['shop', 'disk', '1500'],
    ['shop', 'lan', '1', { kind: 'INDIRECT' }],
    ['blog', 'vcpu', '77'],
    ['blog', 'ram', '64'],
    ['blog', 'lan', '2', { kind: 'INDIRECT' }],
  ]);
}, 60_000);
afterAll(() => bench.close());

const statementOf = async () => ({
  title: 'IT',
  purpose: 'showback' as const,
  month: '2026-10',
  answer: await bench.ask({
    months: ['2026-10'],
    team: 'it',
    groupBy: ['application', 'product', 'environment', 'kind'],
  }),
  generatedAt: new Date('2026-11-21T10:00:00Z'),
});

describe('a statement', () => {
  it('has every line exact in CSV, and no cost where there is no price', async () => {
    const lines = statementCsv(await statementOf())
      .trim()
      .split('\r\n');
    expect(lines[0]).toBe('application,product,environment,kind,quantity,unit,cost,currency,priced');
    expect(lines).toContain('shop,vcpu,non_prod,DIRECT,333.3,vCPU-hour,14.43189,EUR,1');
    expect(lines).toContain('blog,ram,prod,DIRECT,64,GB-hour,,EUR,0');
    expect(lines).toHaveLength(8);
  });

  it('sums to its total as a PDF, with a line for what rounding took', async () => {
    const statement = await statementOf();
    const pdf = await statementPdf(statement);
    if (process.env['KEEP_STATEMENT'])
      await writeFile(join(process.env['KEEP_STATEMENT'], 'statement.pdf'), pdf);
    const text = JSON.stringify(await readPdf(pdf));
    expect(statement.answer.totals[0]?.cost).toBe('191.06599');
    for (const shown of [
      'IT',
      'Showback statement for 2026-10',
      '191.07',
      'Virtual CPU',
      '33.33',
      '66.67',
      'Rounding',
    ])
      expect(text).toContain(shown);
    expect(await statementPdf(statement)).toEqual(pdf);
  });
});
