import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Simulation, SimulationResult } from '../../../modules/allocation/index.ts';
import { exitCodes } from '../../../platform/kernel/index.ts';
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
    "usage": [{ "node": "web", "metric": "hours", "value": 1000 }, { "node": "api", "metric": "hours", "value": 4000 }],
    "cycles": "refuse | step_down | reciprocal", "order": ["which node closes first"] }
Strategies and their params are those of a graph. Exit code 5: it cannot be computed, and the findings say why.`;

async function run(context: Context, file: string): Promise<void> {
  const text = await read(context, file);
  const { simulate } = await import('../../../modules/allocation/index.ts');
  const { result, findings } = simulate(parse(text));
  const body = result ?? {};
  context.print({ json: { ...body, findings }, tables: tablesOf({ result, findings }) });
  if (result === null) context.exitWith(exitCodes.badData);
  else if (result.checks.some(({ ok }) => !ok)) context.exitWith(exitCodes.booksDoNotBalance);
}

async function read({ io }: Context, file: string): Promise<string> {
  if (file !== '-') return readFile(resolve(io.cwd, file), 'utf8');
  const chunks: Uint8Array[] = [];
  for await (const chunk of io.stdin) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** What is no JSON is handed on as text, which the calculator refuses by name. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    return error instanceof SyntaxError ? `no JSON: ${error.message}` : text;
  }
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
      { name: 'share', kind: 'number' },
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
