import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everything, nothing, type Scope } from '../kernel/index.ts';
import type { Grant } from './model.ts';
import { type Permission, permissions, roleNames, roles } from './permissions.ts';
import { scopeOf } from './scope-of.ts';

const sources = { a: ['aws-a', 'gcp-a'], b: ['aws-b'] };
const grant = (role: Grant['role'], scopeKind: Grant['scopeKind'] = 'all', ...scopeIds: string[]): Grant => ({
  role,
  scopeKind,
  scopeIds,
});
const of = (grants: readonly Grant[], permission: Permission, limit: Grant | null = null) =>
  scopeOf({ grants, limit, sources }, permission);

describe('the scope of a permission', () => {
  it('is nothing without a role that has it', () => {
    expect(of([], 'cost.read')).toBeUndefined();
    expect(of([grant('accountant')], 'person.manage')).toBeUndefined();
    expect(of([grant('billing.payer', 'companies', 'c')], 'cost.read')).toBeUndefined();
  });

  it('names the sources of its entities, and no other entity', () => {
    expect(of([grant('entity.viewer', 'entities', 'a')], 'cost.read')).toEqual({
      ...nothing,
      entities: ['a'],
      sources: ['aws-a', 'gcp-a'],
    });
  });

  it('is the union over the roles that have it, and only those', () => {
    const grants = [
      grant('entity.viewer', 'entities', 'b'),
      grant('engineer', 'applications', 'shop'),
      grant('billing.payer', 'companies', 'c'),
      grant('group.controller', 'entities', 'a'),
    ];
    expect(of(grants, 'cost.read')).toEqual({
      ...nothing,
      entities: ['a', 'b'],
      sources: ['aws-a', 'aws-b', 'gcp-a'],
      applications: ['shop'],
    });
    expect(of(grants, 'period.close')).toMatchObject({ entities: ['a'], applications: [] });
    expect(of([...grants, grant('accountant')], 'cost.read')).toEqual(everything);
  });

  it('is for a token what both the owner and the token have', () => {
    const owner = [grant('entity.viewer', 'entities', 'a', 'b')];
    expect(of(owner, 'cost.read', grant('entity.viewer', 'entities', 'b', 'c'))).toEqual({
      ...nothing,
      entities: ['b'],
      sources: ['aws-b'],
    });
    expect(of(owner, 'cost.read', grant('accountant'))).toMatchObject({ entities: ['a', 'b'] });
    expect(of(owner, 'audit.read', grant('accountant'))).toBeUndefined();
    expect(of(owner, 'cost.read', grant('entity.viewer', 'entities', 'c'))).toBeUndefined();
    expect(of([grant('super_admin')], 'person.manage', grant('tech'))).toBeUndefined();
  });

  it('never grows by a token, and never shrinks by another role', () => {
    const anyGrant = fc
      .constantFrom(...roleNames)
      .chain((role) =>
        fc.record({
          role: fc.constant(role),
          scopeKind: fc.constantFrom(...roles[role].scopes),
          scopeIds: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
        }),
      )
      .map(
        ({ scopeKind, scopeIds, role }): Grant => ({
          role,
          scopeKind,
          scopeIds: scopeKind === 'all' ? [] : scopeIds,
        }),
      );
    const names = Object.keys(permissions) as Permission[];
    fc.assert(
      fc.property(
        fc.array(anyGrant, { maxLength: 4 }),
        anyGrant,
        fc.constantFrom(...names),
        (own, one, name) => {
          const scope = of(own, name);
          expect(covers(scope, of(own, name, one))).toBe(true);
          expect(covers(of([one], name), of(own, name, one))).toBe(true);
          expect(covers(of([...own, one], name), scope)).toBe(true);
        },
      ),
    );
  });
});

function covers(wide: Scope | undefined, narrow: Scope | undefined): boolean {
  if (narrow === undefined || wide?.kind === 'all') return true;
  if (wide === undefined || narrow.kind === 'all') return false;
  return (['entities', 'sources', 'companies', 'applications'] as const).every((kind) =>
    narrow[kind].every((id) => wide[kind].includes(id)),
  );
}
