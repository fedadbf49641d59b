import type { Tx } from '../../platform/records/index.ts';
import { type LineHead, remark } from './check-line.ts';
import type { CheckLine } from './contract.ts';
import { type FrozenMonth, frozenMonths, pricedEntities } from './frozen-sql.ts';
import type { CloseMonth, MonthEntity } from './month-state.ts';

/**
 * Lines about what closed months keep: the costs that a month was closed with against the hash that was kept then, and the state of
 * the month against whether anything is frozen at all.
 */
export async function frozenLines(tx: Tx, { period, entities }: CloseMonth): Promise<CheckLine[]> {
  const ids = entities.map(({ entity }) => entity);
  const freezes = await frozenMonths(tx, period, ids);
  const priced = await pricedEntities(tx, period, ids);
  return entities.map((one) => {
    const freeze = freezes.find(({ entity }) => entity === one.entity);
    return lineOf(one, period, freeze, priced.has(one.entity));
  });
}

function lineOf(
  { entity, state }: MonthEntity,
  period: string,
  freeze: FrozenMonth | undefined,
  hasCosts: boolean,
): CheckLine {
  const head: LineHead = {
    step: 'frozen',
    what: 'frozen costs = as they were closed',
    subject: { entity },
    link: `/api/v1/entity-periods/${encodeURIComponent(entity)}/${period}`,
    command: `finops entity-periods list --entity ${entity} --from ${period} --to ${period}`,
  };
  const none = { left: state.toLowerCase(), right: 'nothing frozen' };
  if (state === 'OPEN') {
    if (freeze === undefined)
      return remark(head, 'info', { ...none, note: `Open: finops close ${period} --entity ${entity}` });
    const note = `The month is open, and freeze ${freeze.number} still holds: questions answer with old costs.`;
    return remark(head, 'broken', { left: 'open', right: `freeze ${freeze.number}`, note });
  }
  if (freeze === undefined) {
    if (!hasCosts)
      return remark(head, 'info', { ...none, note: 'There was nothing to freeze: no consumption, no run.' });
    const note = 'The month is closed and its costs are not kept: reopen it, and close it again.';
    return remark(head, 'broken', { ...none, note });
  }
  const sides = { left: `kept ${freeze.kept.slice(0, 12)}`, right: `now ${freeze.computed.slice(0, 12)}` };
  if (freeze.kept === freeze.computed)
    return remark(head, 'ties', {
      ...sides,
      note: `${state.toLowerCase()}, freeze ${freeze.number}: ${freeze.rows} cost row(s).`,
    });
  return remark(head, 'broken', {
    ...sides,
    note: `Costs of the closed month were changed. A backup of ${freeze.kept.slice(0, 12)} has them.`,
  });
}
