import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Simulation, SimulationResult } from '../../../modules/allocation/index.ts';
import { type ExitCode, exitCodes } from '../../../platform/kernel/index.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../help.ts';
import type { TableData } from '../output.ts';

/** `finops allocate simulate FILE`: a calculator; it needs no workspace. */
export function addSimulate(noun: Command, context: Context): void {
  const command = noun
    .command('simulate')
    .description('allocate a small graph from a file, without a workspace')
    .argument('<file>', 'JSON with currency, nodes, edges, usage, cycles …; - reads standard input')
    .action((file: string) => run(context, file));
  addExamples(command, {
    'finops allocate simulate graph.json': 'who gets what, and what stays where',
    'finops allocate simulate - --json < graph.json': 'the same for programs, to the last decimal',
  });
  command.addHelpText('after', format);
}

const format = `
The file:
  { "currency": "EUR",
    "nodes": [{ "id": "pool", "type": "shared", "direct": "500" },
              { "id": "web", "type": "product" }, { "id": "api", "type": "product" }],
    "edges": [{ "from": "pool", "to": "web", "strategy": "proportional", "params": { "metric": "hours" } },
              { "from": "pool", "to": "api", "strategy": "proportional", "params": { "metric": "hours" } }],
    "usage": [{ "node": "web", "metric": "hours", "value": 1000 }, { "node": "api", "metric": "hours", "value": 4000 }] }
It gives web 100 and api 400.

  nodes    type: resource, service, shared, platform, infrastructure or product; what rests on products is allocated
           direct: an amount, or one per dimension, as {"Compute": "10", "Tax": "2"}; negative is a credit
  edges    strategy and params (without a strategy: equal); overrides per dimension, validFrom and validTo, group
  usage    day (YYYY-MM-DD) and labels may be given; a node without a row is missing, one with 0 has measured 0
  cycles   refuse (without it), step_down or reciprocal; order: the nodes that step_down closes first, in this order
  groups   per node: fallback (hold, equal, last_known, by_cost) where usage is missing, residual of caps
  day      the day that is computed; the last day of the usage without it

  equal {}                                                 proportional { metric }
  fixed_percent { percent }                                capped_proportional { metric, cap }
  residual_to_max { metric, percent | cap }                weighted_average { metric, windowDays, missingDays, decay }
  hybrid_fixed_proportional { metric, fixedPercent }       min_floor_proportional { metric, floorPercent }
  segment_filtered_proportional { metric, segment: { label, operator, values } }

Exit codes: 0 computed; 5 it cannot be computed, and the findings name the node or edge and the field; 6 the books do not
balance, which would be a defect.`;

async function run(context: Context, file: string): Promise<void> {
  const text = await read(context, file);
  const { result, findings } = await simulation(text);
  const body = result ?? {};
  context.print({ json: { ...body, findings }, tables: tablesOf({ result, findings }) });
  const code = exitOf(result);
  if (code !== exitCodes.ok) context.exitWith(code);
}

/** How the command ends: 5 without a result, 6 with one whose books do not balance. */
export function exitOf(result: Pick<SimulationResult, 'checks'> | null): ExitCode {
  if (result === null) return exitCodes.badData;
  return result.checks.every(({ ok }) => ok) ? exitCodes.ok : exitCodes.booksDoNotBalance;
}

async function read({ io }: Context, file: string): Promise<string> {
  if (file !== '-') return readFile(resolve(io.cwd, file), 'utf8');
  const chunks: Uint8Array[] = [];
  for await (const chunk of io.stdin) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function simulation(text: string): Promise<Simulation> {
  let given: unknown;
  try {
    given = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    return { result: null, findings: [notJson((error as SyntaxError).message)] };
  }
  const { simulate } = await import('../../../modules/allocation/index.ts');
  return simulate(given);
}

function notJson(problem: string): Simulation['findings'][number] {
  return {
    code: 'allocation.simulationInput',
    severity: 'error',
    path: '',
    message: `The input is no JSON: ${problem}. 'finops allocate simulate --help' shows one that is.`,
    params: {},
  };
}

function tablesOf({ result, findings }: Simulation): [TableData, ...TableData[]] {
  const found: TableData = {
    title: result === null ? 'Not computed' : 'Findings',
    columns: [
      { name: 'severity', kind: 'text' },
      { name: 'path', kind: 'text' },
      { name: 'message', kind: 'text' },
    ],
    rows: findings.map(({ severity, path, message }) => ({ severity, path, message })),
  };
  if (result === null) return [found];
  const tables: [TableData, ...TableData[]] = [nodeTable(result), edgeTable(result)];
  if (result.causes.length > 0) tables.push(causeTable(result));
  if (findings.length > 0) tables.push(found);
  return tables;
}

const amounts = ['direct', 'inflow', 'outflow', 'retained'] as const;

function nodeTable({
  nodes,
  currency,
  total,
  allocated,
  unallocated,
  coverage,
  checks,
}: SimulationResult): TableData {
  const ties = checks.every(({ ok }) => ok) ? 'the books balance' : 'THE BOOKS DO NOT BALANCE';
  const covered = coverage === null ? 'no charges' : `coverage ${coverage}`;
  return {
    title: `${total} ${currency} = ${allocated} allocated + ${unallocated} unallocated; ${covered}; ${ties}`,
    columns: [
      { name: 'id', header: 'node', kind: 'text' },
      { name: 'type', kind: 'text' },
      ...amounts.map((name) => ({ name, kind: 'money', currency }) as const),
    ],
    rows: nodes.map((node) => ({ ...node })),
  };
}

function edgeTable({ edges, currency }: SimulationResult): TableData {
  return {
    title: 'Edges',
    columns: [
      { name: 'from', kind: 'text' },
      { name: 'to', kind: 'text' },
      { name: 'amount', kind: 'money', currency },
      { name: 'share', kind: 'share' },
      { name: 'quality', kind: 'text' },
    ],
    rows: edges.map((edge) => ({ ...edge })),
  };
}

function causeTable({ causes, currency }: SimulationResult): TableData {
  return {
    title: 'Unallocated',
    columns: [
      { name: 'node', kind: 'text' },
      { name: 'cause', kind: 'text' },
      { name: 'amount', kind: 'money', currency },
    ],
    rows: causes.map((cause) => ({ ...cause })),
  };
}
