import type { Issue } from '../../platform/kernel/index.ts';
import type { ColumnType } from '../../platform/warehouse/index.ts';
import { type ColumnAlias, columnAliases, keptAs, valueAliases } from './aliases.ts';
import { type FocusColumn, type FocusDatasetName, type FocusVersion, storedVersion } from './column.ts';
import { provenanceColumns, rowIdColumn } from './dataset.ts';
import { canonicalName, columnsIn } from './standard.ts';

/** One column of 1.4 and where its values come from. */
export interface LiftedColumn {
  readonly target: string;
  readonly type: ColumnType;
  /** Source header names as they are spelled in the file, best first; the first that is not null wins; none = gap. */
  readonly from: readonly string[];
  /** Lower-case spelling → value of the standard. Compare ignoring case; a value that is not listed stays as it is. */
  readonly values?: Readonly<Record<string, string>>;
  readonly how: 'as is' | 'renamed' | 'filled' | 'gap';
}

/** A source column that 1.4 does not have; kept under an `x_` name that no other column of the row has. */
export interface CustomColumn {
  readonly source: string;
  readonly target: string;
}

/** How a file becomes rows of 1.4: plain data, to be compiled to SQL by who reads the file. */
export interface LiftPlan {
  readonly columns: readonly LiftedColumn[];
  readonly custom: readonly CustomColumn[];
  /** Gaps, renames, fills and drift; one issue per column. */
  readonly report: readonly Issue[];
}

/**
 * Plans the way from a header of any version to the columns of 1.4. Nothing is invented: a column that the file lacks is a
 * gap, reported as a warning when 1.4 calls it mandatory, else as information. Nothing is lost: every source column either
 * feeds a column or is kept as a custom one.
 */
export function planLift(
  header: readonly string[],
  version: FocusVersion,
  dataset: FocusDatasetName = 'CostAndUsage',
): LiftPlan {
  const sources = new Sources(header);
  const aliases = dataset === 'CostAndUsage' ? columnAliases : [];
  const columns = columnsIn(storedVersion, dataset).map((column) => liftColumn(column, aliases, sources));
  const custom = keepCustom(header, columns);
  return {
    columns: columns.map((column) => column.lifted),
    custom,
    report: [
      ...columns.flatMap((column) => explainColumn(column, version)),
      ...explainCustom(custom, header),
    ],
  };
}

/** Header names by canonical name; the exact spelling of the standard first where a header repeats a name. */
class Sources {
  private readonly byName = new Map<string, string[]>();

  constructor(header: readonly string[]) {
    for (const name of header) {
      const key = canonicalName(name);
      const known = this.byName.get(key);
      if (known) known.push(name);
      else this.byName.set(key, [name]);
    }
  }

  find(name: string): string | undefined {
    const found = this.byName.get(canonicalName(name)) ?? [];
    return found.find((spelling) => spelling === name) ?? found[0];
  }
}

interface Planned {
  readonly column: FocusColumn;
  readonly lifted: LiftedColumn;
  /** The source column under its own name. */
  readonly own: string | undefined;
  /** The aliases that take part, best first. */
  readonly stands: readonly { readonly alias: ColumnAlias; readonly source: string }[];
}

function liftColumn(column: FocusColumn, aliases: readonly ColumnAlias[], sources: Sources): Planned {
  const own = sources.find(column.name);
  const stands = aliases.flatMap((alias) => {
    const source = alias.target === column.name ? sources.find(alias.source) : undefined;
    return source === undefined ? [] : [{ alias, source }];
  });
  const from = [...(own === undefined ? [] : [own]), ...stands.map((stand) => stand.source)];
  const values = spellings(column);
  const how = howLifted(own, stands);
  const lifted = { target: column.name, type: column.type, from, ...(values ? { values } : {}), how };
  return { column, lifted, own, stands };
}

function howLifted(own: string | undefined, stands: Planned['stands']): LiftedColumn['how'] {
  if (own !== undefined) return stands.length > 0 ? 'filled' : 'as is';
  if (stands.length === 0) return 'gap';
  return stands.length === 1 && stands[0]?.alias.how === 'renamed' ? 'renamed' : 'filled';
}

/** Every allowed value by its lower-case spelling (`usage-based` → `Usage-Based`), plus the older spellings. */
function spellings(column: FocusColumn): Readonly<Record<string, string>> | undefined {
  if (!column.allowed) return undefined;
  const own = column.allowed.map((value) => [value.toLowerCase(), value] as const);
  return { ...Object.fromEntries(own), ...valueAliases[column.name] };
}

