import { type Logger, pino, stdSerializers } from 'pino';

const hidden = '[hidden]';
const secretName = /authorization|cookie|passw|secret|token|api-?key|csrf|credential|verifier|externalid/i;

/** Forms that secrets have wherever they stand: in an address, in the text of an error. */
const secretTexts: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer|basic) +[^\s"'\\,]+/gi, `$1 ${hidden}`],
  // Passwords in URLs: postgres://user:password@host.
  [/(:\/\/[^\s:@/"\\]*:)[^\s@/"\\]+@/g, `$1${hidden}@`],
  // An API token keeps the part that tells which one it is; links and session cookies are an id and a secret, too.
  [/\b(fin_[0-9a-z]{17}_)[A-Za-z0-9_-]{43}/g, `$1${hidden}`],
  [/\b([0-9a-z]{17}\.)[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g, `$1${hidden}`],
  [/(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g, hidden],
  // What an identity provider sends back through the browser, and what clients put into addresses against all advice.
  [
    /([?&#](?:code|state|session_state|nonce|code_verifier|[a-z_-]*(?:token|secret|password|signature|api_?key))=)[^&\s"\\#]+/gi,
    `$1${hidden}`,
  ],
];

/** A line of the log without the secrets that it would tell. */
export function withoutSecrets(line: string): string {
  return secretTexts.reduce((text, [form, shown]) => text.replace(form, shown), line);
}

/**
 * The log of a server, one JSON object a line. Fields whose names promise a secret are hidden at any depth, those of
 * errors included, and texts that look like one wherever they stand.
 */
export function createLogger({
  level,
  write,
}: {
  readonly level: string;
  readonly write: (line: string) => void;
}): Logger {
  return pino(
    {
      level,
      formatters: { log: (fields) => shown(fields, 0) as Record<string, unknown> },
      // Done by then.
      serializers: { err: (error: unknown) => error },
    },
    { write: (line: string) => write(withoutSecrets(line)) },
  );
}

/** A plain copy; what lies deeper than eight levels is left out. */
function shown(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > 8) return '[deep]';
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => shown(item, depth + 1));
  const plain = value instanceof Error ? stdSerializers.errWithCause(value) : value;
  const fields = Object.entries(plain).map(([name, field]) => [
    name,
    secretName.test(name) && field !== null && field !== undefined ? hidden : shown(field, depth + 1),
  ]);
  return Object.fromEntries(fields);
}
