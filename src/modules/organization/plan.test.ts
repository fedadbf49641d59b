import { describe, expect, it } from 'vitest';
import { kindNamed } from './kinds.ts';
import type { StoredObject, Values, Wanted } from './model.ts';
import { type Change, closedMonthProblem, cycleFrom, momentOf, planChange } from './plan.ts';

const application = kindNamed('application');
const now = new Date('2026-11-21T10:00:00Z');

function change(before: StoredObject | undefined, values: Values, validFrom?: string): Change | undefined {
  const wanted: Wanted = { id: 'shop', values };
  const planned = planChange(application, before, wanted, momentOf(now, validFrom));
  if (planned && !('after' in planned)) throw new Error(planned.map(({ field }) => field).join());
  return planned;
}

const shop = change(
  undefined,
  { label: 'Shop', entity: 'retail', team: 'web', attributes: { cluster: 'eu-1', tier: 'gold' } },
  '2026-01-01',
)?.after as StoredObject;

describe('planning a change', () => {
  it('fills what is not given with defaults', () => {
    expect(shop).toEqual({
      id: 'shop',
      version: 1,
      retiredAt: null,
      values: { label: 'Shop', entity: 'retail', environments: [] },
      labels: [{ validFrom: '0001-01-01', validTo: null, value: 'Shop' }],
      assignments: [
        {
          validFrom: '2026-01-01',
          validTo: null,
          value: { team: 'web', costCentre: null, attributes: { cluster: 'eu-1', tier: 'gold' } },
        },
      ],
    });
  });

  it('merges attributes name by name, and null takes one away', () => {
    const attributes = { cluster: 'eu-2', tier: null, platform: 'k8s' } as unknown as Values['attributes'];
    const after = change(shop, { attributes: attributes ?? null })?.after;
    expect(after?.assignments.at(-1)?.value['attributes']).toEqual({ cluster: 'eu-2', platform: 'k8s' });
    expect(after?.assignments[0]?.value['attributes']).toEqual({ cluster: 'eu-1', tier: 'gold' });
  });

  it('is nothing when all is as wanted, whatever was before', () => {
    const moved = change(shop, { team: 'data' }, '2026-11-10')?.after as StoredObject;
    expect(change(moved, { team: 'data', label: 'Shop', environments: [] })).toBeUndefined();
    expect(change(moved, { team: 'data' }, '2026-11-01')?.after.assignments).toMatchObject([
      { validFrom: '2026-01-01', validTo: '2026-11-01', value: { team: 'web' } },
      { validFrom: '2026-11-01', validTo: null, value: { team: 'data' } },
    ]);
  });

  it('does not reach back before an object that began within this month', () => {
    const young = change(undefined, { label: 'Y', entity: 'retail' }, '2026-11-15')?.after as StoredObject;
    expect(change(young, { team: 'data' })?.after.assignments).toMatchObject([
      { validFrom: '2026-11-15', value: { team: 'data' } },
    ]);
  });

  it('moves no ownership when only the label is corrected back to a day', () => {
    const renamed = change(shop, { label: 'The shop' }, '2025-06-01')?.after;
    expect(renamed?.assignments).toBe(shop.assignments);
    expect(renamed?.labels.map(({ validFrom }) => validFrom)).toEqual(['0001-01-01', '2025-06-01']);
  });

  it('names every field that a new object lacks', () => {
    expect(() => change(undefined, { label: null })).toThrow('label,entity');
  });
});

describe('closed months', () => {
  const closed = new Map([['retail', ['2026-02', '2026-05']]]);

  it('stand against a change of ownership on or before their last day, and name the first month', () => {
    const move = (validFrom: string) =>
      closedMonthProblem(change(shop, { team: 'data' }, validFrom) as Change, closed);
    expect(move('2026-06-01')).toBeUndefined();
    expect(move('2026-05-31')?.refusal.params).toMatchObject({ period: '2026-05' });
    expect(move('2026-02-28')?.refusal.params).toMatchObject({ period: '2026-02' });
    expect(move('2026-01-01')?.refusal.params).toMatchObject({ period: '2026-02' });
  });

  it('stand against nothing that leaves ownership alone', () => {
    expect(
      closedMonthProblem(change(shop, { label: 'S', environments: ['prod'] }) as Change, closed),
    ).toBeUndefined();
  });
});

describe('teams above teams', () => {
  const parents = new Map([
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'a'],
    ['d', 'a'],
    ['e', 'f'],
    ['f', null],
  ]);

  it('are a circle for its members only', () => {
    expect(cycleFrom('a', parents)).toEqual(['a', 'b', 'c', 'a']);
    expect(cycleFrom('d', parents)).toBeUndefined();
    expect(cycleFrom('e', parents)).toBeUndefined();
  });
});
