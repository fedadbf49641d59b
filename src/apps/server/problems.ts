import { STATUS_CODES } from 'node:http';
import { must, Refusal } from '../../platform/kernel/index.ts';
import type { Problem } from './contract.ts';
import { errors } from './errors.ts';

/** What Fastify adds to the errors that it throws itself. */
interface FrameworkError extends Error {
  readonly code?: string;
  readonly statusCode?: number;
  readonly validation?: readonly Unfit[];
  readonly validationContext?: string;
}

/** One thing that does not fit its schema; `params.errors` has the forms tried where several were allowed. */
interface Unfit {
  readonly instancePath?: string;
  readonly message?: string;
  readonly params?: { readonly errors?: readonly (readonly Inner[])[] };
}

interface Inner {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly errors?: readonly (readonly Inner[])[];
}

/**
 * Any error as a refusal: our own as they are, the framework's in our words, everything else a defect that tells the
 * client an id and nothing more.
 */
export function asRefusal(error: unknown, id: string, bodyLimit: number): Refusal {
  if (error instanceof Refusal) return error;
  const file = lostFile(error);
  if (file !== undefined) return errors.lostFile({ file });
  return (error instanceof Error ? fromFramework(error, bodyLimit) : undefined) ?? errors.defect({ id });
}

/** The lake's file that a statement of the engine did not find: files never go while readers may want them. */
function lostFile(error: unknown): string | undefined {
  const text = error instanceof Error && error.name === 'StatementError' ? error.message : '';
  return /(?:No files found that match the pattern|Cannot open file) "[^"]*\/lake\/([^"]+\.parquet)"/.exec(
    text,
  )?.[1];
}

function fromFramework(error: FrameworkError, bodyLimit: number): Refusal | undefined {
  if (error.validation) {
    const where = error.validationContext === 'querystring' ? 'query' : (error.validationContext ?? 'body');
    return errors.invalid({ issues: error.validation.map((unfit) => issueOf(where, unfit)) });
  }
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return errors.tooLarge({ limitBytes: bodyLimit });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return errors.mediaType({ found: 'what was sent' });
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return errors.notJson({ problem: 'it is empty' });
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return errors.notJson({ problem: 'it cannot be parsed' });
  }
  const { statusCode } = error;
  return error.code?.startsWith('FST_ERR') && statusCode !== undefined && statusCode < 500
    ? errors.badRequest({ problem: error.message })
    : undefined;
}

function issueOf(where: string, { instancePath = '', message = 'does not fit', params }: Unfit) {
  const path = instancePath.split('/').filter((part) => part !== '');
  const closest = closestForm({ path, message, ...(params?.errors ? { errors: params.errors } : {}) });
  return { field: [where, ...closest.path.map(String)].join('.'), message: closest.message };
}

/** Where several forms are allowed, the one with the fewest faults is what the caller meant. */
function closestForm(inner: Inner): Inner {
  const [closest] = [...(inner.errors ?? [])].sort((a, b) => a.length - b.length);
  const [first] = closest ?? [];
  if (!first) return inner;
  return closestForm({ ...first, path: [...inner.path, ...first.path] });
}

/** A refusal as RFC 9457 has it. `id`: of the request. */
export function problemOf(refusal: Refusal, id: string): Problem {
  const { code, status, message, params, exitCode } = refusal;
  return {
    type: `urn:centrail:problem:${code}`,
    title: must(STATUS_CODES[status], `the name of HTTP status ${status}`),
    status,
    detail: message,
    code,
    params: { ...params },
    instance: `urn:centrail:request:${id}`,
    exitCode,
  };
}

/** The refusal that a problem tells of, for callers of the API. */
export function refusalOf(problem: Problem): Refusal {
  const { code, status, exitCode, detail, params } = problem;
  return new Refusal(code, { status, exit: exitCode as Refusal['exitCode'], sentence: detail }, params);
}
