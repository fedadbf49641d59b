/** What is known of the attempts with one e-mail or from one address. */
export interface Failures {
  readonly failures: number;
  /** Time of the last one, ISO 8601. */
  readonly lastAt: string;
  readonly blockedUntil: string | null;
}

/** Attempts that may fail before waiting begins: a person mistypes, an address may be a whole office. */
export const freeAttempts = { email: 5, address: 20 } as const;

const minute = 60_000;
const longestBlock = 15 * minute;
/** Failures are forgotten when so much time has passed since the last one and its block. */
const memory = 60 * minute;

/**
 * An attempt is counted as failed before it is made, so that a hundred at once are a hundred; success takes it back.
 * The fifth failure blocks for 1 minute, the next for 2, 4, 8 and then 15. An attempt during a block does not count.
 */
export function attempt(
  found: Failures | undefined,
  now: Date,
  free: number,
): { readonly waitSeconds: number } | { readonly next: Failures } {
  const wait = Date.parse(found?.blockedUntil ?? '') - now.getTime();
  if (wait > 0) return { waitSeconds: Math.ceil(wait / 1000) };
  const failures = (found && !isForgotten(found, now) ? found.failures : 0) + 1;
  const block = blockMs(failures, free);
  const blockedUntil = block === 0 ? null : new Date(now.getTime() + block).toISOString();
  return { next: { failures, lastAt: now.toISOString(), blockedUntil } };
}

/** How long the given number of failures blocks. */
export function blockMs(failures: number, free: number): number {
  return failures < free ? 0 : Math.min(longestBlock, minute * 2 ** (failures - free));
}

/** Time before which failures count no more: what is older may be removed. */
export function forgottenBefore(now: Date): Date {
  return new Date(now.getTime() - memory - longestBlock);
}

function isForgotten({ lastAt, blockedUntil }: Failures, now: Date): boolean {
  const quietSince = Math.max(Date.parse(lastAt), Date.parse(blockedUntil ?? lastAt));
  return now.getTime() - quietSince > memory;
}

/**
 * What an address is throttled as: IPv4 whole, IPv6 by its first 64 bits, which one household or machine has for itself.
 * Undefined for this machine: there stands the owner, or a proxy that all callers share.
 */
export function throttledAddress(address: string): string | undefined {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (/^127\./.test(plain) || plain === '::1') return undefined;
  return plain.includes(':') ? `${firstGroups(plain).join(':')}::/64` : plain;
}

/** `2001:db8::1` → 2001, db8, 0, 0. */
function firstGroups(address: string): readonly string[] {
  const [head = '', tail = ''] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const [left, right] = [head, tail].map((part) => part.split(':').filter((group) => group !== ''));
  const missing = 8 - (left?.length ?? 0) - (right?.length ?? 0);
  const groups = address.includes('::')
    ? [...(left ?? []), ...Array<string>(Math.max(0, missing)).fill('0'), ...(right ?? [])]
    : (left ?? []);
  return groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''));
}
