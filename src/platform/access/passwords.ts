import { accessErrors } from './errors.ts';

/** argon2id with 19 MiB, two passes, one lane: what OWASP asks for at least; some 30 ms a password. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 } as const;

/** No password has this hash; verified where there is none, so that the time tells nothing. */
const nobodysHash =
  '$argon2id$v=19$m=19456,t=2,p=1$tiECtjYZWrufu0UHAiqSSg$/abVaHdoaSo6sk2x5yA2q42fq7VOQDK68sWrupuO500';

const shortestPassword = 12;
const longestBytes = 1000;

/** Refuses with `access.weakPassword`: under 12 characters, over 1,000 bytes, one character throughout, or the e-mail. */
export function refuseWeakPassword(password: string, email: string): void {
  const reason = weakness(password.normalize('NFC'), email.toLowerCase());
  if (reason) throw accessErrors.weakPassword({ reason });
}

function weakness(password: string, email: string): string | undefined {
  const characters = [...password];
  if (characters.length < shortestPassword)
    return `it has ${characters.length} characters, ${shortestPassword} are needed`;
  if (Buffer.byteLength(password) > longestBytes) return `it has more than ${longestBytes} bytes`;
  if (new Set(characters).size === 1) return 'it repeats one character';
  const plain = password.toLowerCase();
  if (plain === email || plain === email.split('@')[0]) return 'it is the e-mail';
  return undefined;
}

/** The PHC text of a new hash: `$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH`. */
export async function hashPassword(password: string): Promise<string> {
  const { hash } = await import('@node-rs/argon2');
  return await inTurn(() => hash(password.normalize('NFC'), cost));
}

/** True when the password has this hash. Without a hash it is false, and takes as long. */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  // A longer one was never accepted.
  if (Buffer.byteLength(password) > longestBytes) return false;
  const { verify } = await import('@node-rs/argon2');
  const fits = await inTurn(() => verify(passwordHash ?? nobodysHash, password.normalize('NFC')));
  return fits && passwordHash !== null;
}

/** True when a hash was made with another cost than today's: it is replaced when its owner signs in. */
export function isOutdated(passwordHash: string): boolean {
  const { memoryCost, timeCost, parallelism } = cost;
  return !passwordHash.startsWith(`$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$`);
}

const atOnce = 2;
let running = 0;
const waiting: (() => void)[] = [];

/** Two at a time: hashes take libuv's threads, and everything else that reads a file would stand behind them. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running < atOnce) running++;
  // Whoever is done hands the place over.
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}
