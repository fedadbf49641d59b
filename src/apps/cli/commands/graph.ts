import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import { addChart } from './graph-chart.ts';
import {
  addEdge,
  addNode,
  type EdgeOptions,
  type NodeOptions,
  removeEdge,
  removeNode,
} from './graph-edit.ts';
import {
  type ApplyOptions,
  applyFile,
  exportGraph,
  type PlanOptions,
  planFile,
  validateFile,
} from './graph-file.ts';
import { addPropose } from './graph-propose.ts';
import {
  createGraph,
  discardDraft,
  listGraphs,
  publishDraft,
  retireGraph,
  rollBackGraph,
  showDiff,
  showEdges,
  showGraph,
  showHistory,
  showNode,
  showNodes,
} from './graph-versions.ts';
import { nodeTypes, strategyNames } from './graph-words.ts';

/** The graph that is meant where none is named. */
const mainGraph = 'main';

/** `finops graph …`: the graph that costs flow through, from the file to its published versions. */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('graph')
    .description(
      'the graph that sends every cost to the product that caused it: as a file, as drafts and versions',
    )
    .helpGroup(groups.costs);
  registerFiles(noun, context);
  registerGraphs(noun, context);
  registerLists(noun, context);
  registerVersions(noun, context);
  registerNode(noun, context);
  registerEdge(noun, context);
  addPropose(noun, context);
  addChart(noun, context);
  addExamples(noun, {
    'finops graph export > graph.yaml': 'the published version as a file',
    'finops graph validate graph.yaml': 'all that is wrong with it, without a workspace',
    'finops graph plan graph.yaml --month 2026-10': 'what it changes, and what that moves in money',
    'finops graph apply graph.yaml --publish --note "shop pays its own"': 'make it the version that runs use',
    'finops graph rollback --to 3 --publish': 'as version 3 was',
  });
}

/** `--version` is the program's own. */
const versionOption = [
  '--graph-version <version>',
  'which version: a number, published or draft',
  'published',
] as const;

function registerFiles(noun: Command, context: Context): void {
  noun
    .command('export')
    .description('print a version as the YAML file that apply takes')
    .argument('[graph]', 'which graph', mainGraph)
    .option(...versionOption)
    .action((graph: string, options: { readonly graphVersion: string }) =>
      exportGraph(context, graph, options.graphVersion),
    );
  noun
    .command('validate')
    .description('all findings of a graph file; needs no workspace')
    .argument('<file>', 'YAML or JSON')
    .action((file: string) => validateFile(context, file));
  noun
    .command('plan')
    .description('what a graph file changes, and with --month what that moves in money')
    .argument('<file>', 'YAML or JSON')
    .option('--graph <id>', 'which graph; the one that the file names by default')
    .option('--against <version>', 'compare with this version: a number, published or draft', 'published')
    .option('--month <month>', 'also what each product would have cost in this month, YYYY-MM')
    .action((file: string, options: PlanOptions) => planFile(context, file, options));
  noun
    .command('apply')
    .description('make the draft what a graph file says; the graph is made where there is none')
    .argument('<file>', 'YAML or JSON')
    .option('--graph <id>', 'which graph; the one that the file names by default')
    .option('--entity <id>', 'of a graph that is made: whose bills it allocates; all bills by default')
    .option('--publish', 'make it the published version, when nothing in it is wrong')
    .option('--note <text>', 'with --publish: why; kept')
    .option('--dry-run', 'show what would change and keep nothing')
    .action((file: string, options: ApplyOptions) => applyFile(context, file, options));
}

function registerGraphs(noun: Command, context: Context): void {
  noun
    .command('list')
    .description('every graph with its published version and its draft')
    .option('--entity <id>', 'only of this entity')
    .action((options: { readonly entity?: string }) => listGraphs(context, options));
  noun
    .command('create')
    .description('make a graph; its id and its entity are for ever')
    .argument('<graph>', 'its id')
    .option('--label <text>', 'what it is called; its id by default')
    .option('--entity <id>', 'whose bills it allocates; all bills by default')
    .action((graph: string, options: { readonly label?: string; readonly entity?: string }) =>
      createGraph(context, graph, options),
    );
  noun
    .command('show')
    .description('one graph with its published version and its draft')
    .argument('[graph]', 'which graph', mainGraph)
    .action((graph: string) => showGraph(context, graph));
  for (const [verb, meaning] of [
    ['retire', 'take a graph out of use; its versions stay'],
    ['restore', 'put a retired graph back into use'],
  ] as const)
    noun
      .command(verb)
      .description(meaning)
      .argument('<graph>', 'which graph')
      .action((graph: string) => retireGraph(context, graph, verb === 'retire'));
}

export interface NodesOptions {
  readonly graphVersion: string;
  readonly type?: string;
  readonly text?: string;
  readonly application?: string;
}

export interface EdgesOptions {
  readonly graphVersion: string;
  readonly from?: string;
  readonly to?: string;
  readonly node?: string;
  readonly strategy?: string;
  readonly text?: string;
}

