import type { AllocationRunAnswer, AllocationRunList } from './run-contract.ts';
import type { AllocationRun } from './run-model.ts';

/** A run as a list shows it. */
export function runHead(run: AllocationRun): AllocationRunList['items'][number] {
  const { id, graph, version, period, entity, state, result } = run;
  const { computedAt, computedBy, publishedAt, publishedBy } = run;
  const { currencies, checks } = result;
  return {
    ...{ run: id, graph, version, month: period, entity, state, currencies, checks },
    ...{ computedAt, computedBy, publishedAt, publishedBy },
  };
}

/** A run with what it was computed from. */
export function runAnswer(run: AllocationRun): AllocationRunAnswer {
  const { method, inputs, snapshot, result } = run;
  const { currencies: _, checks: __, ...rest } = result;
  return { ...runHead(run), method, inputs, ...rest, snapshot };
}
