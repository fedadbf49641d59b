import { errorTable, refusal } from '../../platform/kernel/index.ts';

/** What this module refuses. */
export const errors = errorTable('reporting', {
  unknownReport: refusal(404, 'notFound', (p: { name: string; nearest: readonly string[] }) =>
    p.nearest.length === 0
      ? `There is no report '${p.name}'. 'finops report list' shows them all.`
      : `There is no report '${p.name}'. Did you mean ${quoted(p.nearest)}?`,
  ),
  missingParameter: refusal(
    400,
    'usage',
    (p: { report: string; parameter: string; description: string }) =>
      `Report '${p.report}' needs the parameter '${p.parameter}': ${p.description}`,
  ),
  unknownParameter: refusal(
    400,
    'usage',
    (p: { report: string; parameter: string; known: readonly string[] }) =>
      p.known.length === 0
        ? `Report '${p.report}' takes no parameters; leave '${p.parameter}' out.`
        : `Report '${p.report}' has no parameter '${p.parameter}'. It takes: ${p.known.join(', ')}.`,
  ),
  unfitQuery: refusal(
    400,
    'usage',
    (p: { problem: string }) =>
      `The cost query in 'q' does not fit: ${p.problem}. Write it as JSON, URL-encoded.`,
  ),
  unfitParameter: refusal(
    400,
    'usage',
    (p: { report: string; parameter: string; value: string; expected: string }) =>
      `Report '${p.report}': the parameter '${p.parameter}' must be ${p.expected}, not '${p.value}'.`,
  ),
});

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(' or ');
}
