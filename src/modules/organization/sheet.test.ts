import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ShownObject } from './documents.ts';
import { environments, kindNamed } from './kinds.ts';
import { readSheet, writeSheet } from './sheet.ts';

const application = kindNamed('application');

const text = fc
  .string({
    unit: fc.constantFrom('a', 'é', '"', ',', "'", '=', '-', '+', '@', ' ', ';'),
    minLength: 1,
    maxLength: 12,
  })
  .map((given) => given.trim())
  .filter((given) => given !== '');
const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,8}$/);

const objects = fc.uniqueArray(
  fc.record({
    id: name,
    label: text,
    entity: name,
    environments: fc.subarray([...environments]),
    team: fc.option(name),
    costCentre: fc.option(name),
    attributes: fc.dictionary(name, text, { maxKeys: 3 }),
    active: fc.boolean(),
  }),
  { selector: ({ id }) => id, maxLength: 6 },
);

describe('a file of applications', () => {
  it('says the same when it is read as when it was written', () => {
    fc.assert(
      fc.property(objects, (given) => {
        const shown: ShownObject[] = given.map((object) => ({ ...object, retiredAt: null, version: 1 }));
        const sheet = readSheet(application, writeSheet(application, shown));
        expect(sheet.errors).toEqual([]);
        const names = new Set(given.flatMap(({ attributes }) => Object.keys(attributes)));
        expect(sheet.wanted).toEqual(
          given.map(({ id, active, attributes, ...values }) => {
            const whole = Object.fromEntries([...names].map((key) => [key, attributes[key] ?? null]));
            return { id, active, values: names.size === 0 ? values : { ...values, attributes: whole } };
          }),
        );
      }),
    );
  });

  it('numbers rows as a spreadsheet does', () => {
    const { errors, rowOf } = readSheet(application, 'id,label\na,A\n\n"b\n",B\nc,C\n');
    expect(rowOf.get('c')).toBe(5);
    expect(errors).toMatchObject([{ row: 4, field: 'id' }]);
  });

  it('names the column that was meant, and every cell that does not fit', () => {
    expect(readSheet(application, 'id,lable\n').errors).toEqual([
      { row: 1, field: 'lable', message: 'applications have no such column; did you mean label?' },
    ]);
    expect(readSheet(application, 'id,attributes.__proto__\n').errors).toMatchObject([
      { field: 'attributes.__proto__' },
    ]);
    const csv = 'id,entity,environments,attributes.ok,active\n../x,,prod dev,"a\tb",maybe\n';
    expect(readSheet(application, csv).errors.map(({ field }) => field)).toEqual([
      'id',
      'entity',
      'environments',
      'attributes.ok',
      'active',
    ]);
  });

  it('wants of two records with one id neither silently', () => {
    const { wanted, errors } = readSheet(application, 'id,label\na,A\na,B\nb,B\n');
    expect(wanted.map(({ id, values }) => [id, values['label']])).toEqual([
      ['a', 'A'],
      ['b', 'B'],
    ]);
    expect(errors).toEqual([{ row: 3, field: 'id', message: "'a' stands in row 2 already." }]);
  });

  it('takes no name that only a program knows for a column', () => {
    for (const column of ['constructor', '__proto__', 'toString'])
      expect(readSheet(application, `id,${column}\na,b\n`).errors).toMatchObject([{ field: column }]);
  });
});
