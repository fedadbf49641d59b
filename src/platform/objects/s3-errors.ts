import { Refusal } from '../kernel/index.ts';
import { ForbiddenAddress } from './endpoint.ts';
import { errors } from './errors.ts';
import { parseS3Uri } from './store.ts';

/** What was being asked of S3, for the sentence. */
export interface Asked {
  readonly uri: string;
  /** Which credentials were looked for, in words: "the profile 'x'". */
  readonly tried: string;
  /** What the object was when it was listed; a failed precondition then names both. */
  readonly was?: string;
}

/**
 * A failure of the AWS SDK as one of our refusals. Only codes, statuses and our own words go into it: the SDK's
 * messages may quote signed requests, helper programs' output, or account details.
 */
export function s3Error(error: unknown, asked: Asked): unknown {
  const chain = causes(error);
  const known = chain.find((cause) => cause instanceof Refusal || cause instanceof ForbiddenAddress);
  if (known instanceof Refusal) return known;
  if (known instanceof ForbiddenAddress) {
    const reason =
      'its name resolves to a loopback, private or metadata address; allowPrivateNetwork permits private ones';
    return errors.endpointRefused({ host: known.host, reason });
  }
  const { uri } = asked;
  const name = nameOf(error);
  if (isCredentialProblem(chain))
    return errors.noCredentials({ tried: asked.tried, hint: credentialHint(chain) });
  if (chain.some((cause) => /^Region is missing/.test(String((cause as Error).message))))
    return errors.noRegion({ uri });
  const network = networkCode(chain);
  if (network) return errors.remoteUnavailable({ uri, reason: network });
  const status = statusOf(error);
  if (status === undefined) return error;
  return answered(name, status, asked);
}

/** True for a cut or stalled connection, after which the rest may be asked for again. */
export function isCut(error: unknown): boolean {
  return networkCode(causes(error)) !== undefined;
}

function answered(name: string, status: number, asked: Asked): Refusal {
  const { uri } = asked;
  // An answer to HEAD has no body, so no code.
  const reason = name === 'Unknown' ? `status ${status}` : `${name}, status ${status}`;
  if (name === 'NoSuchBucket') return errors.bucketNotFound({ bucket: parseS3Uri(uri).bucket });
  if (name === 'InvalidObjectState') return errors.archived({ uri });
  if (status === 412 || status === 416) {
    return errors.objectChanged({ uri, was: asked.was ?? 'as listed', now: 'something else' });
  }
  if (status === 404) return errors.notFound({ uri });
  if (status === 401 || status === 403 || refusedCodes.has(name))
    return errors.accessRefused({ uri, reason });
  if (status >= 500 || status === 429) return errors.remoteUnavailable({ uri, reason });
  return errors.remoteRefused({ uri, reason });
}

/** Refusals that S3 sends as status 400. */
const refusedCodes = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidToken',
  'TokenRefreshRequired',
]);

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
  'EPROTO',
  'ERR_STREAM_PREMATURE_CLOSE',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

function networkCode(chain: readonly unknown[]): string | undefined {
  for (const cause of chain) {
    const { code, name } = cause as { code?: unknown; name?: unknown };
    if (typeof code === 'string' && (networkCodes.has(code) || /^(ERR_SSL|HPE)_/.test(code))) return code;
    if (name === 'TimeoutError' || name === 'CutConnection')
      return name === 'CutConnection' ? 'connection cut' : 'timed out';
  }
  return undefined;
}

function isCredentialProblem(chain: readonly unknown[]): boolean {
  return chain.some((cause) => {
    const { name, message } = cause as Error;
    return (
      /^(CredentialsProviderError|TokenProviderError|ProviderError)$/.test(String(name)) ||
      /credential (object|is missing)|Could not load credentials|Unable to (find|locate) credentials/i.test(
        String(message),
      )
    );
  });
}

function credentialHint(chain: readonly unknown[]): string {
  const expired = chain.some((cause) =>
    /sso|token.*expired|expired.*token/i.test(String((cause as Error).message)),
  );
  if (expired)
    return 'A single sign-on session is missing or has expired: sign in again with `aws sso login`.';
  return 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or run where a role is attached.';
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let cause = error; cause instanceof Error && chain.length < 8; cause = cause.cause) {
    chain.push(cause);
    if (cause instanceof AggregateError) chain.push(...cause.errors);
  }
  return chain;
}

function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number };
  };
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

/** S3's error code; only its own short form, because a foreign server could put anything there. */
function nameOf(error: unknown): string {
  const { name, Code } = error as { name?: string; Code?: string };
  const code = Code ?? name ?? 'Unknown';
  return /^[A-Za-z0-9.]{1,60}$/.test(code) ? code : 'Unknown';
}
