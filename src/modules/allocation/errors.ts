import { errorTable, refusal } from '../../platform/kernel/index.ts';

/** What this module refuses. Graphs and runs outside the caller's scope are unknown to it. */
export const errors = errorTable('allocation', {
  unknownGraph: refusal(
    404,
    'notFound',
    (p: { graph: string }) =>
      `There is no graph '${p.graph}' among those you may see. List them with 'finops graph list'.`,
  ),
  unknownVersion: refusal(404, 'notFound', (p: { graph: string; version: string }) =>
    p.version === 'draft'
      ? `The graph '${p.graph}' has no open draft. Open one, or change it: that opens one.`
      : p.version === 'published'
        ? `Nothing of the graph '${p.graph}' is published yet. Publish its draft first.`
        : `The graph '${p.graph}' has no version ${p.version}. 'finops graph history ${p.graph}' lists its versions.`,
  ),
  unknownEntity: refusal(
    404,
    'notFound',
    (p: { entity: string }) =>
      `There is no entity '${p.entity}' in use among those you may see. 'finops entities list' shows them.`,
  ),
  unknownPart: refusal(
    404,
    'notFound',
    (p: { graph: string; part: string }) =>
      `The draft of the graph '${p.graph}' has no ${p.part}: there is nothing to remove, or to stand before. Mind upper and lower case.`,
  ),
  graphTaken: refusal(
    409,
    'conflict',
    (p: { graph: string }) =>
      `The id '${p.graph}' is taken by another graph, perhaps a retired one. Choose another id, or restore that one.`,
  ),
  graphRetired: refusal(
    409,
    'conflict',
    (p: { graph: string; retiredAt: string }) =>
      `The graph '${p.graph}' was retired on ${p.retiredAt}. Restore it before you change it.`,
  ),
  draftOpen: refusal(
    409,
    'conflict',
    (p: { graph: string; number: number; by: string }) =>
      `The graph '${p.graph}' has an open draft already: version ${p.number}, begun by ${p.by}. Go on with it, publish it or discard it.`,
  ),
  nothingToPublish: refusal(
    409,
    'conflict',
    (p: { graph: string; number: number; published: number }) =>
      `The draft ${p.number} of the graph '${p.graph}' says what version ${p.published} says. Change it, or discard it.`,
  ),
  invalidGraph: refusal(
    422,
    'badData',
    (p: {
      graph: string;
      number: number;
      findings: readonly { readonly severity: string; readonly path: string; readonly message: string }[];
    }) => {
      const wrong = p.findings.filter(({ severity }) => severity === 'error');
      const told = wrong.slice(0, 3).map(({ path, message }) => `${path}: ${message}`);
      return `The draft ${p.number} of the graph '${p.graph}' cannot be published: ${wrong.length} ${wrong.length === 1 ? 'error' : 'errors'}. ${told.join(' ')}${wrong.length > 3 ? ` 'finops graph validate' lists them all.` : ''}`;
    },
  ),
  malformedGraph: refusal(
    422,
    'badData',
    (p: { issues: readonly { readonly path: string; readonly message: string }[] }) =>
      `${p.issues.length} ${p.issues.length === 1 ? 'part' : 'parts'} of the graph cannot be kept; nothing was changed. ${p.issues
        .slice(0, 3)
        .map(({ path, message }) => `${path}: ${message}.`)
        .join(' ')}`,
  ),
  ifMatchNeeded: refusal(
    428,
    'usage',
    (p: { graph: string }) =>
      `A change of the graph '${p.graph}' says which version it was made of: send If-Match with the ETag of the read.`,
  ),
  staleGraph: refusal(
    412,
    'conflict',
    (p: { graph: string; version: number; given: string }) =>
      `The graph '${p.graph}' has changed meanwhile: it is at "v${p.version}", your change was made of ${p.given}. Read it again and repeat the change.`,
  ),
  wholeScopeNeeded: refusal(
    403,
    'access',
    (_: Record<never, never>) =>
      `A graph without an entity is the installation's, and your role covers a part of it. Name one of your entities.`,
  ),
  unknownNode: refusal(
    404,
    'notFound',
    (p: { node: string; graph: string; nearest: readonly string[] }) =>
      `The graph '${p.graph}' has no node '${p.node}'${p.nearest.length === 0 ? '' : `; near are ${p.nearest.join(', ')}`}.`,
  ),
  noCostOnNode: refusal(
    404,
    'notFound',
    (p: { node: string; graph: string; period: string; nearest: readonly string[] }) =>
      `The node '${p.node}' has no cost in the run of ${p.period} of the graph '${p.graph}'${p.nearest.length === 0 ? '' : `; near are ${p.nearest.join(', ')}`}. Mind upper and lower case; 'finops allocate query --by NodeId --month ${p.period}' lists the nodes.`,
  ),
  noAttributedRows: refusal(
    404,
    'notFound',
    (p: { by: string; id: string; graph: string; period: string }) =>
      `The run of ${p.period} of the graph '${p.graph}' has taken no ${p.by === 'row' ? `row '${p.id}'` : `row of the resource '${p.id}'`} of the bills that you may see: it is of another month, or a tax that is recovered. Mind upper and lower case.`,
  ),
  unfitQuery: refusal(
    400,
    'usage',
    (p: { problem: string }) =>
      `The question in the address cannot be read: ${p.problem}. Encode it as JSON, as POST /allocation/queries takes it.`,
  ),
  runOfOther: refusal(
    400,
    'usage',
    (p: { run: string; graph: string; period: string }) =>
      `Run ${p.run} is of ${p.period} of the graph '${p.graph}'. Name that graph and month, or leave the run out.`,
  ),
  staleCursor: refusal(
    409,
    'conflict',
    (p: { reason: string }) =>
      `This cursor cannot be continued: ${p.reason}. Ask again without a cursor to start from the first page.`,
  ),
  partOfRun: refusal(
    403,
    'access',
    (p: { work: string }) =>
      `${p.work} needs the whole of a run, and your roles show a part of it. Fetch 'allocation', 'flow' or 'attribution' with GET: they hold what you may see.`,
  ),
  exportTaken: refusal(
    409,
    'conflict',
    (p: { name: string }) =>
      `There is an export named '${p.name}' already. Choose another name, or ask to overwrite it.`,
  ),
  publishedOnly: refusal(
    400,
    'usage',
    (p: { dataset: string }) =>
      `'${p.dataset}' is made of published runs. Leave the run out, or export 'nodes', 'types' or 'allocation' of it.`,
  ),
  billsForbidden: refusal(
    403,
    'access',
    (_: Record<never, never>) =>
      `A split bill holds the rows of the bill, and your roles do not let you read these. Export 'allocation', 'flow' or 'attribution'.`,
  ),
  noPublishedRun: refusal(
    404,
    'notFound',
    (p: { graph: string; period: string }) =>
      `No run of the graph '${p.graph}' is published for ${p.period}. Compute and publish one: 'finops allocate run --month ${p.period} --publish'.`,
  ),
  unknownRecommendation: refusal(
    404,
    'notFound',
    (p: { id: string }) =>
      `There is no recommendation '${p.id}' among those you may see. 'finops recommendations list' shows them.`,
  ),
  unfitChange: refusal(
    422,
    'badData',
    (p: { graph: string; edge: string; problem: string }) =>
      `The edge '${p.edge}' of the graph '${p.graph}' cannot be changed so: ${p.problem}`,
  ),
  unfitUsage: refusal(
    422,
    'badData',
    (p: { metric: string }) =>
      `The usage of '${p.metric}' would get too large to be shared out exactly. Take a smaller factor, or one with fewer decimals.`,
  ),
  revenueRefused: refusal(
    422,
    'badData',
    (p: {
      rejected: readonly { readonly row: number; readonly field: string; readonly message: string }[];
    }) =>
      `${p.rejected.length} ${p.rejected.length === 1 ? 'row does' : 'rows do'} not fit; nothing was changed. ${p.rejected
        .slice(0, 3)
        .map(({ row, field, message }) => `Row ${row}${field === '' ? '' : `, ${field}`}: ${message}`)
        .join(' ')}${p.rejected.length > 3 ? ' A dry run lists them all.' : ''}`,
  ),
  chartCurrency: refusal(
    400,
    'usage',
    (p: { month: string; currencies: readonly string[]; currency?: string }) =>
      p.currency === undefined
        ? `${p.month} has costs in ${p.currencies.join(' and ')}, which are never added. Draw one of them: --currency ${p.currencies[0]}.`
        : `${p.month} has no costs in ${p.currency}, but in ${p.currencies.join(' and ')}.`,
  ),
  chartFont: refusal(
    500,
    'failure',
    (_: Record<never, never>) =>
      'No font is installed, so that a PNG would have no letters. Install one, such as fonts-dejavu-core, or draw the chart as SVG.',
  ),
  unfitTemplate: refusal(
    422,
    'badData',
    (p: { template: string; problem: string }) =>
      `The template '${p.template}' cannot be read: ${p.problem}. Write columns in braces, such as 'app:{Tags.app}'.`,
  ),
  unfitDimension: refusal(
    422,
    'badData',
    (p: { dimension: string }) =>
      `'${p.dimension}' cannot be a run's dimension: it is a time or a number. Name a column of text, or Tags.key.`,
  ),
  unfitRule: refusal(
    422,
    'badData',
    (p: { rule: string; problem: string }) => `${p.rule} cannot be applied to the bill. ${p.problem}`,
  ),
  tooManyNodes: refusal(
    422,
    'badData',
    (p: { count: number; most: number; rule: string }) =>
      `The rules make ${p.count} nodes of this month's bill, and a graph may have ${p.most}. Most come from the rule '${p.rule}': use a column with fewer values.`,
  ),
  unknownRule: refusal(
    404,
    'notFound',
    (p: { rule: string; graph: string }) => `The graph '${p.graph}' has no rule '${p.rule}'.`,
  ),
  unknownTag: refusal(
    404,
    'notFound',
    (p: { tag: string; period: string; nearest: readonly string[] }) =>
      `No charge of ${p.period} has the tag '${p.tag}'${p.nearest.length === 0 ? '' : `; near are ${p.nearest.join(', ')}`}. 'finops cost --metric "coverage(${p.tag})"' asks how much carries a tag.`,
  ),
  nothingToAttribute: refusal(
    404,
    'notFound',
    (p: { period: string; graph: string }) =>
      `There is nothing to attribute in ${p.period} for '${p.graph}': none of its bills is imported. 'finops periods list' shows which are.`,
  ),
  unknownRun: refusal(
    404,
    'notFound',
    (p: { run: string }) =>
      `There is no allocation run '${p.run}' among those you may see. 'finops allocate runs' lists them; the first 8 digits of an id will do where they are one run's only.`,
  ),
  draftRun: refusal(
    409,
    'conflict',
    (p: { graph: string; number: number }) =>
      `Version ${p.number} of the graph '${p.graph}' is a draft, and runs are of published versions. Publish it with 'finops graph publish', or see what it would change with a what-if.`,
  ),
  unbalanced: refusal(
    409,
    'booksDoNotBalance',
    (p: {
      run: string;
      graph: string;
      period: string;
      checks: readonly { readonly name: string; readonly difference: string }[];
    }) =>
      `The books of run ${p.run} (graph '${p.graph}', ${p.period}) do not balance: ${p.checks.map(({ name, difference }) => `${name} is off by ${difference}`).join(', ')}. It is kept as failed and cannot be published. Compute the month again; if it fails again, this is a bug of ours.`,
  ),
  closedMonth: refusal(
    409,
    'conflict',
    (p: { graph: string; period: string; entity: string; state: string }) =>
      `${p.period} is ${p.state.toLowerCase()} for the entity '${p.entity}', and a closed month keeps the run that it was closed with. Late costs are booked by the next open month: compute and publish that one with 'finops allocate run --month YYYY-MM --graph ${p.graph} --publish'.`,
  ),
  bookedElsewhere: refusal(
    409,
    'conflict',
    (p: { graph: string; period: string; months: readonly string[] }) =>
      `A part of ${p.period} is booked in ${p.months.join(', ')} and would count twice. Compute and publish ${p.months.join(', ')} of the graph '${p.graph}' again first, now that ${p.period} is open; then publish this run.`,
  ),
  outdatedRun: refusal(
    409,
    'conflict',
    (p: { run: string; graph: string; period: string; restated: string }) =>
      `Run ${p.run} books late costs of ${p.restated}, and the books of ${p.restated} have changed since it was computed. Compute it again: 'finops allocate run --month ${p.period} --graph ${p.graph} --publish'.`,
  ),
  lostRun: refusal(
    409,
    'conflict',
    (p: { run: string; period: string }) =>
      `The lake no longer has the figures of run ${p.run}: they were old, unpublished, and removed by gc. Compute ${p.period} again.`,
  ),
  costsTooLarge: refusal(
    422,
    'badData',
    (p: { amount: string; decimals: number }) =>
      `A day's costs of ${p.amount} in one dimension are too large to be allocated exactly with ${p.decimals} decimals. Choose a finer dimension under method.dimension, or leave these rows out of the bill.`,
  ),
  differentGraphs: refusal(
    422,
    'usage',
    (p: { from: string; to: string }) =>
      `Runs of two graphs ('${p.from}' and '${p.to}') have no node in common that could be compared. Compare runs of one graph.`,
  ),
  uncomputableGraph: refusal(
    422,
    'badData',
    (p: { graph: string; findings: readonly { readonly path: string; readonly message: string }[] }) =>
      `The graph '${p.graph}' cannot be allocated with: ${p.findings
        .slice(0, 3)
        .map(({ path, message }) => `${path}: ${message}`)
        .join(
          ' ',
        )}${p.findings.length > 3 ? ` And ${p.findings.length - 3} more.` : ''} Mend it in the draft and publish that.`,
  ),
  publishForbidden: refusal(
    403,
    'access',
    (_: Record<never, never>) =>
      'Publishing a run needs the permission allocation.publish for the entity of the graph. Compute it without publishing, and ask somebody who may to publish it.',
  ),
});
