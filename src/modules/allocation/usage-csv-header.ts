import { nearestNames } from '../../platform/kernel/index.ts';
import { usageErrors } from './usage-errors.ts';

/** What a column of a usage file holds. `metric` with a name: the values of that metric, in a wide file. */
export type UsageColumn =
  | { readonly holds: 'node' | 'day' | 'metric' | 'value' | 'unit' | 'labels' }
  | { readonly holds: 'label'; readonly label: string }
  | { readonly holds: 'valuesOf'; readonly metric: string };

/** How a file is cut into cells, and what they hold, in the order of its columns. */
export interface UsageHeader {
  readonly delimiter: string;
  readonly columns: readonly UsageColumn[];
  /** As the file spells them. */
  readonly names: readonly string[];
}

const delimiters = [',', ';', '\t', '|'] as const;
const aliases: Readonly<Record<string, string>> = { date: 'day', node_id: 'node', nodeid: 'node' };
const known = ['node', 'day', 'metric', 'value', 'unit', 'labels'] as const;

/**
 * Reads the first record of a file. The delimiter is the one under which the columns that must be there are found: comma,
 * semicolon, tab or bar. Names of columns know no case. Refuses with `usage.unfitHeader` what is missing, unknown or there twice.
 *
 * `node;day;metric;value;label.env` has the delimiter `;` and five columns; the last holds the label `env`.
 */
export function readUsageHeader(file: string, text: string, wide: boolean): UsageHeader {
  const needed = wide ? ['node', 'day'] : ['node', 'day', 'metric', 'value'];
  const readings = delimiters.map((delimiter) => {
    const names = firstRecord(text, delimiter).map((name) => name.trim());
    return { delimiter, names, missing: needed.filter((name) => !names.some((n) => plain(n) === name)) };
  });
  const [best] = [...readings].sort((a, b) => a.missing.length - b.missing.length);
  if (!best || best.missing.length > 0) {
    const found = best?.names.filter((name) => name !== '').join(', ') ?? '';
    const problem = `there is no column ${best?.missing.join(', ')}${found === '' ? '' : ` beside ${found.slice(0, 200)}`}`;
    throw usageErrors.unfitHeader({ file, problem });
  }
  const { delimiter, names } = best;
  const columns = names.map((name) => columnOf(file, name, wide));
  refuseDoubles(file, names, columns);
  if (wide && !columns.some(({ holds }) => holds === 'valuesOf'))
    throw usageErrors.unfitHeader({ file, problem: 'it has no column of a metric' });
  return { delimiter, columns, names };
}

function plain(name: string): string {
  const lower = name.toLowerCase();
  return aliases[lower] ?? lower;
}

function columnOf(file: string, name: string, wide: boolean): UsageColumn {
  const label = /^labels?\.(.+)$/i.exec(name)?.[1];
  if (label !== undefined) return { holds: 'label', label };
  const holds = known.find((one) => one === plain(name));
  if (wide && (holds === undefined || ['metric', 'value', 'unit'].includes(holds))) {
    if (!/^[^\p{C}]{1,200}$/u.test(name))
      throw usageErrors.unfitHeader({
        file,
        problem: `'${name.slice(0, 80)}' cannot be the name of a metric`,
      });
    return { holds: 'valuesOf', metric: name };
  }
  if (holds !== undefined) return { holds };
  const [nearest] = nearestNames(name, [...known], 1);
  const advice = nearest
    ? `did you mean ${nearest}?`
    : 'a file with a column for each metric is imported as wide';
  throw usageErrors.unfitHeader({ file, problem: `'${name.slice(0, 80)}' is no column of it; ${advice}` });
}

function refuseDoubles(file: string, names: readonly string[], columns: readonly UsageColumn[]): void {
  const keys = columns.map((column) => JSON.stringify(column));
  const index = keys.findIndex((key, at) => keys.indexOf(key) !== at);
  if (index >= 0) throw usageErrors.unfitHeader({ file, problem: `the column ${names[index]} stands twice` });
}

/** The cells of the first record; a quoted cell may hold delimiters, line ends and doubled quotes. */
function firstRecord(text: string, delimiter: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = text.startsWith('\ufeff') ? 1 : 0; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') cell += text[++at];
      else quoted = false;
    } else if (character === '"' && cell === '') quoted = true;
    else if (character === delimiter) {
      cells.push(cell);
      cell = '';
    } else if (character === '\n' || character === '\r') break;
    else cell += character;
  }
  return [...cells, cell];
}
