import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type {} from '../../platform/access/index.ts';
import { type Caller, isNestedDeeperThan, mutable } from '../../platform/kernel/index.ts';
import type { Records } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { attributedRows } from './attribute-rows.ts';
import { errors } from './errors.ts';
import { explain } from './explain.ts';
import { explainBill } from './explain-bill.ts';
import { edgesIn, withEdges } from './explain-edges.ts';
import type { MoneyEnds } from './explain-lists.ts';
import { edgesOfVersion } from './explain-records-sql.ts';
import { graphDocument } from './graphs.ts';
import { requireRun } from './publish-run.ts';
import { queryResults } from './query-results.ts';
import type { AskedRun } from './query-run.ts';
import * as contract from './question-contract.ts';
import type { AllocationRun } from './run-model.ts';
import { findPublished } from './run-records-sql.ts';
import { requireShown } from './shown.ts';

export interface QuestionRouteOptions {
  readonly workspace: Workspace;
  readonly records: () => Promise<Records>;
}

type App = Parameters<FastifyPluginAsyncZod>[0];

const tags = ['allocation results'];
const reads = { permission: 'allocation.read' } as const;
/** Rows of bills are raw costs. */
const readsBills = { permission: 'cost.read' } as const;

/** Levels of a query in an address. */
const deepest = 50;

/** Questions to the figures of runs: queries, where a cost comes from, where it went, which rows of bills are behind it. */
export const allocationQuestionRoutes: FastifyPluginAsyncZod<QuestionRouteOptions> = async (app, options) => {
  addQueries(app, options);
  addExplanations(app, options);
  addBillQuestions(app, options);
};

const example = {
  dataset: 'allocation',
  query: {
    measures: [{ sum: 'Retained' }],
    dimensions: [{ column: 'NodeId' }],
    from: '2026-10',
    to: '2026-10',
  },
};

function addQueries(app: App, options: QuestionRouteOptions): void {
  app.post(
    '/allocation/queries',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Ask the figures of published runs, or of one run, by nodes, edges, rules, dimensions, days',
        body: contract.allocationQuerySchema.meta({ id: 'AllocationQuery', example }),
        response: { 200: contract.allocationQueryResultSchema },
      },
    },
    ({ caller, body }) => answerQuery(options, caller, body),
  );

  app.get(
    '/allocation/queries',
    {
      config: reads,
      schema: {
        tags,
        summary: 'The same, with the question as JSON in the address: a link',
        querystring: contract.linkedAllocationQuerySchema,
        response: { 200: contract.allocationQueryResultSchema },
      },
    },
    ({ caller, query }) => answerQuery(options, caller, parseLinked(query.q)),
  );
}

async function answerQuery(
  { workspace, records }: QuestionRouteOptions,
  caller: Caller,
  { dataset, graph, run, query }: contract.AllocationQuery,
): Promise<contract.AllocationQueryAnswer> {
  const { from, to } = query;
  if (run === undefined) await requireShown({ workspace, records }, caller, { graph, from, to });
  const asked = run === undefined ? undefined : (await askedRun(records, caller, { run })).asked;
  const answer = await queryResults(workspace, caller.scope, { dataset, graph, run: asked, query });
  const { money, ...result } = answer;
  return mutable({ ...result, context: { ...result.context, dataset, graph: asked?.graph ?? graph, money } });
}

function parseLinked(text: string): contract.AllocationQuery {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw errors.unfitQuery({ problem: 'it is not JSON' });
  }
  if (isNestedDeeperThan(value, deepest))
    throw errors.unfitQuery({ problem: `it is nested deeper than ${deepest} levels` });
  const parsed = contract.allocationQuerySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw errors.unfitQuery({ problem: z.prettifyError(parsed.error).replace(/\s*\n\s*/g, ' ') });
}

/** A run that is named, by its record: whose month and graph it is, and where the lake has it. */
export async function askedRun(
  records: () => Promise<Records>,
  caller: Caller,
  { run, graph, month }: { readonly run: string; readonly graph?: string; readonly month?: string },
): Promise<{ readonly record: AllocationRun; readonly asked: AskedRun }> {
  const record = await requireRun({ records: await records() }, caller, run);
  const { id, period, snapshot } = record;
  const isOther =
    (month !== undefined && month !== period) || (graph !== undefined && graph !== record.graph);
  if (isOther) throw errors.runOfOther({ run: id, graph: record.graph, period });
  if (snapshot === null) throw errors.lostRun({ run: id, period });
  return { record, asked: { graph: record.graph, month: period, snapshot } };
}

