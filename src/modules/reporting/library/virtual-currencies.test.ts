import { afterAll, beforeAll, expect, test } from 'vitest';
import { expected, openLibrary, type TestLibrary } from '../testing/library.ts';

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

/* Chat tokens: (3 − 2) × (100 + 50) = 150 tokens saved; 90 − 60 = 30 USD. Image tokens have no negotiated price. */
test('42: negotiated prices saved 150 tokens, or 30 USD', async () => {
  expect(await library.lines('contracted-savings-by-virtual-currency')).toEqual(
    expected('Assistant | Generative AI | Chat tokens | USD | Token | Execution | 90 | 60 | 150 | 30'),
  );
});

test('43: a thousand tokens were bought at 0.20', async () => {
  expect(await library.lines('virtual-currency-purchases', { unit: 'Token' })).toEqual(
    expected('Tessera | Tessera | Token purchase | Token | USD | 200 | 1000 | 0.2'),
  );
});

test('44: effective cost in each pricing currency, never added across them', async () => {
  expect(await library.lines('effective-cost-by-pricing-currency')).toEqual(
    expected(`Tessera | Tessera | Assistant | Token | 350
              Tessera | Tessera | Assistant | USD   |   0`),
  );
  expect((await library.run('effective-cost-by-pricing-currency')).totals).toEqual({
    PricingCurrencyEffectiveCost: null,
  });
});

test('45: tokens went into chat and images', async () => {
  expect(await library.lines('virtual-currency-targets', { 'pricing-currency': 'Token' })).toEqual(
    expected(`Tessera | Tessera | Assistant | Chat tokens  | Token | 300
              Tessera | Tessera | Assistant | Image tokens | Token |  50`),
  );
});

test('46: 200 tokens were consumed in September, 150 in October', async () => {
  expect(await library.lines('virtual-currency-consumption', { 'pricing-currency': 'Token' })).toEqual(
    expected(`2026-09 | Tessera | Token | 200
              2026-10 | Tessera | Token | 150`),
  );
});
