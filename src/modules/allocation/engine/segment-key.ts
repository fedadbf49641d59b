import type { Segment } from '../model.ts';
import { compareText } from './compare-text.ts';

/**
 * One text for every way to write a segment: values sorted, each once; `eq` and `neq` of one value are `in` and `not_in`.
 * `{label: 'env', operator: 'in', values: ['test', 'prod']}` → `{"label":"env","operator":"in","values":["prod","test"]}`.
 */
export function segmentKey({ label, operator, values }: Segment): string {
  const plain = operator === 'eq' ? 'in' : operator === 'neq' ? 'not_in' : operator;
  return JSON.stringify({ label, operator: plain, values: [...new Set(values)].sort(compareText) });
}

/** Whether usage with these labels counts in the segment of a key. `not_in` and `not_exists` count usage without the label. */
export function fitsSegment(key: string, labels: Readonly<Record<string, string>>): boolean {
  const { label, operator, values } = JSON.parse(key) as Segment;
  const value = Object.hasOwn(labels, label) ? labels[label] : undefined;
  switch (operator) {
    case 'in':
      return value !== undefined && values.includes(value);
    case 'not_in':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    default:
      return value === undefined;
  }
}
