/** A value from a day on until, but not on, another day. Days are `YYYY-MM-DD`. */
export interface Dated<T> {
  readonly validFrom: string;
  /** The first day that it no longer holds; null: until further notice. */
  readonly validTo: string | null;
  readonly value: T;
}

/** The first day of the calendar: a label holds from here unless it was changed. */
export const ever = '0001-01-01';

type Same<T> = (a: T, b: T) => boolean;

/**
 * Changes what holds from a day on, for good. Rows follow each other without gaps, and so do the new ones: the row in which
 * the day lies is split, every later row is changed too, and a day before the first row takes its value back to that day.
 * With A from January and B from March, `team → C` from February is A, then C (both later parts became C).
 */
export function changeFrom<T>(
  rows: readonly Dated<T>[],
  from: string,
  change: (value: T) => T,
  same: Same<T>,
): Dated<T>[] {
  return joined(
    splitAt(reachingBack(rows, from), from).map((row) =>
      row.validFrom >= from ? { ...row, value: change(row.value) } : row,
    ),
    same,
  );
}

/** What holds on a day; undefined before the first row. */
export function valueOn<T>(rows: readonly Dated<T>[], day: string): T | undefined {
  return rows.find(({ validFrom, validTo }) => validFrom <= day && (validTo === null || day < validTo))
    ?.value;
}

/** The first day on which two histories differ; undefined when they tell the same. */
export function firstDifference<T>(
  a: readonly Dated<T>[],
  b: readonly Dated<T>[],
  same: Same<T>,
): string | undefined {
  const days = [...new Set([...a, ...b].map(({ validFrom }) => validFrom))].sort();
  return days.find((day) => {
    const [before, after] = [valueOn(a, day), valueOn(b, day)];
    return before === undefined || after === undefined ? before !== after : !same(before, after);
  });
}

function reachingBack<T>(rows: readonly Dated<T>[], day: string): readonly Dated<T>[] {
  const [first, ...rest] = rows;
  return first && day < first.validFrom ? [{ ...first, validFrom: day }, ...rest] : rows;
}

function splitAt<T>(rows: readonly Dated<T>[], day: string): Dated<T>[] {
  return rows.flatMap((row) =>
    row.validFrom < day && (row.validTo === null || day < row.validTo)
      ? [
          { ...row, validTo: day },
          { ...row, validFrom: day },
        ]
      : [row],
  );
}

/** Neighbours that say the same become one. */
function joined<T>(rows: readonly Dated<T>[], same: Same<T>): Dated<T>[] {
  const result: Dated<T>[] = [];
  for (const row of rows) {
    const last = result.at(-1);
    if (last && same(last.value, row.value)) result[result.length - 1] = { ...last, validTo: row.validTo };
    else result.push(row);
  }
  return result;
}
