import type { Message, SendOptions } from '../model.ts';

/** A message with a bit of everything. */
export const message: Message = {
  id: 'budget-retail-2026-10.80',
  severity: 'warning',
  subject: 'Budget Retail & Co: 80 % of October is spent — 9 600 €',
  text: [
    'The team <b>Storefront</b> has spent 80 %.',
    'See *what* to do: [pay](https://evil.example) <!channel>',
  ],
  facts: [
    { name: 'Budget', value: '€ 12 000.00' },
    { name: 'Spent', value: '€ 9 600.00 & rising' },
  ],
  link: { title: 'Open the budget', url: 'https://finops.example.com/budgets/retail?month=2026-10&view=a' },
};

/** Options that do not wait; `pauses` tells for how long they would have, and the clock goes on by it. */
export function sending(change: Partial<SendOptions> = {}): SendOptions & { readonly pauses: number[] } {
  const pauses: number[] = [];
  let now = Date.parse('2026-11-21T09:30:00Z');
  return {
    settings: { allowPrivateHosts: true },
    clock: { now: () => new Date(now) },
    sleep: async (ms) => {
      pauses.push(ms);
      now += ms;
    },
    ...change,
    pauses,
  };
}
