import type { Caller } from '../../platform/kernel/index.ts';
import { billLines } from './check-bill.ts';
import { consumptionLines } from './check-consumption.ts';
import { costLines } from './check-costs.ts';
import { frozenLines } from './check-frozen.ts';
import { runLines } from './check-run.ts';
import { type CheckAnswer, type CheckLine, closeSteps, type InvoiceTotal, lineStates } from './contract.ts';
import { type CloseMonth, type CloseWorld, readMonth, refuseUnknownSources } from './month-state.ts';

/** Which books to check. */
export interface CheckAsked {
  readonly period: string;
  /** Only these; every entity of the month that the caller sees, when absent. */
  readonly entities?: readonly string[] | undefined;
  readonly graph: string;
  /** Printed totals of invoices. Those that a closed month was held against are known. */
  readonly invoices: readonly InvoiceTotal[];
  /** Sources whose bill is accepted as it is, beside those that were when the month was closed. */
  readonly accepted?: readonly string[] | undefined;
  /** A run that was computed and is not published, instead of the published one. */
  readonly run?: string | undefined;
}

/**
 * The books of a month, from the bill to what is frozen: a line for every figure that must equal another one, with their difference.
 * The two sides of a line come from other rows, by other statements. Nothing is changed; costs that follow from facts and prices are
 * brought up to them first. Refusals: as `readMonth`; `close.unknownSource` of an invoice; those of totals that do not fit.
 */
export async function checkMonth(world: CloseWorld, caller: Caller, asked: CheckAsked): Promise<CheckAnswer> {
  const month = await readMonth(world, caller, asked);
  refuseUnknownSources(
    month,
    asked.invoices.map(({ source }) => source),
  );
  const bills = await billLines(world, caller, month, {
    accepted: new Set([
      ...(asked.accepted ?? []),
      ...month.entities.flatMap(({ kept }) => kept?.accepted ?? []),
    ]),
    invoices: [...asked.invoices, ...keptInvoices(month, asked.invoices)],
  });
  const { lines, run, retained } = await runLines(world, caller, month, asked);
  const { graph } = asked;
  const costs = await costLines(world, caller, month, {
    graph,
    retained,
    unpublished: asked.run !== undefined,
  });
  const kept = await (await world.records()).read(caller, async (tx) => [
    ...(await consumptionLines(tx, month)),
    ...(await frozenLines(tx, month)),
  ]);
  return answerOf(month, { graph, run }, [...bills, ...lines, ...costs, ...kept]);
}

/** Totals that the month was held against when it was closed, of sources for which no other is said now. */
function keptInvoices({ entities, sources }: CloseMonth, said: readonly InvoiceTotal[]): InvoiceTotal[] {
  const kept = entities.flatMap((one) => one.kept?.invoices ?? []);
  const isKnown = (source: string) => sources.some((one) => one.source === source && one.isThere);
  const unique = new Map(kept.map((one) => [JSON.stringify(one), one]));
  return [...unique.values()].filter(
    ({ source }) => isKnown(source) && !said.some((invoice) => invoice.source === source),
  );
}

function answerOf(
  { period, entities, generation }: CloseMonth,
  { graph, run }: { readonly graph: string; readonly run: string | null },
  lines: readonly CheckLine[],
): CheckAnswer {
  const count = (state: CheckLine['state']) => lines.filter((line) => line.state === state).length;
  const [ties, broken, missing, info] = lineStates.map(count) as [number, number, number, number];
  return {
    context: {
      month: period,
      graph,
      run,
      entities: entities.map(({ entity, state }) => ({ entity, state })),
      generation,
    },
    balances: broken === 0,
    lines: closeSteps.flatMap((step) => lines.filter((line) => line.step === step)),
    totals: { ties, broken, missing, info },
  };
}