/** The run that an answer is of: the one that is named, or the published one as far as the caller sees it. */
async function runOf(
  records: () => Promise<Records>,
  caller: Caller,
  {
    graph,
    month,
    run,
  }: { readonly graph: string; readonly month: string; readonly run?: string | undefined },
): Promise<{ readonly record: AllocationRun | undefined; readonly asked: AskedRun }> {
  if (run !== undefined) return askedRun(records, caller, { run, graph, month });
  const record = await (await records()).read(caller, (tx) => findPublished(tx, { graph, period: month }));
  return { record, asked: { graph, month } };
}

function addExplanations(app: App, { workspace, records }: QuestionRouteOptions): void {
  app.get(
    '/allocation/explain',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Where the cost of a node comes from, down to rules and bills, or where it went',
        description:
          'Every part is exact, and the parts of each list and of each node of the tree sum to their whole.',
        querystring: contract.explainQuerySchema,
        response: { 200: contract.explanationSchema },
      },
    },
    async ({ caller, query }) => {
      const { node, direction, depth, top } = query;
      const { record, asked } = await runOf(records, caller, query);
      const explained = await explain(workspace, caller.scope, { ...asked, node, direction, depth, top });
      const currencies = await withStrategies(records, caller, record, explained.currencies);
      const known = { run: record?.id ?? null, version: record?.version ?? null };
      return mutable({
        ...explained,
        context: { ...explained.context, ...known },
        currencies,
      }) as contract.ExplanationAnswer;
    },
  );
}

/** Adds how edges share, where the caller sees the graph's version. */
async function withStrategies<List extends MoneyEnds>(
  records: () => Promise<Records>,
  caller: Caller,
  record: AllocationRun | undefined,
  lists: readonly List[],
): Promise<readonly List[]> {
  if (!record) return lists;
  const { graph, version } = record;
  const ids = [...edgesIn(lists)];
  const known = await (await records()).read(caller, (tx) => edgesOfVersion(tx, { graph, version }, ids));
  return withEdges(lists, ({ edges }) => edges.map((edge) => known.get(edge.id) ?? edge));
}

function addBillQuestions(app: App, { workspace, records }: QuestionRouteOptions): void {
  const bound = async (
    caller: Caller,
    query: { readonly graph: string; readonly month: string; readonly run?: string | undefined },
  ) => {
    const { record, asked } = await runOf(records, caller, query);
    if (!record) throw errors.noPublishedRun({ graph: query.graph, period: query.month });
    const { graph, version, period, inputs } = record;
    const { document } = await (await records()).read(caller, (tx) => graphDocument(tx, graph, version));
    const bills = inputs.cost.filter((used) => used.period === period);
    const snapshot = asked.snapshot ?? record.snapshot ?? '';
    const context = { graph, month: period, snapshot, version, run: record.id };
    return { record, asked, document, bills, context };
  };

  app.get(
    '/allocation/explain/rows',
    {
      config: readsBills,
      schema: {
        tags,
        summary: "Rows of the bill behind a node's direct cost, the largest first",
        querystring: contract.explainRowsQuerySchema,
        response: { 200: contract.explainRowsSchema },
      },
    },
    async ({ caller, query }) => {
      const { document, bills, context } = await bound(caller, query);
      const { node, rule, day, limit, cursor } = query;
      const engine = await workspace.engine();
      const found = await engine.session((session) =>
        attributedRows({
          ...{ session, lake: workspace.lake, scope: caller.scope, graph: context.graph, document },
          ...{ period: context.month, snapshots: bills, sources: bills.map(({ source }) => source) },
          ...{ node, rule, day, limit, cursor },
        }),
      );
      return mutable({ context: { ...context, node }, ...found });
    },
  );

  app.get(
    '/allocation/explain/bill',
    {
      config: readsBills,
      schema: {
        tags,
        summary: 'Where the cost of a row of a bill, or of a resource, went',
        querystring: contract.explainBillQuerySchema,
        response: { 200: contract.billExplanationSchema },
      },
    },
    async ({ caller, query }) => {
      const { record, asked, document, bills, context } = await bound(caller, query);
      const { row, resource = '', depth, top } = query;
      const rows =
        row === undefined ? ({ by: 'resource', id: resource } as const) : ({ by: 'row', id: row } as const);
      const found = await explainBill(workspace, caller.scope, {
        ...asked,
        rows,
        document,
        bills,
        depth,
        top,
      });
      const nodes = [];
      for (const one of found.nodes)
        nodes.push({ ...one, currencies: await withStrategies(records, caller, record, one.currencies) });
      return mutable({ ...found, nodes, context }) as contract.BillExplanationAnswer;
    },
  );
}