function registerLists(noun: Command, context: Context): void {
  noun
    .command('nodes')
    .description('the nodes of a version')
    .argument('[graph]', 'which graph', mainGraph)
    .option(...versionOption)
    .addOption(new Option('--type <type>', 'only these').choices([...nodeTypes]))
    .option('--application <id>', 'only nodes of this application')
    .option('--text <text>', 'only those with this text in id, name or labels')
    .action((graph: string, options: NodesOptions) => showNodes(context, graph, options));
  noun
    .command('edges')
    .description('the edges of a version, with their strategies')
    .argument('[graph]', 'which graph', mainGraph)
    .option(...versionOption)
    .option('--from <node>', 'only edges that leave this node')
    .option('--to <node>', 'only edges that reach this node')
    .option('--node <node>', 'only edges at this node')
    .addOption(new Option('--strategy <name>', 'only these').choices([...strategyNames]))
    .option('--text <text>', 'only those with this text in id or ends')
    .action((graph: string, options: EdgesOptions) => showEdges(context, graph, options));
}

function registerVersions(noun: Command, context: Context): void {
  noun
    .command('history')
    .description('the versions of a graph, the newest first: who published what, when and why')
    .argument('[graph]', 'which graph', mainGraph)
    .action((graph: string) => showHistory(context, graph));
  noun
    .command('diff')
    .description('what changed from one version to another')
    .argument('[graph]', 'which graph', mainGraph)
    .option('--from <version>', 'a number, published or draft', 'published')
    .option('--to <version>', 'a number, published or draft', 'draft')
    .action((graph: string, options: { readonly from: string; readonly to: string }) =>
      showDiff(context, graph, options),
    );
  noun
    .command('publish')
    .description('make the draft the published version, for good; refused while something in it is wrong')
    .argument('[graph]', 'which graph', mainGraph)
    .option('--note <text>', 'why; kept')
    .option('--dry-run', 'say whether it would be published')
    .action((graph: string, options: { readonly note?: string; readonly dryRun?: boolean }) =>
      publishDraft(context, graph, options),
    );
  noun
    .command('rollback')
    .description('open a draft with the content of an earlier version')
    .argument('[graph]', 'which graph', mainGraph)
    .requiredOption('--to <version>', 'its number')
    .option('--publish', 'and publish it')
    .option('--note <text>', 'why; kept')
    .action(
      (graph: string, options: { readonly to: string; readonly publish?: boolean; readonly note?: string }) =>
        rollBackGraph(context, graph, options),
    );
  noun
    .command('discard')
    .description('take the draft away with all that was changed in it')
    .argument('[graph]', 'which graph', mainGraph)
    .action((graph: string) => discardDraft(context, graph));
}

function registerNode(noun: Command, context: Context): void {
  const node = noun.command('node').description('show one node; put one into the draft, or take one out');
  node
    .command('show')
    .description('one node with the edges that bring it cost and take it on')
    .argument('<id>', 'its id')
    .option('--graph <id>', 'which graph', mainGraph)
    .option(...versionOption)
    .action((id: string, options: { readonly graph: string; readonly graphVersion: string }) =>
      showNode(context, id, options),
    );
  node
    .command('add')
    .description('put a node into the draft, or replace the one of that id')
    .argument('<id>', 'its id')
    .addOption(
      new Option('--type <type>', 'what it stands for').choices([...nodeTypes]).makeOptionMandatory(),
    )
    .option('--name <text>', 'for people; the id by default')
    .option('--application <id>', 'the application that it is')
    .option('--label <name=text>', 'a label; repeatable', collectLabel)
    .option('--archived', 'it receives nothing and passes nothing on')
    .option('--graph <id>', 'which graph', mainGraph)
    .action((id: string, options: NodeOptions) => addNode(context, id, options));
  node
    .command('remove')
    .description('take a node out of the draft')
    .argument('<id>', 'its id')
    .option('--with-edges', 'also the edges from and to it, and its groups')
    .option('--graph <id>', 'which graph', mainGraph)
    .action((id: string, options: { readonly withEdges?: boolean; readonly graph: string }) =>
      removeNode(context, id, options),
    );
}

function registerEdge(noun: Command, context: Context): void {
  const edge = noun.command('edge').description('put an edge into the draft, or take one out');
  edge
    .command('add')
    .description('put an edge into the draft, or replace the one of that id; cost flows from → to')
    .argument('<from>', 'node that passes cost on')
    .argument('<to>', 'node that gets it')
    .addOption(new Option('--strategy <name>', 'how it shares').choices([...strategyNames]).default('equal'))
    .option('--param <name=value>', 'a parameter of the strategy: metric=requests; repeatable', collectLabel)
    .option('--group <name>', 'edges of a node with one group name share together')
    .option('--valid-from <day>', 'first day that it holds, YYYY-MM-DD')
    .option('--valid-to <day>', 'first day that it no longer holds')
    .option('--id <id>', 'its id; made of its ends by default')
    .option('--graph <id>', 'which graph', mainGraph)
    .action((from: string, to: string, options: EdgeOptions) => addEdge(context, from, to, options));
  edge
    .command('remove')
    .description('take an edge out of the draft')
    .argument('<id>', 'its id: "a -> b" unless it was given another')
    .option('--graph <id>', 'which graph', mainGraph)
    .action((id: string, options: { readonly graph: string }) => removeEdge(context, id, options));
}

function collectLabel(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
