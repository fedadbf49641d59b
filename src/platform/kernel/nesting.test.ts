import { describe, expect, it } from 'vitest';
import { isNestedDeeperThan } from './nesting.ts';

describe('nesting', () => {
  it.each([
    [1, 0, false],
    ['text', 0, false],
    [[], 0, false],
    [[1], 0, true],
    [[1], 1, false],
    [[[1]], 1, true],
    [{ a: { b: [1] } }, 3, false],
    [{ a: { b: [1] } }, 2, true],
    [{ wide: Array.from({ length: 1000 }, () => [1]) }, 3, false],
  ])('of %j more than %i levels deep: %s', (value, levels, expected) => {
    expect(isNestedDeeperThan(value, levels)).toBe(expected);
  });

  it('is told also where it would exhaust the stack', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(isNestedDeeperThan(deep, 50)).toBe(true);
    expect(isNestedDeeperThan(deep, 200_000)).toBe(false);
  });
});
