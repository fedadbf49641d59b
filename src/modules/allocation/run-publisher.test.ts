import { expect, it } from 'vitest';
import { everything, nothing, type Scope } from '../../platform/kernel/index.ts';
import { mayPublish } from './run-publisher.ts';

const of = (...entities: readonly string[]): Scope => ({ ...nothing, entities });

it.each<[string, Scope, Scope | undefined, boolean]>([
  ['whoever may publish everything', of('retail'), everything, true],
  ['whoever may publish what he computes', of('retail'), of('labs', 'retail'), true],
  ['nobody without the permission', of('retail'), undefined, false],
  ['nobody who may publish a part of it', of('retail', 'labs'), of('retail'), false],
  ['nobody limited, where everything is computed', everything, of('retail'), false],
])('%s', (_, computing, publishing, may) => {
  expect(mayPublish(computing, publishing)).toBe(may);
});
