import { defineConfig } from 'vitest/config';

/** The conformance suite reads real sample bills from `../shared`; it says so and passes empty where they are absent. */
export default defineConfig({
  test: {
    include: ['test/**/*.conformance.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
