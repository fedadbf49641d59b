import { expect, test } from 'vitest';
import { nearestNames } from './nearest.ts';

test('offers what a mistyped name may have meant, closest first, and nothing far away', () => {
  const names = ['engine.threads', 'engine.memoryLimitMb', 'server.port'];
  expect(nearestNames('engine.thread', names)).toEqual(['engine.threads']);
  expect(nearestNames('engine.memory_limit_mb', names)).toEqual(['engine.memoryLimitMb']);
  expect(nearestNames('ServiceNme', ['ServiceName', 'ServiceNames', 'RegionId'])).toEqual([
    'ServiceName',
    'ServiceNames',
  ]);
  expect(nearestNames('currency', ['RegionId'])).toEqual([]);
  expect(nearestNames('Currency', ['BillingCurrency', 'PricingCurrency', 'RegionId'], 1)).toEqual([
    'BillingCurrency',
  ]);
});
