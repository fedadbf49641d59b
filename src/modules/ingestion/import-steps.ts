import type { RunContext } from '../../platform/jobs/index.ts';
import type { ImportEntry, ImportResult } from './contract.ts';
import type { ImportProgress } from './import-run.ts';

/** Tells a run how its import goes: a step per source and stage, per month where it is converted. */
export interface StepTeller {
  readonly progress: (progress: ImportProgress) => void;
  /** Rows of the steps and of the run, and a line per month and per refusal. */
  readonly result: (result: ImportResult) => void;
}

export function tellSteps(context: RunContext): StepTeller {
  /** Source → its step now: deliveries of two sources may be under way at once. */
  const current = new Map<string, string>();
  const begun = new Set<string>();

  function endCurrent(source: string): void {
    const name = current.get(source);
    if (name !== undefined) context.step(name).end();
  }

  /** Reads of a source, months that were converted, publications: the sums of their entries. */
  function rowsOf(name: string, entries: readonly ImportEntry[]): void {
    if (!begun.has(name)) return;
    const step = context.step(name);
    step.rows({
      in: sum(entries, ({ rowsRead }) => rowsRead),
      out: sum(entries, ({ rowsWritten }) => rowsWritten),
    });
    step.end();
  }

  return {
    progress: (progress) => {
      const { step, source, file, rows, bytes, totalBytes } = progress;
      // A month is converted by itself; otherwise the file is one of several of the same step.
      const name = step === 'convert' ? convertStep(source, file) : `${step} ${source}`;
      if (current.get(source) !== name) {
        endCurrent(source);
        context.step(name);
        current.set(source, name);
        begun.add(name);
      }
      context.progress({
        label: `${step} ${file.slice(file.lastIndexOf('/') + 1)}`,
        ...{ done: bytes, total: totalBytes, unit: 'bytes', rows },
        detail: progress,
      });
    },
    result: (result) => {
      for (const source of current.keys()) endCurrent(source);
      const worked = result.imports.filter(({ status }) => status !== 'unchanged');
      const published = worked.filter(({ status }) => status === 'imported' || status === 'replaced');
      for (const source of new Set(worked.map((entry) => entry.source))) {
        const ofSource = worked.filter((entry) => entry.source === source);
        for (const step of ['fetch', 'read', 'reconcile']) rowsOf(`${step} ${source}`, ofSource);
        for (const month of new Set(ofSource.map(({ billingPeriod }) => billingPeriod)))
          rowsOf(
            convertStep(source, month ?? ''),
            ofSource.filter(({ billingPeriod }) => billingPeriod === month),
          );
        rowsOf(
          `publish ${source}`,
          published.filter((entry) => entry.source === source),
        );
      }
      context.rows({
        in: sum(worked, ({ rowsRead }) => rowsRead),
        out: sum(published, ({ rowsWritten }) => rowsWritten),
      });
      for (const entry of result.imports) context.log('info', lineOf(entry));
      for (const { path, code, message } of result.errors)
        context.log('error', `${path}: ${code}: ${message}`);
      const serious = result.issues.filter(({ severity }) => severity !== 'info').length;
      if (serious > 0) context.log('warning', `${serious} issue${serious === 1 ? '' : 's'} in the bills`);
    },
  };
}

function convertStep(source: string, period: string): string {
  return `convert ${source} ${period}`;
}

/** `aws-main 2026-10: imported, 1200 rows, billed 12.5 USD`. */
function lineOf({ source, billingPeriod, status, rowsWritten, billedCost, currency }: ImportEntry): string {
  const cost = billedCost === null ? '' : `, billed ${billedCost} ${currency ?? ''}`;
  return `${source} ${billingPeriod ?? ''}: ${status}, ${rowsWritten} rows${cost}`;
}

function sum(entries: readonly ImportEntry[], rows: (entry: ImportEntry) => number): number {
  return entries.reduce((total, entry) => total + rows(entry), 0);
}
