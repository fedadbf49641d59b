import { systemCaller } from '../../platform/kernel/index.ts';
import type { Records } from '../../platform/records/index.ts';
import { countRuns, unsealedSeconds } from './metrics-sql.ts';
import { counter, gauge, labels } from './prometheus-text.ts';

/** Figures of the records: their connections and transactions, the runs, and how far the audit log is sealed. */
export async function renderRecords(records: Records): Promise<readonly string[]> {
  const { runs, unsealed } = await records.read(systemCaller, async (tx) => ({
    runs: await countRuns(tx),
    unsealed: await unsealedSeconds(tx),
  }));
  const byState = runs.map(({ kind, state, runs: count }) => [labels({ kind, state }), count] as const);
  const { busy, idle, waiting, transactions, transactionSeconds } = records.figures();
  return [
    ...gauge(
      'finops_records_connections',
      'Connections to the records.',
      new Map([
        [labels({ state: 'busy' }), busy],
        [labels({ state: 'idle' }), idle],
      ]),
    ),
    ...gauge('finops_records_waiting', 'Transactions that wait for a connection.', waiting),
    ...counter(
      'finops_records_transactions_total',
      'Transactions by how they ended.',
      new Map([
        [labels({ end: 'committed' }), transactions.committed],
        [labels({ end: 'rolled_back' }), transactions.rolledBack],
      ]),
    ),
    ...counter(
      'finops_records_transaction_seconds_total',
      'Time of transactions, the wait for a connection included.',
      new Map([['', transactionSeconds]]),
    ),
    ...gauge('finops_runs', 'Runs that the records hold, by kind and state.', new Map(byState)),
    ...gauge(
      'finops_audit_unsealed_seconds',
      'Age of the oldest line that is not sealed; 0: none.',
      unsealed,
    ),
  ];
}
