import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { CostAnswer } from '../../../modules/showback/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../help.ts';
import { outFile } from '../out-file.ts';

interface StatementOptions {
  readonly month: string;
  readonly team?: string;
  readonly costCentre?: string;
  readonly view?: string;
  readonly currency?: string;
  readonly purpose: string;
  readonly type: string;
  readonly out?: string;
  readonly overwrite?: boolean;
}

/** Adds `finops apps statement` to the noun. */
export function addStatement(noun: Command, context: Context): void {
  const statement = noun
    .command('statement')
    .description('the statement of a team or a cost centre, as PDF or CSV')
    .requiredOption('--month <month>', 'YYYY-MM')
    .option('--team <id>', 'applications of a team and the teams below it')
    .option('--cost-centre <id>', 'applications that a cost centre pays for')
    .option('--view <view>', 'price view; what the calendar says without it')
    .option('--currency <code>', 'convert by the rates of the month')
    .addOption(
      new Option('--purpose <what>', 'what it is for')
        .choices(['showback', 'chargeback'])
        .default('showback'),
    )
    .addOption(new Option('--type <type>', 'of the file').choices(['pdf', 'csv']).default('pdf'))
    .option('--out <file>', 'where to write it, or s3://bucket/key; statement-….pdf here without it')
    .option('--overwrite', 'replace a file that is there')
    .action((options: StatementOptions) => writeStatement(context, options));
  addExamples(statement, {
    'finops apps statement --month 2026-10 --team web': 'a PDF of what the team costs',
    'finops apps statement --month 2026-10 --cost-centre cc-1100 --purpose chargeback --type csv':
      'every line, exact',
  });
}

async function writeStatement(context: Context, options: StatementOptions): Promise<void> {
  const { out, overwrite = false, type, month, team, costCentre, view, currency, purpose } = options;
  const asked = { month, team, costCentre, view, currency, purpose };
  const target = await outFile(
    context,
    out ?? `statement-${team ?? costCentre ?? ''}-${month}.${type}`,
    overwrite,
  );
  const { root, bytes, answer } = await withClient(context, async (client) => ({
    root: client.root,
    bytes: await client.bytes(address('/application-costs/statements', { ...asked, format: type })),
    answer: await client.call<CostAnswer>(
      'GET',
      address('/application-costs/statements', { ...asked, format: 'json' }),
    ),
  }));
  const part = join(root, 'tmp', `statement-${randomBytes(6).toString('hex')}`);
  await mkdir(join(root, 'tmp'), { recursive: true });
  await writeFile(part, bytes);
  try {
    await target.take(part);
  } finally {
    await rm(part, { force: true });
  }
  const totals = answer.totals.map(({ currency: code, cost, unpriced }) => ({
    currency: code,
    cost,
    unpriced,
  }));
  context.print({
    json: { file: target.name, bytes: bytes.length, lines: answer.items.length, totals },
    tables: [
      {
        columns: [
          { name: 'file', kind: 'text' },
          { name: 'cost', kind: 'money', currencyColumn: 'currency' },
          { name: 'currency', kind: 'text' },
          { name: 'unpriced', kind: 'number' },
        ],
        rows: totals.map((total) => ({ file: target.name, ...total })),
      },
    ],
  });
}
