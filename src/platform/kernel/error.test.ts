import { expect, test } from 'vitest';
import { errorCodes, errorTable, Refusal, refusal } from './error.ts';

test('a refusal carries its code, status, exit code, facts and sentence', () => {
  const errors = errorTable('sample', {
    missing: refusal(404, 'notFound', (p: { name: string }) => `There is no ${p.name}.`),
  });
  const error = errors.missing({ name: 'source' });
  expect(error).toBeInstanceOf(Refusal);
  expect(error).toMatchObject({
    code: 'sample.missing',
    status: 404,
    exitCode: 3,
    params: { name: 'source' },
  });
  expect(error.message).toBe('There is no source.');
  expect(errorCodes.get('sample.missing')).toEqual({ status: 404, exit: 3 });
});
