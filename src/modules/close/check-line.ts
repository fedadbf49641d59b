import { formatDecimal, isZero, parseDecimal, subtractDecimal } from '../../platform/kernel/index.ts';
import { type CheckLine, type CloseStep, subjectNames } from './contract.ts';

/** What a line is about, whatever its figures are. */
export interface LineHead {
  readonly step: CloseStep;
  readonly what: string;
  /** Null values are left out. */
  readonly subject: Readonly<Partial<Record<(typeof subjectNames)[number], string | null | undefined>>>;
  readonly link?: string | null | undefined;
  readonly command?: string | null | undefined;
}

/** Two figures, and in what they are counted: the code of a currency, or a unit such as `rows`. */
export interface Sides {
  readonly left: readonly [label: string, amount: string];
  readonly right: readonly [label: string, amount: string];
  readonly currency?: string;
  readonly unit?: string;
}

/** What to say of a comparison: how it stands when it ties, and what to do when it does not. */
export interface Notes {
  readonly ties?: string;
  readonly broken: string;
}

/**
 * A line of two figures that must be equal.
 *
 * Left 12.5 and right 12 USD: broken, difference 0.5.
 */
export function compare(head: LineHead, sides: Sides, notes: Notes): CheckLine {
  const line = figuresOf(head, sides);
  return isZero(parseDecimal(line.difference ?? '0'))
    ? { ...line, state: 'ties', note: notes.ties ?? '' }
    : { ...line, state: 'broken', note: notes.broken };
}

/** A line of two figures that may differ. */
export function tell(head: LineHead, sides: Sides, note: string): CheckLine {
  return { ...figuresOf(head, sides), state: 'info', note };
}

/** A line that has no figures: nothing is there to be held against anything (`missing`), or what there is are no amounts. */
export function remark(
  head: LineHead,
  state: CheckLine['state'],
  { left, right, note }: { readonly left: string; readonly right: string; readonly note: string },
): CheckLine {
  return {
    ...headOf(head),
    state,
    left: { label: left, amount: null },
    right: { label: right, amount: null },
    difference: null,
    currency: null,
    unit: null,
    note,
  };
}

function figuresOf(
  head: LineHead,
  { left, right, currency, unit }: Sides,
): Omit<CheckLine, 'state' | 'note'> {
  const [a, b] = [parseDecimal(left[1]), parseDecimal(right[1])];
  return {
    ...headOf(head),
    left: { label: left[0], amount: formatDecimal(a) },
    right: { label: right[0], amount: formatDecimal(b) },
    difference: formatDecimal(subtractDecimal(a, b)),
    currency: currency ?? null,
    unit: unit ?? null,
  };
}

function headOf({ step, what, subject, link, command }: LineHead) {
  const named = subjectNames.flatMap((name) => {
    const value = subject[name];
    return value == null ? [] : [[name, value] as const];
  });
  return {
    step,
    what,
    subject: Object.fromEntries(named),
    of: named.map(([, value]) => value).join(' '),
    link: link ?? null,
    command: command ?? null,
  };
}
