import { Command } from 'commander';
import { expect, test } from 'vitest';
import type { Proposal } from '../../modules/allocation/index.ts';
import { graphFromYaml } from '../../modules/allocation/index.ts';
import { exitCodes } from '../../platform/kernel/index.ts';
import { addPropose, printProposal } from './commands/graph-propose.ts';
import { createContext } from './context.ts';
import { fakeIo } from './testing/fake-io.ts';

const usd = (charges: string, share: string) => ({ currency: 'USD', charges, share });
const proposal: Proposal = {
  month: '2026-10',
  sources: ['bill'],
  document: {
    rules: [{ id: 'tag app', node: 'app:{Tags.app}', type: 'product' }],
    nodes: [{ id: 'app:shop', type: 'product', labels: { costCentre: 'CC1' } }],
  },
  statistics: {
    tagKeys: [{ key: 'app', values: 1, use: 'application', coverage: [usd('60', '0.6')] }],
    rules: [{ rule: 'tag app', rows: 1234, coverage: [usd('60', '0.6')], examples: ['Machines in a'] }],
    coverage: [
      {
        ...{ currency: 'USD', charges: '100' },
        onProducts: usd('60', '0.6'),
        onShared: usd('33.333333333333', '0.333333333333'),
        unattributed: usd('6.666666666667', '0.066666666667'),
      },
    ],
    unattributed: [{ ...usd('6.666666666667', '0.066666666667'), service: null, account: 'b', rows: 1 }],
    applications: { matched: [], unmatched: [], leftOut: 0 },
  },
  notes: ['look at it'],
};

async function printed(...flags: readonly string[]) {
  const io = fakeIo();
  const program = new Command()
    .option('--json')
    .option('--format <format>')
    .option('--quiet')
    .option('--config <file>');
  program.parse(flags, { from: 'user' });
  const context = createContext(program, io, { exitCode: exitCodes.ok, usesSignal: false });
  await printProposal(context, proposal, 'retail');
  return { out: io.out(), err: io.err() };
}

test('stdout is a file that apply takes; what each rule takes in money is told beside it', async () => {
  const { out, err } = await printed();
  const { header, document, findings } = graphFromYaml(out);
  expect([header.graph, findings]).toEqual(['retail', []]);
  expect(document?.rules).toMatchObject(proposal.document.rules ?? []);
  expect(document?.nodes).toMatchObject(proposal.document.nodes ?? []);
  expect(err.trimEnd().split('\n')).toEqual([
    'USD: 60.00 USD (60.00 %) on products, 33.33 USD (33.33 %) on shared nodes, 6.67 USD (6.67 %) unattributed',
    "rule 'tag app': 60.00 USD (60.00 %), 1,234 rows: Machines in a",
    'unattributed: 6.67 USD (6.67 %), no service in b',
    'note: look at it',
  ]);
});

test('--json gives every figure as the API has it', async () => {
  const { out } = await printed('--json');
  expect(JSON.parse(out)).toMatchObject(JSON.parse(JSON.stringify(proposal)));
});

test('a month has to be named', () => {
  const noun = new Command('graph').exitOverride().configureOutput({ writeErr: () => {} });
  addPropose(noun, createContext(noun, fakeIo(), { exitCode: exitCodes.ok, usesSignal: false }));
  noun.commands[0]?.exitOverride().configureOutput({ writeErr: () => {} });
  expect(() => noun.parse(['propose'], { from: 'user' })).toThrow('--month');
});
