import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeFrom, type Dated, firstDifference, valueOn } from './dated.ts';

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

interface Owner {
  readonly team: string;
  readonly centre: string;
}

const from = (validFrom: string, validTo: string | null, team: string, centre = 'cc'): Dated<Owner> => ({
  validFrom,
  validTo,
  value: { team, centre },
});
const toTeam = (team: string) => (owner: Owner) => ({ ...owner, team });

describe('what holds by date', () => {
  it('keeps the team of before as it was until the day of the change', () => {
    const rows = changeFrom([from('2026-01-01', null, 'a')], '2026-03-01', toTeam('b'), same);
    expect(rows).toEqual([from('2026-01-01', '2026-03-01', 'a'), from('2026-03-01', null, 'b')]);
    expect(valueOn(rows, '2026-02-28')?.team).toBe('a');
    expect(valueOn(rows, '2026-03-01')?.team).toBe('b');
    expect(valueOn(rows, '2025-12-31')).toBeUndefined();
  });

  it('changes later rows too, and leaves what else they say', () => {
    const rows = [from('2026-01-01', '2026-03-01', 'a', 'x'), from('2026-03-01', null, 'b', 'y')];
    expect(changeFrom(rows, '2026-02-01', toTeam('c'), same)).toEqual([
      from('2026-01-01', '2026-02-01', 'a', 'x'),
      from('2026-02-01', '2026-03-01', 'c', 'x'),
      from('2026-03-01', null, 'c', 'y'),
    ]);
  });

  it('reaches back to a day before the first row', () => {
    const rows = [from('2026-03-01', null, 'a')];
    expect(changeFrom(rows, '2026-01-01', (owner) => owner, same)).toEqual([from('2026-01-01', null, 'a')]);
  });

  it('makes one row of neighbours that say the same', () => {
    const rows = [from('2026-01-01', '2026-03-01', 'a'), from('2026-03-01', null, 'b')];
    expect(changeFrom(rows, '2026-03-01', toTeam('a'), same)).toEqual([from('2026-01-01', null, 'a')]);
  });

  it('finds the first day on which two histories differ', () => {
    const rows = [from('2026-01-01', '2026-03-01', 'a'), from('2026-03-01', null, 'b')];
    expect(firstDifference(rows, changeFrom(rows, '2026-02-10', toTeam('b'), same), same)).toBe('2026-02-10');
    expect(firstDifference(rows, [from('2025-06-01', '2026-03-01', 'a'), ...rows.slice(1)], same)).toBe(
      '2025-06-01',
    );
    expect(firstDifference(rows, rows, same)).toBeUndefined();
  });
});

describe('whatever is changed from whichever day', () => {
  const days = Array.from({ length: 12 }, (_, index) => `2026-${String(index + 1).padStart(2, '0')}-01`);
  const changes = fc.array(
    fc.record({ day: fc.constantFrom(...days), team: fc.constantFrom('a', 'b', 'c') }),
    {
      maxLength: 8,
    },
  );
  const replay = (given: readonly { readonly day: string; readonly team: string }[]) =>
    given.reduce<Dated<Owner>[]>(
      (rows, { day, team }) => changeFrom(rows, day, toTeam(team), same),
      [from('2026-06-01', null, 'first')],
    );

  it('rows follow each other without gap or overlap, neighbours differ, and the last has no end', () => {
    fc.assert(
      fc.property(changes, (given) => {
        const rows = replay(given);
        expect(rows.at(-1)?.validTo).toBeNull();
        rows.slice(1).forEach((row, index) => {
          expect(row.validFrom).toBe(rows[index]?.validTo);
          expect(row.value).not.toEqual(rows[index]?.value);
        });
      }),
    );
  });

  it('every day has the team of the last change that reaches it', () => {
    fc.assert(
      fc.property(changes, fc.constantFrom(...days), (given, asked) => {
        const reaching = given.filter(({ day }) => day <= asked).at(-1);
        const found = valueOn(replay(given), asked)?.team;
        if (reaching) expect(found).toBe(reaching.team);
        else expect(['first', undefined]).toContain(found);
      }),
    );
  });
});
