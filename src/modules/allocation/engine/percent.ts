/** 100 % in ten-thousandths of a percent. */
export const hundred = 1_000_000;

/** A percentage in ten-thousandths of a percent, exact: `'33.3333'` is 333,333, `'100'` is 1,000,000. */
export function percentUnits(percent: string): number {
  const [whole = '', fraction = ''] = percent.split('.');
  return Number(whole) * 10_000 + Number(fraction.slice(0, 4).padEnd(4, '0'));
}

/** `percentUnits` as people write it: 333,333 is `33.3333`, 1,200,000 is `120`. */
export function percentText(units: number): string {
  const fraction = String(units % 10_000)
    .padStart(4, '0')
    .replace(/0+$/, '');
  return `${Math.floor(units / 10_000)}${fraction === '' ? '' : `.${fraction}`}`;
}
