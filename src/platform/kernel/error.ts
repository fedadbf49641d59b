/**
 * Three kinds of trouble (design.md section 7).
 *
 * - **Issue**: bad data; collected, never thrown.
 * - **Refusal**: an expected "no"; thrown from a module's error table, mapped once to an HTTP problem and an exit code.
 * - **Defect**: our bug; see `assert.ts`.
 */

/** Exit codes of the command line. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  access: 4,
  badData: 5,
  booksDoNotBalance: 6,
  conflict: 7,
  remoteUnavailable: 8,
  policyBreached: 9,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export type Severity = 'info' | 'warning' | 'error';

/** Bad or surprising data: what, where, how many rows, and how much cost is at stake (decimal string). */
export interface Issue {
  readonly code: string;
  readonly severity: Severity;
  /** Where: a file, a column, a row. */
  readonly path: string;
  /** One sentence: what is wrong and what to do. */
  readonly message: string;
  readonly params?: Readonly<Record<string, string | number | boolean | null>>;
  readonly rows?: number;
  readonly costAtStake?: string;
  readonly currency?: string;
}

type Params = Readonly<Record<string, unknown>>;

/** One line of a module's error table: HTTP status, exit code, and the sentence that says what to do. */
export interface ErrorSpec<P extends Params> {
  readonly status: number;
  readonly exit: ExitCode;
  readonly sentence: (params: P) => string;
}

/** An expected refusal. `code` is stable (`ingestion.unbalanced`), `params` carries the facts. */
export class Refusal extends Error {
  readonly code: string;
  readonly status: number;
  readonly exitCode: ExitCode;
  readonly params: Params;

  constructor(code: string, spec: { status: number; exit: ExitCode; sentence: string }, params: Params) {
    super(spec.sentence);
    this.name = 'Refusal';
    this.code = code;
    this.status = spec.status;
    this.exitCode = spec.exit;
    this.params = params;
  }
}

type Specs = Readonly<Record<string, ErrorSpec<never>>>;
type Throwers<T extends Specs> = {
  readonly [K in keyof T]: (params: Parameters<T[K]['sentence']>[0]) => Refusal;
};

/** Helps to write one line of an error table with its parameters typed. */
export function refusal<P extends Params>(
  status: number,
  exit: keyof typeof exitCodes,
  sentence: (params: P) => string,
): ErrorSpec<P> {
  return { status, exit: exitCodes[exit], sentence };
}

/**
 * Makes a module's error table: `const errors = errorTable('lake', { conflict: refusal(409, 'conflict', (p: {…}) => …) })`,
 * used as `throw errors.conflict({ … })`; the code is `lake.conflict`.
 */
export function errorTable<T extends Specs>(module: string, specs: T): Throwers<T> {
  const throwers: Record<string, (params: Params) => Refusal> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const say = spec.sentence as (params: Params) => string;
    throwers[name] = (params) =>
      new Refusal(
        `${module}.${name}`,
        { status: spec.status, exit: spec.exit, sentence: say(params) },
        params,
      );
    errorCodes.set(`${module}.${name}`, { status: spec.status, exit: spec.exit });
  }
  return throwers as Throwers<T>;
}

/** Every code of every loaded error table, for the error reference and its test. */
export const errorCodes = new Map<string, { readonly status: number; readonly exit: ExitCode }>();
