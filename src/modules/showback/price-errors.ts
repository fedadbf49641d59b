import { errorTable, refusal } from '../../platform/kernel/index.ts';

/** A cell of a file, or a field of a line in a list, that does not fit. `row`: its record in the file, the header being 1. */
export interface CellError {
  readonly row: number;
  /** Column of the header; empty when the whole record is meant. */
  readonly field: string;
  readonly message: string;
}

/** Two lines that price the same in the same months. */
export interface OverlapError {
  readonly first: string;
  readonly second: string;
  /** `2026-03 to 2026-05`, or `from 2026-03 on`. */
  readonly months: string;
}

/** A rate that there is although another was asked for. */
export interface RateNearby {
  readonly period: string;
  readonly base: string;
  readonly quote: string;
  readonly type: string;
  readonly rate: string;
}

/** What is refused of price views, the calendar and rates. Views outside the caller's scope are unknown to it. */
export const priceErrors = errorTable('price', {
  unknownView: refusal(
    404,
    'notFound',
    (p: { view: string }) =>
      `There is no price view '${p.view}' among those you may see. List them with 'finops price views'.`,
  ),
  unknownVersion: refusal(404, 'notFound', (p: { view: string; version: string }) =>
    p.version === 'draft'
      ? `The price view '${p.view}' has no open draft. Open one, or change its lines: that opens one.`
      : p.version === 'published'
        ? `Nothing of the price view '${p.view}' is published yet. Publish its draft first.`
        : `The price view '${p.view}' has no version ${p.version}. 'finops price history ${p.view}' lists its versions.`,
  ),
  unknownLine: refusal(
    404,
    'notFound',
    (p: { view: string; version: string; line: number }) =>
      `The price view '${p.view}' has no line ${p.line} in ${p.version === 'draft' ? 'its draft' : `version ${p.version}`}. 'finops price lines ${p.view} --view-version ${p.version}' lists them.`,
  ),
  unknownEntity: refusal(
    404,
    'notFound',
    (p: { entity: string }) =>
      `There is no entity '${p.entity}' in use among those you may see. 'finops entities list' shows them.`,
  ),
  unknownGraph: refusal(
    404,
    'notFound',
    (p: { graph: string }) =>
      `There is no graph '${p.graph}' in use among those you may see. 'finops graph list' shows them.`,
  ),
  graphOfAnother: refusal(
    409,
    'conflict',
    (p: { graph: string; graphEntity: string; view: string; entity: string | null }) =>
      `The graph '${p.graph}' allocates the bills of entity '${p.graphEntity}', and the price view '${p.view}' is ${p.entity === null ? "the installation's" : `of entity '${p.entity}'`}. Give the view the entity of its graph.`,
  ),
  viewTaken: refusal(
    409,
    'conflict',
    (p: { view: string }) =>
      `The id '${p.view}' is taken by another price view, perhaps a retired one. Choose another id, or restore that one.`,
  ),
  viewRetired: refusal(
    409,
    'conflict',
    (p: { view: string; retiredAt: string }) =>
      `The price view '${p.view}' was retired on ${p.retiredAt}. What it priced stays priced; restore it before you change it or give it more months.`,
  ),
  wholeScopeNeeded: refusal(
    403,
    'access',
    (p: { what: string }) =>
      `${p.what} reaches further than your role. Work with what belongs to your entities, or ask somebody who covers the whole.`,
  ),
  noLines: refusal(
    409,
    'conflict',
    (p: { view: string }) =>
      `The price view '${p.view}' is computed from allocation: it has no versions and no lines. Its costs follow from the published runs of its graph.`,
  ),
  draftOpen: refusal(
    409,
    'conflict',
    (p: { view: string; number: number; by: string }) =>
      `The price view '${p.view}' has an open draft already: version ${p.number}, begun by ${p.by}. Go on with it, publish it or discard it.`,
  ),
  nothingToPublish: refusal(
    409,
    'conflict',
    (p: { view: string; number: number; published: number }) =>
      `The draft ${p.number} of the price view '${p.view}' says what version ${p.published} says. Change it, or discard it.`,
  ),
  notPublished: refusal(
    409,
    'conflict',
    (p: { view: string }) =>
      `Nothing of the price view '${p.view}' is published yet, so that it can hold in no month. Publish its draft first.`,
  ),
  invalidVersion: refusal(
    422,
    'badData',
    (p: {
      view: string;
      number: number;
      findings: readonly { readonly severity: string; readonly message: string }[];
    }) => {
      const wrong = p.findings.filter(({ severity }) => severity === 'error');
      return `The draft ${p.number} of the price view '${p.view}' is not published: ${wrong.length} ${wrong.length === 1 ? 'thing is' : 'things are'} wrong in it. ${wrong
        .slice(0, 3)
        .map(({ message }) => message)
        .join(' ')}${wrong.length > 3 ? ' Its findings list them all.' : ''}`;
    },
  ),
  overlap: refusal(
    422,
    'badData',
    (p: { view: string; overlaps: readonly OverlapError[] }) =>
      `Two lines of the price view '${p.view}' would price the same in the same months; nothing was changed. ${p.overlaps
        .slice(0, 3)
        .map(({ first, second, months }) => `${first} and ${second}: ${months}.`)
        .join(
          ' ',
        )}${p.overlaps.length > 3 ? ` And ${p.overlaps.length - 3} more.` : ''} End the one before the other begins.`,
  ),
  tooManyLines: refusal(
    422,
    'badData',
    (p: { view: string; lines: number; most: number }) =>
      `The price view '${p.view}' would have ${p.lines} lines; ${p.most} are the most. Price by family or domain, or split the view.`,
  ),
  linesRefused: refusal(
    422,
    'badData',
    (p: { rows: number; errors: readonly CellError[] }) =>
      `${p.errors.length} ${p.errors.length === 1 ? 'cell' : 'cells'} of ${p.rows} rows of prices do not fit; nothing was changed. ${rowsSaid(p.errors)}`,
  ),
  factorTooLarge: refusal(
    422,
    'badData',
    (p: { factor: string; line: number; price: string }) =>
      `${p.price} of line ${p.line} times ${p.factor} has more than 26 digits before the point. Give a smaller factor; nothing was made.`,
  ),
  ifMatchNeeded: refusal(
    428,
    'usage',
    (p: { view: string }) =>
      `A change of the price view '${p.view}' says which version it was made of: send If-Match with the ETag of the read.`,
  ),
  stale: refusal(
    412,
    'conflict',
    (p: { view: string; version: number; given: string }) =>
      `The price view '${p.view}' has changed meanwhile: it is at "v${p.version}", your change was made of ${p.given}. Read it again and repeat the change.`,
  ),
  unknownCalendarEntry: refusal(
    404,
    'notFound',
    (p: { entry: string }) =>
      `There is no entry ${p.entry} of the price calendar among those you may see. 'finops price calendar list' shows them.`,
  ),
  viewOfAnother: refusal(
    409,
    'conflict',
    (p: { view: string; viewEntity: string; entity: string | null }) =>
      `The price view '${p.view}' prices the applications of entity '${p.viewEntity}' only; it cannot hold for ${p.entity === null ? 'the installation' : `entity '${p.entity}'`}. Name another view, or set it for '${p.viewEntity}'.`,
  ),
  monthClosed: refusal(
    409,
    'conflict',
    (p: { entity: string; period: string; state: string; before: string | null; after: string | null }) =>
      `${p.period} of entity '${p.entity}' is ${p.state}, and its price view would become ${p.after === null ? 'none' : `'${p.after}'`} instead of ${p.before === null ? 'none' : `'${p.before}'`}. Begin after it, or reopen the month.`,
  ),
  noRate: refusal(
    422,
    'badData',
    (p: {
      period: string;
      base: string;
      quote: string;
      type: string;
      nearby: readonly RateNearby[];
      advice: string;
    }) => `There is no ${p.type} rate of ${p.period} from ${p.base} to ${p.quote}. ${p.advice}`,
  ),
  unknownRate: refusal(
    404,
    'notFound',
    (p: { period: string; base: string; quote: string; type: string }) =>
      `The table has no ${p.type} rate of ${p.period} from ${p.base} to ${p.quote}. 'finops price rates list' shows what there is.`,
  ),
  ratesRefused: refusal(
    422,
    'badData',
    (p: { rows: number; errors: readonly CellError[] }) =>
      `${p.errors.length} ${p.errors.length === 1 ? 'cell' : 'cells'} of ${p.rows} rows of rates do not fit; nothing was changed. ${rowsSaid(p.errors)}`,
  ),
});

function rowsSaid(found: readonly CellError[]): string {
  const said = found.slice(0, 3).map(({ row, field, message }) => {
    const end = /[.!?]$/.test(message) ? '' : '.';
    return `Row ${row}${field === '' ? '' : `, ${field}`}: ${message}${end}`;
  });
  return `${said.join(' ')}${found.length > 3 ? ' A dry run lists them all.' : ''}`;
}
