import type { Command } from 'commander';
import type { Proposal } from '../../../modules/allocation/index.ts';
import { currencyExponent, formatFixed, parseDecimal } from '../../../platform/kernel/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../help.ts';
import { counted, shareText, type TableData } from '../output.ts';
import { collect } from './cost.ts';

interface ProposeOptions {
  readonly month: string;
  readonly tag?: string;
  readonly source?: readonly string[];
  readonly graph: string;
}

type Charges = Proposal['statistics']['coverage'][number]['onProducts'];

/** Adds `finops graph propose`: a first graph from what a month's bill says of itself. */
export function addPropose(noun: Command, context: Context): void {
  const command = noun
    .command('propose')
    .description("propose rules and a first graph from a month's tags, accounts and services")
    .requiredOption('--month <month>', 'billing month, YYYY-MM')
    .option('--tag <key>', 'the tag that names applications; chosen by name and coverage without it')
    .option('--source <names>', 'only the bills of these sources; commas between', collect)
    .option('--graph <id>', 'the id that the file names', 'main')
    .action((options: ProposeOptions) => propose(context, options));
  addExamples(command, {
    'finops graph propose --month 2026-10 > graph.yaml':
      'a first graph; what each rule takes is told beside it',
    'finops graph propose --month 2026-10 --tag app --json': 'by that tag, with all figures',
  });
}

async function propose(context: Context, { month, tag, source, graph }: ProposeOptions): Promise<void> {
  const body = {
    month,
    ...(tag === undefined ? {} : { tagKey: tag }),
    ...(source === undefined ? {} : { sources: source }),
  };
  const proposal = await withClient(context, (client) =>
    client.call<Proposal>('POST', address('/allocation/proposals'), body),
  );
  await printProposal(context, proposal, graph);
}

/** The file on stdout, and what is told of it on stderr; in the other formats the figures. */
export async function printProposal(context: Context, proposal: Proposal, graph: string): Promise<void> {
  if (context.format() !== 'table') {
    context.print({ json: proposal, tables: [ruleTable(proposal)] });
  } else {
    const { graphToYaml } = await import('../../../modules/allocation/index.ts');
    const { graphDocumentSchema } = await import('../../../modules/allocation/index.ts');
    context.io.stdout.write(graphToYaml(graphDocumentSchema.parse(proposal.document), { graph }));
  }
  for (const line of told(proposal)) context.say(line);
}

/** One line per rule and currency. */
function ruleTable({ statistics }: Proposal): TableData {
  return {
    columns: [
      { name: 'rule', kind: 'text' },
      { name: 'rows', kind: 'number' },
      { name: 'currency', kind: 'text' },
      { name: 'charges', kind: 'money', currencyColumn: 'currency' },
      { name: 'share', kind: 'share' },
      { name: 'examples', kind: 'text' },
    ],
    rows: statistics.rules.flatMap(({ rule, rows, coverage, examples }) =>
      coverage.map((charges) => ({ rule, rows, ...charges, examples: examples.join('; ') })),
    ),
  };
}

/** What people read beside the file. */
function told({ statistics, notes }: Proposal): string[] {
  const { coverage, rules, unattributed } = statistics;
  const size = (charges: Charges) => `${moneyText(charges)} (${percentText(charges.share)})`;
  return [
    ...coverage.map(
      ({ onProducts, onShared, unattributed: rest }) =>
        `${rest.currency}: ${size(onProducts)} on products, ${size(onShared)} on shared nodes, ${size(rest)} unattributed`,
    ),
    ...rules.map(
      ({ rule, rows, coverage: taken, examples }) =>
        `rule '${rule}': ${taken.map(size).join(', ') || 'nothing this month'}, ${counted(rows, 'row')}${examples.length === 0 ? '' : `: ${examples.join('; ')}`}`,
    ),
    ...unattributed
      .slice(0, 5)
      .map(
        ({ service, account, ...charges }) =>
          `unattributed: ${size(charges)}, ${service ?? 'no service'} in ${account ?? 'no account'}`,
      ),
    ...notes.map((note) => `note: ${note}`),
  ];
}

function moneyText({ currency, charges }: Pick<Charges, 'currency' | 'charges'>): string {
  return `${formatFixed(parseDecimal(charges), currencyExponent(currency) ?? 2)} ${currency}`;
}

function percentText(share: string | null): string {
  return share === null ? 'no charges' : shareText(parseDecimal(share));
}
