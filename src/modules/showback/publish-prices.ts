import type { Caller } from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import { publishDraft, replaceLines } from './price-drafts.ts';
import type { NewLine } from './price-line.ts';
import { createView, type NewView } from './price-views.ts';

/** Makes a view and publishes its first version with these lines. Refusals: those of the three steps. */
export async function publishPrices(
  tx: Tx,
  caller: Caller,
  view: NewView,
  lines: readonly NewLine[],
  how: { readonly now: Date; readonly note: string },
): Promise<void> {
  await createView(tx, caller, view);
  await replaceLines(tx, caller, view.id, lines, how);
  await publishDraft(tx, caller, view.id, how);
}
