import type { z } from 'zod';
import { nearestNames } from '../../platform/kernel/index.ts';
import { isRecord, knownNames } from './graph-yaml-schema.ts';
import type { GraphFinding } from './model.ts';

/** One thing that is wrong in a file: where, in fields of the value, and a sentence. */
export interface Problem {
  readonly code: keyof typeof yamlFindings;
  readonly path: readonly PropertyKey[];
  /** The field itself, where it is one that should not be there. */
  readonly name?: string;
  readonly problem: string;
}

/** What the file of a graph can be told; all are errors but `numberChanged`. */
export const yamlFindings = {
  /** Not YAML, or not JSON. */
  malformedFile: 'error',
  /** Too large, or repeating itself by aliases beyond reason. */
  oversizedFile: 'error',
  /** A name twice in one object. */
  duplicateField: 'error',
  /** A name that means nothing here. */
  unknownField: 'error',
  /** Missing, of the wrong type, or out of bounds. */
  invalidField: 'error',
  /** A number that is not what was written: 007, or more digits than a number holds. */
  numberChanged: 'warning',
} as const satisfies Readonly<Record<string, GraphFinding['severity']>>;

type Issue = z.core.$ZodIssue;

/** What a schema found wrong, said in the words of the file. `value`: what was read. */
export function problemsOf(issues: readonly Issue[], value: unknown, schema: z.ZodType): Problem[] {
  return issues.flatMap((issue) => problemsOfIssue(issue, value, schema));
}

function problemsOfIssue(issue: Issue, value: unknown, schema: z.ZodType): Problem[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = knownNames(schema, path);
    return issue.keys.map((name) => ({
      code: 'unknownField',
      path,
      name,
      // Everything is near to a name of a letter or two.
      problem: `'${name}' means nothing here.${offer(name.length < 3 ? [] : nearestNames(name, known), known)}`,
    }));
  }
  if (issue.code !== 'invalid_union' || 'discriminator' in issue) {
    return [{ code: 'invalidField', path, problem: sentence(issue, at(value, path)) }];
  }
  const branch = likeliest(issue.errors);
  if (branch) {
    const nested = branch.map((each) => ({ ...each, path: [...path, ...each.path] }) as Issue);
    return problemsOf(nested, value, schema);
  }
  const given = at(value, path);
  if (given === undefined) return [{ code: 'invalidField', path, problem: `${nameOf(path)} is missing.` }];
  const expected = [...new Set(issue.errors.flatMap(expectedOf))].join(' or ');
  return [
    {
      code: 'invalidField',
      path,
      problem: `${nameOf(path)} must be ${expected}, not ${shown(given)}.`,
    },
  ];
}

/** Of the forms that a value may have the one that it was meant to be: of the right type, with the fewest things wrong. */
function likeliest(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fitting = branches
    .map((issues) => issues.flatMap(unfolded))
    .filter((issues) => !issues.some(({ path, code }) => path.length === 0 && code !== 'unrecognized_keys'));
  return fitting.sort((a, b) => a.length - b.length)[0];
}

/** A union within a union is its likeliest form. */
function unfolded(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union' || issue.path.length > 0) return [issue];
  return likeliest(issue.errors) ?? [issue];
}

function expectedOf(issues: readonly Issue[]): string[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'invalid_union') return issue.errors.flatMap(expectedOf);
    if (issue.code === 'invalid_value') return [oneOf(issue.values)];
    return issue.code === 'invalid_type' ? [typeName(issue.expected)] : [issue.message];
  });
}

function sentence(issue: Issue, value: unknown): string {
  const name = nameOf(issue.path);
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) {
    return valueSentence(name, value, issue.options as string[]);
  }
  if (issue.code === 'invalid_value') return valueSentence(name, value, issue.values.map(String));
  if (value === undefined) return `${name} is missing.`;
  if (issue.code === 'invalid_type')
    return `${name} must be ${typeName(issue.expected)}, not ${shown(value)}.`;
  if (issue.code === 'too_small' && issue.origin === 'string') return `${name} is empty.`;
  if (issue.code === 'too_big' && issue.origin === 'string') {
    return `${name} is longer than ${issue.maximum} characters.`;
  }
  if (issue.code === 'too_big') return `${name} is more than ${issue.maximum}.`;
  if (issue.code === 'too_small') return `${name} is less than ${issue.minimum}.`;
  return `${name} is ${shown(value)}: ${issue.message}.`;
}

function valueSentence(name: string, value: unknown, options: readonly string[]): string {
  if (value === undefined) return `${name} is missing: ${oneOf(options)}.`;
  const near = typeof value === 'string' ? nearestNames(value, options) : [];
  return `${name} is ${shown(value)}, and can be ${oneOf(options)}.${offer(near, [])}`;
}

function offer(near: readonly string[], known: readonly string[]): string {
  if (near.length > 0) return ` Did you mean ${near.map((name) => `'${name}'`).join(' or ')}?`;
  return known.length === 0 ? '' : ` These do: ${known.join(', ')}.`;
}

function oneOf(options: readonly unknown[]): string {
  const texts = options.map((option) => `'${option}'`);
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} or ${texts.at(-1)}`;
}

function typeName(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'an object',
    record: 'an object',
  };
  return names[expected] ?? expected;
}

function nameOf(path: readonly PropertyKey[]): string {
  const last = path.at(-1);
  if (last === undefined) return 'The file';
  return typeof last === 'number'
    ? `Number ${last + 1} of ${String(path.at(-2) ?? 'the list')}`
    : `'${String(last)}'`;
}

/** A value in a sentence: short, on one line. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'an object';
  if (value === null) return 'empty';
  const text = String(value).replace(/[\p{C}\s]+/gu, ' ');
  return `'${text.length > 60 ? `${text.slice(0, 57)}…` : text}'`;
}

/** The value at a path; undefined where there is none. */
export function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((part, step) => {
    if (Array.isArray(part)) return part[Number(step)];
    return isRecord(part) && Object.hasOwn(part, step) ? part[String(step)] : undefined;
  }, value);
}
