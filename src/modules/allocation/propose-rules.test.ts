import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accountsOfOneApp } from './propose-accounts.ts';
import { findApps, matchApplications } from './propose-apps.ts';
import { columnIn, tagIn, tagText } from './propose-filters.ts';
import { chooseApplicationKeys, chooseKeysFor } from './propose-keys.ts';
import { filterOf, parseTemplate } from './templates.ts';

describe('conditions that the wizard writes', () => {
  const key = fc.string({ minLength: 1, maxLength: 40, unit: 'binary' });
  const values = fc.array(fc.string({ maxLength: 30, unit: 'binary' }), { minLength: 1, maxLength: 5 });

  test('are read as they are meant, whatever signs keys and values have', () => {
    fc.assert(
      fc.property(key, values, fc.boolean(), (tag, listed, not) => {
        const [only] = listed;
        const wanted =
          listed.length === 1
            ? { field: { tag }, op: not ? '!=' : '=', value: only }
            : { field: { tag }, op: not ? 'not in' : 'in', values: listed };
        expect(filterOf(tagIn(tag, listed, not))).toEqual(wanted);
        expect(parseTemplate(`app:{${tagText(tag)}}`)).toEqual(['app:', { tag }]);
      }),
    );
  });

  test('are values and not texts where they would be too long to write, and hold at most a thousand', () => {
    const many = Array.from({ length: 1500 }, (_, i) => `account-${i}`);
    expect(columnIn('SubAccountId', many)).toEqual({
      ...{ field: { column: 'SubAccountId' }, op: 'in', values: many.slice(0, 1000) },
    });
    expect(columnIn('SubAccountId', ["o'hara"])).toBe("SubAccountId = 'o''hara'");
  });
});

describe('tags', () => {
  const tag = (name: string, coverage: number, values = 10) => ({ key: name, coverage, values });

  test('name applications when their name says so, those of one kind together', () => {
    const tags = [tag('team', 0.9), tag('user:App', 0.6), tag('application', 0.2), tag('color', 1)];
    expect(chooseApplicationKeys(tags)).toEqual(['user:App', 'application']);
    expect(chooseApplicationKeys([tag('team', 0.9), tag('color', 1)])).toEqual(['team']);
    expect(chooseApplicationKeys([tag('app', 0.9, 6000), tag('color', 1)])).toEqual([]);
  });

  test('have other uses by their names, in any spelling', () => {
    const tags = [
      tag('cost_center', 0.2),
      tag('Cost-Centre', 0.3),
      tag('Env', 0.1),
      tag('aws:eks:cluster-name', 0.1),
    ];
    expect(chooseKeysFor('costCentre', tags)).toEqual(['Cost-Centre', 'cost_center']);
    expect(chooseKeysFor('environment', tags)).toEqual(['Env']);
    expect(chooseKeysFor('cluster', tags)).toEqual(['aws:eks:cluster-name']);
  });
});

test('values that differ in case or blanks are one application, named as where it costs most', () => {
  const value = (text: string, at = 0) => ({ at, value: text, app: text.trim().toLowerCase() });
  const apps = findApps([
    value('Shop'),
    value('pay', 1),
    value('shop ', 1),
    value('SHARED'),
    value('a\u0000b'),
  ]);
  expect(apps).toEqual([
    {
      ...{ app: 'shop', name: 'Shop', node: 'app:Shop', isShared: false },
      spellings: [{ at: 1, values: ['shop '] }],
    },
    { app: 'pay', name: 'pay', node: 'app:pay', isShared: false, spellings: [] },
    {
      ...{ app: 'shared', name: 'SHARED', node: 'shared:shared', isShared: true },
      spellings: [{ at: 0, values: ['SHARED'] }],
    },
  ]);
  const known = [
    { id: 'x', label: 'Pay' },
    { id: 'SHOP', label: 'pay' },
  ];
  expect([...matchApplications(apps, known)]).toEqual([
    ['app:Shop', 'SHOP'],
    ['app:pay', 'SHOP'],
  ]);
});

describe('an account is of one application', () => {
  const charge = (account: string, app: string | null, cost: number, currency = 'USD') => ({
    ...{ account, name: null, app, cost, currency },
  });

  test('when nine tenths of what is named in it are that one, and three tenths of it are named', () => {
    const found = accountsOfOneApp([
      ...[charge('1', 'shop', 80), charge('1', 'pay', 4), charge('1', null, 20)],
      ...[charge('2', 'shop', 10), charge('2', null, 90)],
      ...[charge('3', 'shop', 50), charge('3', 'pay', 40), charge('3', null, 10)],
      ...[charge('4', 'shop', 50)],
    ]);
    expect([...found]).toEqual([['1', 'shop']]);
  });

  test('when each of its currencies says so', () => {
    const dollars = [charge('1', 'shop', 80), charge('1', null, 20)];
    expect(accountsOfOneApp([...dollars, charge('1', 'shop', 5, 'EUR')]).get('1')).toBe('shop');
    expect(accountsOfOneApp([...dollars, charge('1', 'pay', 5, 'EUR')]).size).toBe(0);
    expect(accountsOfOneApp([...dollars, charge('1', null, 5, 'EUR')]).size).toBe(0);
  });
});
