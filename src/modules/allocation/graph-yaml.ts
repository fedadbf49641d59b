import { Document, isMap, isScalar, isSeq, visit } from 'yaml';
import { z } from 'zod';
import { isNestedDeeperThan } from '../../platform/kernel/index.ts';
import { graphIdSchema } from './graph-contract.ts';
import { at, type Problem, problemsOf, yamlFindings } from './graph-yaml-findings.ts';
import { fieldsOf, type Position, pathText, positionOf } from './graph-yaml-positions.ts';
import { forbiddenName, oddities, readYaml } from './graph-yaml-read.ts';
import { isRecord, withoutDefaults } from './graph-yaml-schema.ts';
import { type GraphDocument, type GraphFinding, graphDocumentSchema, strategyNames } from './model.ts';

/** What a file says of the graph besides its content. */
export interface GraphHeader {
  /** Its id; `main` when the file names none. */
  readonly graph: string;
  readonly label?: string;
  /** Whose it is; the installation's when absent. */
  readonly entity?: string;
}

const headerShape = {
  graph: graphIdSchema.default('main'),
  label: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^\p{C}]+$/u, 'control characters are not allowed')
    .optional(),
  entity: z.string().min(1).max(100).optional(),
};
const fileSchema = z.strictObject({ ...headerShape, ...graphDocumentSchema.shape });

/** Sections of a file, in order: how the bill is read first, then the graph. */
const sections = ['method', 'metrics', 'rules', 'nodes', 'groups', 'edges'] as const;
/** Fields that are written on one line. */
const shortFields = ['labels', 'params', 'residual', 'components', 'where', 'order'] as const;

/**
 * A graph as a file for people and for version control: the same document always gives the same text. What a default says is
 * left out, percentages and factors are texts in quotes, lists keep their order. `graphFromYaml` gives the same document again.
 */
export function graphToYaml(document: GraphDocument, header: GraphHeader): string {
  const said = withoutDefaults(graphDocumentSchema, document) as Readonly<Record<string, unknown>>;
  const file: Record<string, unknown> = { ...header };
  for (const section of sections) if (said[section] !== undefined) file[section] = said[section];
  if (Array.isArray(said['edges'])) file['edges'] = said['edges'].map(endsFirst);
  const yaml = new Document(file, { aliasDuplicateObjects: false });
  visit(yaml, {
    Pair(_, { key, value }) {
      const name = isScalar(key) ? key.value : undefined;
      const isShort = shortFields.some((field) => field === name);
      if (isShort && (isMap(value) || isSeq(value))) value.flow = true;
      if (name === 'overrides' && isMap(value)) {
        for (const { value: rule } of value.items) if (isMap(rule)) rule.flow = true;
      }
    },
  });
  yaml.commentBefore = ` The allocation graph '${header.graph}': cost flows from → to. Put it into effect with 'finops graph apply'.`;
  return yaml.toString({ lineWidth: 0 });
}

/** An edge is read by its ends. */
function endsFirst({ id, from, to, ...edge }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...(id === undefined ? {} : { id }), from, to, ...edge };
}

/** The largest YAML that is read (characters), and the largest JSON, which needs no positions and is read by far quicker. */
const longestYaml = 8 * 2 ** 20;
const longestJson = 256 * 2 ** 20;
/** From here on a JSON without faults is read as such: 50,000 edges take seven seconds as YAML. Its faults are told with lines. */
const slowYaml = 2 ** 20;
const deepest = 200;
const aliasesAtMost = 100;

/** What a file says, or everything that is wrong with it. */
export interface GraphFile {
  readonly header: GraphHeader;
  /** Absent when a finding is an error. */
  readonly document?: GraphDocument;
  /** Each with `line` and `column` in its params, where the file is YAML. */
  readonly findings: readonly GraphFinding[];
  /** Where a finding of `validateGraph` over this document stands in the file: `edges/a -> b/params/cap`. */
  readonly locate: (path: string) => Position | undefined;
}

/**
 * Reads the file of a graph: YAML, or JSON, which is YAML too. All problems at once, each with its line and column: what is no
 * YAML; names that mean nothing, with those that were meant; values that do not fit. `validateGraph` says what is wrong with the
 * graph itself.
 */
export function graphFromYaml(text: string): GraphFile {
  const isJson = text.trimStart().startsWith('{');
  if (text.length > (isJson ? longestJson : longestYaml)) return refused(tooLarge(text.length, isJson));
  if (text.length > longestYaml) return fromJson(text);
  const quick = isJson && text.length > slowYaml ? fromJson(text) : undefined;
  if (quick?.document) return quick;
  const yaml = readYaml(text, deepest);
  if (!yaml) return refused(bomb);
  const { document: tree, lines, errors } = yaml;
  const syntax = errors.map(({ isTwice, problem, position }) => {
    const code = isTwice ? 'duplicateField' : 'malformedFile';
    return findingOf({ code, path: [], problem }, undefined, position);
  });
  if (errors.some(({ isTwice }) => !isTwice)) return { ...nothing, findings: syntax };
  const plain = plainOf(tree);
  if ('refused' in plain) return refused(plain.refused);
  const { value } = plain;
  const read = readValue(value);
  const found = [...oddities(tree), ...read.problems].map((problem) =>
    findingOf(problem, value, positionOf(tree, lines, problem)),
  );
  const findings = [...syntax, ...found];
  return {
    header: read.header,
    findings: inOrder(findings),
    ...(read.document && findings.every(({ severity }) => severity !== 'error')
      ? { document: read.document }
      : {}),
    locate: (path) => {
      const fields = fieldsOf(value, path);
      return fields && positionOf(tree, lines, { path: fields });
    },
  };
}