const reserved = [...provenanceColumns.map((column) => column.name), rowIdColumn.name];

/**
 * A source column is used up when it is the first choice of a column of the same meaning. Everything else is kept: second
 * choices too, because they may differ, and columns that took another's place (ProviderName), because export needs them.
 */
function keepCustom(header: readonly string[], columns: readonly Planned[]): CustomColumn[] {
  const used = new Set<string>();
  const taken = new Set([...reserved, ...columns.map(({ column }) => column.name)].map(caseless));
  for (const { own, stands } of columns) {
    if (own !== undefined) used.add(own);
    else if (stands[0]?.alias.how === 'renamed') used.add(stands[0].source);
  }
  const custom: CustomColumn[] = [];
  for (const [index, source] of header.entries()) {
    if (used.has(source)) continue;
    used.add(source);
    const target = freeName(customName(source, index), taken);
    taken.add(caseless(target));
    custom.push({ source, target });
  }
  return custom;
}

/** `Id` → `x_Id`, `Sub Account` → `x_Sub_Account`, `x_Team` stays, `x_SourceRow` (a name of ours) → `x_GivenSourceRow`. */
function customName(source: string, index: number): string {
  for (const [old, kept] of Object.entries(keptAs)) {
    if (canonicalName(old) === canonicalName(source)) return kept;
  }
  const plain = source.replace(/\uFEFF/g, '').trim();
  if (reserved.some((name) => caseless(name) === caseless(plain))) return `x_Given${plain.slice(2)}`;
  if (/^x_/i.test(plain)) return plain;
  const word = plain.replace(/[^\p{L}\p{N}]+/gu, '_').replace(/^_+|_+$/g, '');
  return `x_${word === '' ? `Column${index + 1}` : word}`;
}

/** SQL compares column names ignoring case, so must we. */
function caseless(name: string): string {
  return name.toLowerCase();
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(caseless(name))) return name;
  let number = 2;
  while (taken.has(caseless(`${name}_${number}`))) number++;
  return `${name}_${number}`;
}

function explainColumn({ column, lifted, own, stands }: Planned, version: FocusVersion): Issue[] {
  if (lifted.how === 'gap') return [explainGap(column, version)];
  if (lifted.how === 'as is') return [];
  const sources = stands.map((stand) => stand.source).join(', then ');
  const message =
    lifted.how === 'renamed'
      ? `${sources} is called ${column.name} in ${storedVersion}; the values are unchanged.`
      : `${column.name} is filled from ${sources}${own === undefined ? '' : ' where it is empty'}; check it where the two may differ.`;
  return [
    {
      code: lifted.how === 'renamed' ? 'focus.column_renamed' : 'focus.column_filled',
      severity: 'info',
      path: column.name,
      message,
      params: { from: lifted.from.join(','), version },
    },
  ];
}

function explainGap(column: FocusColumn, version: FocusVersion): Issue {
  const level = column.levels[storedVersion]?.level ?? 'recommended';
  const due = column.levels[version] !== undefined;
  const why = due
    ? `${column.name} belongs to ${version} (${level}${column.when ? `: ${column.when}` : ''}) but the file lacks it`
    : `${column.name} came with ${column.since}, after the file's ${version}`;
  return {
    code: 'focus.column_gap',
    severity: level === 'mandatory' ? 'warning' : 'info',
    path: column.name,
    message: `${why}; it stays empty. ${due ? 'Ask for it in the export.' : 'A newer export would bring it.'}`,
    params: { level, since: column.since, version, due },
  };
}

function explainCustom(custom: readonly CustomColumn[], header: readonly string[]): Issue[] {
  return custom
    .filter(({ source, target }) => source !== target)
    .map(({ source, target }) => {
      const twice = header.filter((name) => canonicalName(name) === canonicalName(source)).length > 1;
      return {
        code: twice ? 'focus.column_duplicate' : 'focus.column_kept',
        severity: twice ? 'warning' : 'info',
        path: source,
        message: twice
          ? `The header names ${source} more than once; this one is kept as ${target}.`
          : `${source} is not a column of FOCUS ${storedVersion}; it is kept as ${target}.`,
        params: { target },
      };
    });
}
