import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { compare, remark } from './check-line.ts';
import { closePage, pagePolicy } from './close-page.ts';
import type { CheckAnswer } from './contract.ts';

const answer: CheckAnswer = {
  context: {
    month: '2026-10',
    graph: 'main',
    run: 'abc',
    entities: [{ entity: '<i>retail</i>', state: 'OPEN' }],
    generation: 7,
  },
  balances: false,
  totals: { ties: 0, broken: 1, missing: 1, info: 0 },
  lines: [
    remark({ step: 'import', what: 'a bill', subject: { source: 'aws"&' } }, 'missing', {
      left: 'bill',
      right: 'lake',
      note: '<script>alert(1)</script>',
    }),
    compare(
      {
        step: 'priced',
        what: 'a = b',
        subject: { entity: 'retail' },
        link: '/api/v1/x?a=1&b=2',
        command: 'finops close --check 2026-10',
      },
      { left: ['a', '1234567.005'], right: ['b', '1234567.004999999999'], currency: 'USD' },
      { broken: 'look' },
    ),
  ],
};

it('shows every line with its difference to the last decimal, its link and its command', () => {
  const page = closePage(answer);
  expect(page).toContain('The books do not balance: 1 broken.');
  // Amounts to the cent, the difference whole.
  expect(page).toContain('1,234,567.01 USD');
  expect(page).toContain('0.000000000001 USD');
  expect(page).toContain('<a href="/api/v1/x?a=1&amp;b=2">');
  expect(page).toContain('<code>finops close --check 2026-10</code>');
  expect(page.match(/<tr class="/g)).toHaveLength(answer.lines.length);
});

it('runs no script and no foreign style, and takes what bills say as text', () => {
  const page = closePage(answer);
  expect(page).not.toMatch(/<script|<i>|aws"&/);
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  expect(pagePolicy).toContain(`style-src 'sha256-${hash}'`);
  expect(pagePolicy).toContain("default-src 'none'");
});