/** The value without the notation. The reader gives up on aliases that multiply. */
function plainOf(yaml: Document): { readonly value: unknown } | { readonly refused: Problem } {
  try {
    const value: unknown = yaml.toJS({ maxAliasCount: aliasesAtMost });
    return isNestedDeeperThan(value, deepest) ? { refused: bomb } : { value };
  } catch (error) {
    if (error instanceof ReferenceError && error.message.startsWith('Unresolved alias')) {
      return { refused: { code: 'malformedFile', path: [], problem: `${error.message}.` } };
    }
    if (error instanceof ReferenceError) return { refused: bomb };
    throw error;
  }
}

const bomb: Problem = {
  code: 'oversizedFile',
  path: [],
  problem: `The file repeats itself by more than ${aliasesAtMost} aliases, or is nested more than ${deepest} levels deep.`,
};

const noSuchName: Problem = {
  code: 'unknownField',
  path: [],
  problem: `'${forbiddenName}' cannot be a name, and stands in the file.`,
};

function tooLarge(length: number, isJson: boolean): Problem {
  const most = (isJson ? longestJson : longestYaml) / 2 ** 20;
  const advice = isJson ? 'Split the graph.' : `As JSON it may have ${longestJson / 2 ** 20} MiB.`;
  const problem = `The file has ${(length / 2 ** 20).toFixed(1)} MiB, and at most ${most} are read. ${advice}`;
  return { code: 'oversizedFile', path: [], problem };
}

const nothing = { header: { graph: 'main' }, locate: () => undefined } as const;

function refused(problem: Problem): GraphFile {
  return { ...nothing, findings: [findingOf(problem, undefined, undefined)] };
}

function fromJson(text: string): GraphFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return refused({ code: 'malformedFile', path: [], problem });
  }
  if (isNestedDeeperThan(value, deepest)) return refused(bomb);
  if (text.includes(forbiddenName)) return refused(noSuchName);
  const { header, document, problems } = readValue(value);
  const findings = problems.map((problem) => findingOf(problem, value, undefined));
  return { header, findings, ...(document ? { document } : {}), locate: () => undefined };
}

interface Read {
  readonly header: GraphHeader;
  readonly document?: GraphDocument;
  readonly problems: readonly Problem[];
}

function readValue(given: unknown): Read {
  // Nothing but comments is a graph without content.
  const value = withoutEmpty(given ?? {});
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    const problems = problemsOf(parsed.error.issues, value, fileSchema).filter(
      ({ name }) => name !== forbiddenName,
    );
    return { header: headerOf(value), problems: [...problems, ...besideStrategies(value)] };
  }
  const { graph, label, entity, ...document } = parsed.data;
  return { header: headerOf({ graph, label, entity }), document, problems: [] };
}

/** Sections that were left empty (`edges:` with nothing under it) are absent. */
function withoutEmpty(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, section]) => section !== null));
}

/** An unknown strategy hides what else is wrong with an edge: it is looked at once more as if it were `equal`. */
function besideStrategies(value: unknown): Problem[] {
  const edges = at(value, ['edges']);
  if (!Array.isArray(edges)) return [];
  const known: readonly unknown[] = strategyNames;
  return edges.flatMap((edge: unknown, place) => {
    if (!isRecord(edge) || known.includes(edge['strategy'])) return [];
    const seen = graphDocumentSchema.shape.edges.safeParse([{ ...edge, strategy: 'equal', params: {} }]);
    const issues = seen.error?.issues ?? [];
    const moved = issues.map((issue) => ({ ...issue, path: ['edges', place, ...issue.path.slice(1)] }));
    return problemsOf(moved as typeof issues, value, fileSchema);
  });
}

/** As much of the header as can be read. */
function headerOf(value: unknown): GraphHeader {
  const read = (name: keyof typeof headerShape) => headerShape[name].safeParse(at(value, [name])).data;
  const [label, entity] = [read('label'), read('entity')];
  return {
    graph: read('graph') ?? 'main',
    ...(label === undefined ? {} : { label }),
    ...(entity === undefined ? {} : { entity }),
  };
}

function findingOf(
  { code, path, name, problem }: Problem,
  value: unknown,
  position: Position | undefined,
): GraphFinding {
  const where = position ? `Line ${position.line}, column ${position.column}: ` : '';
  return {
    code: `allocation.${code}`,
    severity: yamlFindings[code],
    path: pathText(value, name === undefined ? path : [...path, name]) || 'file',
    message: `${where}${problem}`,
    params: { problem, ...position },
  };
}

function inOrder(findings: readonly GraphFinding[]): GraphFinding[] {
  const line = ({ params }: GraphFinding) =>
    Number(params['line'] ?? 0) * 1e6 + Number(params['column'] ?? 0);
  return [...findings].sort((a, b) => line(a) - line(b));
}
