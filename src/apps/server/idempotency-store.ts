import { systemCaller } from '../../platform/kernel/index.ts';
import { type Records, type Secrets, sealedContext, type Tx } from '../../platform/records/index.ts';
import {
  claimKey,
  deleteExpired,
  keepAnswer,
  markEffect,
  releaseKey,
  releaseWithoutEffect,
  renewLeases,
  type SealedAnswer,
  type Times,
  takeOver,
  type UsedKey,
  type WantedKey,
} from './idempotency-sql.ts';
import type { Answer } from './idempotent-answer.ts';

/** A request that came with a key. */
export interface AskedWithKey extends Omit<WantedKey, 'requestSealed'> {
  /** Digest of everything that makes it this request and no other. */
  readonly fingerprint: string;
}

/**
 * What became of a claim: `mine`, so that the request is worked; `taken` by an attempt that is still worked; `reused`
 * for another request; `lost`: the change may have been made, and its answer was not kept; or the answer.
 */
export type Claimed = 'mine' | 'taken' | 'reused' | 'lost' | Answer;

/** The keys in the records. What they were used for, and the answers, are sealed. */
export interface IdempotencyStore {
  readonly claim: (asked: AskedWithKey) => Promise<Claimed>;
  readonly renew: (claimIds: readonly string[]) => Promise<void>;
  /** In the transaction of a change: false when the claim holds its key no more. */
  readonly markEffect: (tx: Tx, claimId: string) => Promise<boolean>;
  readonly keep: (claim: Pick<WantedKey, 'id' | 'claimId'>, answer: Answer) => Promise<boolean>;
  readonly release: (claimId: string) => Promise<void>;
  /** Releases when nothing was changed: not the records by this request, nor the lake by anybody. */
  readonly releaseWithoutEffect: (claimId: string, lakeGeneration: number) => Promise<void>;
  /** Removes what has expired; how many. */
  readonly sweep: () => Promise<number>;
}

export function openIdempotencyStore(records: Records, secrets: Secrets, times: Times): IdempotencyStore {
  const write = <T>(work: (tx: Tx) => Promise<T>) => records.write(systemCaller, work);

  async function claim(tx: Tx, asked: AskedWithKey): Promise<Claimed> {
    const requestSealed = secrets.seal(asked.fingerprint, contextOf('request_sealed', asked.id));
    const wanted = { ...asked, requestSealed };
    const used = await claimKey(tx, wanted, times);
    if (!used) return 'mine';
    const verdict = judge(secrets, asked, used);
    if (verdict === 'mine') await takeOver(tx, wanted, times);
    return verdict;
  }

  return {
    claim: (asked) => write((tx) => claim(tx, asked)),
    renew: (claimIds) => write((tx) => renewLeases(tx, claimIds, times)),
    markEffect,
    keep: ({ id, claimId }, { status, headers, body }) => {
      const answerSealed = secrets.seal(body, contextOf('answer_sealed', id));
      return write((tx) => keepAnswer(tx, claimId, { status, headers, answerSealed }));
    },
    release: (claimId) => write((tx) => releaseKey(tx, claimId)),
    releaseWithoutEffect: (claimId, lakeGeneration) =>
      write((tx) => releaseWithoutEffect(tx, claimId, lakeGeneration)),
    sweep: () => write((tx) => deleteExpired(tx)),
  };
}

function judge(secrets: Secrets, asked: AskedWithKey, used: UsedKey): Claimed {
  const isGone = used.requestSealed === '';
  if (!isGone && openRequest(secrets, asked.id, used) !== asked.fingerprint) return 'reused';
  if (used.answer) return openAnswer(secrets, asked.id, used.answer);
  if (used.isAlive) return 'taken';
  return used.mayHaveEffect ? 'lost' : 'mine';
}

function openRequest(secrets: Secrets, id: string, { requestSealed }: UsedKey): string {
  return secrets.open(requestSealed, contextOf('request_sealed', id));
}

function openAnswer(secrets: Secrets, id: string, { answerSealed, ...answer }: SealedAnswer): Answer {
  return { ...answer, body: secrets.open(answerSealed, contextOf('answer_sealed', id)) };
}

function contextOf(column: 'request_sealed' | 'answer_sealed', id: string): string {
  return sealedContext({ table: 'idempotency_key', column }, [id]);
}
