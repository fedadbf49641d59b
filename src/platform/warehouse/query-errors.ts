import { errorTable, refusal } from '../kernel/index.ts';

/** What a cost query, or its text in the small language of `--where` and `--by`, can be refused for. */
export const queryErrors = errorTable('query', {
  unknownColumn: refusal(
    400,
    'usage',
    (p: { column: string; dataset: string; nearest: readonly string[] }) =>
      `There is no column '${p.column}' in '${p.dataset}'.${didYouMean(p.nearest)}`,
  ),
  notJson: refusal(
    400,
    'usage',
    (p: { column: string; type: string; key: string }) =>
      `Column '${p.column}' is a ${p.type} and has no key '${p.key}'. Leave the key out, or name a JSON column.`,
  ),
  notSummable: refusal(
    400,
    'usage',
    (p: { column: string; allowed: readonly string[] }) =>
      `Column '${p.column}' is neither a cost nor a quantity here. These are: ${p.allowed.join(', ')}.`,
  ),
  unfitOperator: refusal(
    400,
    'usage',
    (p: { field: string; type: string; op: string; allowed: readonly string[] }) =>
      `'${p.op}' does not fit ${p.field}, which is a ${p.type}. Use one of: ${p.allowed.join(', ')}.`,
  ),
  unfitValue: refusal(
    400,
    'usage',
    (p: { field: string; type: string; value: string; example: string }) =>
      `'${p.value}' is no value for ${p.field}, which is a ${p.type}. Write it like ${p.example}.`,
  ),
  nameTwice: refusal(
    400,
    'usage',
    (p: { name: string }) =>
      `The answer would have two columns named '${p.name}'. Give one of them another 'name', or leave it out.`,
  ),
  unknownOrder: refusal(
    400,
    'usage',
    (p: { name: string; names: readonly string[] }) =>
      `The answer has no column '${p.name}' to order by. It has: ${p.names.join(', ')}.`,
  ),
  topOfNothing: refusal(
    400,
    'usage',
    (_: Record<never, never>) =>
      `'top' needs a dimension that is neither time nor the currency of the money measured. Add one, or leave 'top' out.`,
  ),
  tooDeep: refusal(
    400,
    'usage',
    (p: { depth: number }) =>
      `The filter is nested more than ${p.depth} levels deep. Flatten its and/or/not, or use 'in'.`,
  ),
  staleCursor: refusal(
    409,
    'conflict',
    (p: { reason: string }) =>
      `This cursor cannot be continued: ${p.reason}. Ask again without a cursor to start from the first page.`,
  ),
  syntax: refusal(
    400,
    'usage',
    (p: { text: string; position: number; found: string; expected: string }) =>
      `At character ${p.position} of "${p.text}": expected ${p.expected}, found ${p.found}.`,
  ),
});

function didYouMean(nearest: readonly string[]): string {
  return nearest.length === 0 ? '' : ` Did you mean ${nearest.map((name) => `'${name}'`).join(' or ')}?`;
}
