import { formatFixed, parseDecimal } from '../kernel/index.ts';

/**
 * A decimal as people read it: with so many places (rounded half-up), narrow no-break spaces between thousands and a
 * true minus. `figureText('-1234567.805', 2)` is `−1 234 567.81`.
 */
export function figureText(value: string, places: number): string {
  const [whole = '', fraction] = formatFixed(parseDecimal(value), places).split('.');
  const grouped = whole.replace('-', '\u2212').replace(/\B(?=(\d{3})+$)/g, '\u202f');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}
