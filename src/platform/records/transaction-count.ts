import type { RecordsFigures } from './records.ts';

/** Counts transactions and the time that they take. */
export interface TransactionCount {
  /** Runs one; it counts as rolled back when it fails. */
  readonly around: <T>(transaction: () => Promise<T>) => Promise<T>;
  readonly figures: () => Pick<RecordsFigures, 'transactions' | 'transactionSeconds'>;
}

export function countTransactions(): TransactionCount {
  let committed = 0;
  let rolledBack = 0;
  let ms = 0;
  return {
    around: async (transaction) => {
      const start = performance.now();
      try {
        const result = await transaction();
        committed++;
        return result;
      } catch (error) {
        rolledBack++;
        throw error;
      } finally {
        ms += performance.now() - start;
      }
    },
    figures: () => ({ transactions: { committed, rolledBack }, transactionSeconds: ms / 1000 }),
  };
}
