import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type {
  Chart,
  ChartAnswer,
  ChartQuestion,
  DocumentAnswer,
  GraphDocument,
} from '../../../modules/allocation/index.ts';
import { exitCodes } from '../../../platform/kernel/index.ts';
import { address, type Client, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples } from '../help.ts';
import { type OutFile, outFile } from '../out-file.ts';
import { sizeText } from '../output.ts';
import { wholeNumber } from './cost.ts';
import { versionPath } from './graph-client.ts';

interface ChartOptions {
  readonly kind: Chart['kind'];
  readonly graph: string;
  readonly graphVersion: string;
  readonly month?: string;
  readonly node?: string;
  readonly currency?: string;
  readonly out: string;
  readonly theme: 'light' | 'dark';
  readonly top?: string;
  readonly width?: string;
  readonly height?: string;
  readonly overwrite?: boolean;
}

/** Adds `chart` to `finops graph`: pictures of a graph, with the money of a month or without. */
export function addChart(noun: Command, context: Context): void {
  const command = noun
    .command('chart')
    .description('draw a graph as SVG or PNG: with the money of a month, or its structure alone')
    .argument('[file]', 'a graph file, YAML or JSON: its structure')
    .addOption(
      new Option('--kind <kind>', 'what to draw')
        .choices(['sankey', 'graph', 'trend', 'waterfall'])
        .default('sankey'),
    )
    .option('--graph <id>', 'which graph, without a file', 'main')
    .option('--graph-version <version>', 'whose structure: a number, published or draft', 'published')
    .option('--month <month>', 'the money of its published run in this month, YYYY-MM')
    .option('--node <id>', 'whose trend or waterfall; else only what flows to it and from it')
    .option('--currency <code>', 'which, where the month has several')
    .requiredOption('--out <file>', 'file to write, or s3://bucket/key: its name ends in .svg or .png')
    .addOption(new Option('--theme <theme>', 'of the picture').choices(['light', 'dark']).default('light'))
    .option('--top <n>', 'draw the N largest nodes by themselves (default: 40); of a waterfall, flows (6)')
    .option('--width <pixels>', 'by default what the picture needs')
    .option('--height <pixels>', 'by default what the picture needs')
    .option('--overwrite', 'replace the file')
    .action((file: string | undefined, options: ChartOptions) => drawChart(context, file, options));
  addExamples(command, {
    'finops graph chart --month 2026-10 --out flows.svg': 'where the money of a month flows',
    'finops graph chart graph.yaml --kind graph --out graph.png': 'the structure of a file',
    'finops graph chart --kind waterfall --node k8s --month 2026-10 --out k8s.png --theme dark':
      'from what a node costs to what it retains',
  });
}

async function drawChart(context: Context, file: string | undefined, options: ChartOptions): Promise<void> {
  const format = formatOf(options.out);
  refuseUnfit(file, options);
  const out = await outFile(context, options.out, options.overwrite ?? false);
  const chart = await chartOf(context, file, options);
  if (!chart) return;
  const { chartPng, chartSvg } = await import('../../../modules/allocation/index.ts');
  const picture = format === 'png' ? await chartPng(chart) : await chartSvg(chart);
  await save(out, picture);
  const bytes = Buffer.byteLength(picture);
  const row = { file: out.name, kind: chart.kind, format, bytes };
  context.print({
    json: row,
    tables: [
      {
        columns: [
          { name: 'file', kind: 'text' },
          { name: 'kind', kind: 'text' },
          { name: 'format', kind: 'text' },
          { name: 'bytes', kind: 'number' },
        ],
        rows: [row],
      },
    ],
  });
  context.say(`${out.name}: ${chart.title}, ${sizeText(bytes)}`);
}

async function save(out: OutFile, picture: string | Uint8Array): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'finops-chart-'));
  try {
    await writeFile(join(folder, 'chart'), picture);
    await out.take(join(folder, 'chart'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function formatOf(out: string): 'svg' | 'png' {
  const [, ending] = /\.(svg|png)$/i.exec(out) ?? [];
  if (ending === undefined)
    throw errors.usage({ problem: `--out takes a file that ends in .svg or .png, not '${out}'.` });
  return ending.toLowerCase() === 'png' ? 'png' : 'svg';
}

/** A file has no money; a trend and a waterfall have nothing else. */
function refuseUnfit(file: string | undefined, { kind, month, node }: ChartOptions): void {
  if (file !== undefined && month !== undefined) {
    throw errors.usage({ problem: 'A file has no costs: name a file or a --month, not both.' });
  }
  const isOfMoney = kind === 'trend' || kind === 'waterfall';
  if (isOfMoney && month === undefined)
    throw errors.usage({ problem: `--kind ${kind} needs --month YYYY-MM.` });
  if (kind === 'waterfall' && node === undefined) {
    throw errors.usage({ problem: '--kind waterfall needs --node: whose cost it shows.' });
  }
}

async function chartOf(
  context: Context,
  file: string | undefined,
  options: ChartOptions,
): Promise<Chart | undefined> {
  const { kind, graph, graphVersion, month, node } = options;
  const look = lookOf(options);
  if (month !== undefined) {
    const { askChart } = await import('../../../modules/allocation/index.ts');
    const wish = { kind, graph, month, ...look, ...(node === undefined ? {} : { node }) };
    const currency = options.currency === undefined ? {} : { currency: options.currency.toUpperCase() };
    return withClient(context, (client) =>
      askChart((question) => askFigures(client, question), { ...wish, ...currency }),
    );
  }
  const { structureChart } = await import('../../../modules/allocation/index.ts');
  const drawn = kind === 'sankey' ? kind : 'graph';
  const of = { kind: drawn, ...look, ...(node === undefined ? {} : { node }) } as const;
  if (file !== undefined) {
    const document = await documentIn(context, file);
    return document && structureChart(document, { ...of, title: `Structure of ${file}` });
  }
  const content = await withClient(context, (client) =>
    client.call<DocumentAnswer>('GET', address(versionPath(graph, graphVersion))),
  );
  const title = `Structure of the graph ${graph}, version ${content.number}${content.state === 'draft' ? ' (draft)' : ''}`;
  return structureChart(content.document, { ...of, title });
}

function lookOf({ theme, top, width, height }: ChartOptions): Pick<Chart, 'theme'> & {
  readonly top?: number;
  readonly width?: number;
  readonly height?: number;
} {
  return {
    theme,
    ...(top === undefined ? {} : { top: wholeNumber('--top', top) }),
    ...(width === undefined ? {} : { width: wholeNumber('--width', width) }),
    ...(height === undefined ? {} : { height: wholeNumber('--height', height) }),
  };
}

function askFigures(client: Client, question: ChartQuestion): Promise<ChartAnswer> {
  return client.call<ChartAnswer>('POST', address('/allocation/queries'), question);
}

/** The document of a graph file; undefined when it has none: what is wrong is then said, and the command ends with 5. */
async function documentIn(context: Context, file: string): Promise<GraphDocument | undefined> {
  const text = await readFile(resolve(context.io.cwd, file), 'utf8');
  const { graphFromYaml } = await import('../../../modules/allocation/index.ts');
  const { document, findings } = graphFromYaml(text);
  if (document) return document;
  for (const { message } of findings) context.say(`${file}: ${message}`);
  context.exitWith(exitCodes.badData);
  return undefined;
}
