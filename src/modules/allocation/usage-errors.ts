import { errorTable, refusal } from '../../platform/kernel/index.ts';

/** A cell that does not fit. `row`: its record in the file, the header being 1. */
export interface UsageCellError {
  readonly row: number;
  /** Column of the header; empty when the whole record is meant. */
  readonly field: string;
  readonly message: string;
}

/** What is refused of usage. Nothing is kept of what is refused, and no sentence carries a token or a password. */
export const usageErrors = errorTable('usage', {
  unfitRows: refusal(
    422,
    'badData',
    (p: { file: string; rows: number; cells: number; of: number; errors: readonly UsageCellError[] }) => {
      const shown = p.errors.slice(0, 5);
      const said = shown.map(({ row, field, message }) => `row ${row}${field && `, ${field}`}: ${message}`);
      const more = p.cells - shown.length;
      return `${p.file}: ${p.rows} of ${p.of} rows do not fit, and nothing was imported. ${said.join('; ')}${more > 0 ? `; and ${more} more` : ''}. Mend them and import the file again.`;
    },
  ),
  unfitHeader: refusal(
    422,
    'badData',
    (p: { file: string; problem: string }) =>
      `${p.file} cannot be read as usage: ${p.problem}. The first line names the columns: node, day, metric, value, and perhaps unit, labels or label.NAME.`,
  ),
  noRows: refusal(
    422,
    'badData',
    (p: { file: string }) =>
      `${p.file} holds no values. Nothing was imported; check that it is the right file.`,
  ),
  notText: refusal(
    422,
    'badData',
    (p: { file: string; problem: string }) =>
      `${p.file} is no CSV file in UTF-8 (${p.problem}). Save it as CSV in UTF-8 and import it again.`,
  ),
  strict: refusal(
    422,
    'badData',
    (p: { what: string; findings: readonly string[] }) =>
      `${p.what} was refused because findings are not accepted (strict). ${p.findings.join(' ')}`,
  ),
  unknownMonth: refusal(
    404,
    'notFound',
    (p: { graph: string; source: string; month: string }) =>
      `The graph '${p.graph}' has no usage of ${p.month} from '${p.source}'. 'finops usage list' shows what there is.`,
  ),
  nothingEarlier: refusal(
    404,
    'notFound',
    (p: { source: string; month: string }) =>
      `Usage of ${p.month} from '${p.source}' has been delivered once: there is nothing earlier to go back to. 'none' withdraws it.`,
  ),
  unknownSnapshot: refusal(
    404,
    'notFound',
    (p: { source: string; month: string; snapshot: string }) =>
      `Usage of ${p.month} from '${p.source}' has no snapshot '${p.snapshot}' in its history.`,
  ),
  monthNotBegun: refusal(
    422,
    'usage',
    (p: { month: string }) =>
      `No day of ${p.month} has ended yet (UTC), and only whole days are fetched. Ask again tomorrow, or for an earlier month.`,
  ),
  unknownEndpoint: refusal(
    404,
    'notFound',
    (p: { endpoint: string; known: readonly string[] }) =>
      `There is no monitoring system '${p.endpoint}' that you may ask${p.known.length === 0 ? '' : ` (there are ${p.known.join(', ')})`}. They are configured as [[usage.prometheus]] of finops.toml.`,
  ),
  secretMissing: refusal(
    422,
    'usage',
    (p: { endpoint: string; variable: string }) =>
      `The secret of '${p.endpoint}' is to be in the environment variable ${p.variable}, which is not set. Set it where the work is done, and try again.`,
  ),
  remoteUnavailable: refusal(
    503,
    'remoteUnavailable',
    (p: { endpoint: string; reason: string; attempts: number }) =>
      `'${p.endpoint}' did not answer (${p.reason}; tried ${p.attempts} ${p.attempts === 1 ? 'time' : 'times'}). Nothing was changed; try again later.`,
  ),
  accessRefused: refusal(
    403,
    'access',
    (p: { endpoint: string; status: number }) =>
      `'${p.endpoint}' refused the access that is configured for it (status ${p.status}). Check its token, password and tenant in usage.prometheus.`,
  ),
  queryRefused: refusal(
    422,
    'usage',
    (p: { endpoint: string; query: string; problem: string }) =>
      `'${p.endpoint}' refused the query ${p.query}: ${p.problem}. Mend the query, or ask for a coarser step.`,
  ),
  unfitAnswer: refusal(
    502,
    'remoteUnavailable',
    (p: { endpoint: string; problem: string }) =>
      `'${p.endpoint}' did not answer as the HTTP API of Prometheus does (${p.problem}). Check its address in usage.prometheus.`,
  ),
  answerTooLarge: refusal(
    413,
    'badData',
    (p: { endpoint: string; query: string; day: string; limitMb: number }) =>
      `The answer of '${p.endpoint}' to ${p.query} for ${p.day} alone has more than ${p.limitMb} MB. Add up series in the query (sum by …), or ask for a coarser step.`,
  ),
  unfitValues: refusal(
    422,
    'badData',
    (p: { endpoint: string; query: string; samples: number; examples: readonly string[] }) =>
      `'${p.endpoint}' gave ${p.samples} ${p.samples === 1 ? 'value' : 'values'} for ${p.query} that cannot be usage: ${p.examples.join('; ')}. Usage is finite and not negative; nothing was changed.`,
  ),
  nothingFound: refusal(
    422,
    'badData',
    (p: { endpoint: string; query: string; month: string }) =>
      `'${p.endpoint}' has no values for ${p.query} in ${p.month}. Nothing was changed; check the query, and that the system keeps that month.`,
  ),
});
