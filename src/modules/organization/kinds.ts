/**
 * The kinds of objects of the organization, as data: tables, routes, CSV columns, commands and checks follow from it.
 * Free of libraries, so that every door may read it quickly.
 */

/** What a field may hold. `attributes` is a map of names to texts, `environments` a set. */
export type FieldValue = string | null | readonly string[] | Readonly<Record<string, string>>;

/** Which texts a field takes; `model.ts` has the schema of each. */
export type FieldType =
  | 'label'
  | 'id'
  | 'country'
  | 'currency'
  | 'vatId'
  | 'address'
  | 'timeZone'
  | 'unit'
  | 'environments'
  | 'attributes';

/** One field of a kind besides id, version and retirement. */
export interface Field {
  readonly type: FieldType;
  /** Column of the kind's table; of `application_assignment` when dated. */
  readonly column: string;
  readonly meaning: string;
  /** Taken when nothing is given on creation. A field without it is required; one with null may be emptied. */
  readonly default?: FieldValue;
  /** The kind whose id this is. */
  readonly refersTo?: KindName;
  /** A field that both must have in common: the family of a product lies in the product's domain. */
  readonly sharing?: string;
  /** Said on creation, for good. */
  readonly fixed?: true;
  /** Kept sealed; shown as `[sealed]` but by the read of the one object. */
  readonly sealed?: true;
  /** Holds from a date on, and is kept as it was before. */
  readonly dated?: true;
  /** Lists can be narrowed by it. */
  readonly filter?: true;
}

export type KindName = 'entity' | 'domain' | 'family' | 'product' | 'team' | 'costCentre' | 'application';

/** One kind of object. */
export interface Kind {
  /** As errors and the audit log name it: `costCentre`. */
  readonly name: KindName;
  /** As addresses, commands and files name it: `cost-centres`. */
  readonly path: string;
  readonly table: string;
  /** For sentences: `cost centre`. */
  readonly title: string;
  /** Whose it is: an entity's (`entity` names it, `id` is it), or the installation's. */
  readonly belongsTo: 'id' | 'entity' | 'installation';
  readonly fields: Readonly<Record<string, Field>>;
}

const label: Field = { type: 'label', column: 'label', meaning: 'what people call it' };

function reference(refersTo: KindName, column: string, meaning: string, more: Partial<Field> = {}): Field {
  return { type: 'id', column, meaning, refersTo, filter: true, ...more };
}

const entityOf = (title: string) =>
  reference('entity', 'entity_id', `id of the entity that the ${title} belongs to, for good`, {
    fixed: true,
  });

/** Every kind, those that others name first: the order in which files are imported. */
export const kinds: readonly Kind[] = [
  {
    name: 'entity',
    path: 'entities',
    table: 'entity',
    title: 'entity',
    belongsTo: 'id',
    fields: {
      label,
      country: { type: 'country', column: 'country', meaning: 'ISO 3166-1 code: FR', filter: true },
      currency: { type: 'currency', column: 'currency', meaning: 'ISO 4217 code: EUR', filter: true },
      vatId: {
        type: 'vatId',
        column: 'vat_id',
        meaning: 'VAT identification number',
        default: null,
        filter: true,
      },
      billingAddress: {
        type: 'address',
        column: 'billing_address_sealed',
        meaning: 'address on its invoices; kept sealed',
        default: null,
        sealed: true,
      },
      timeZone: {
        type: 'timeZone',
        column: 'time_zone',
        meaning: 'IANA name: Europe/Paris',
        default: 'UTC',
      },
    },
  },
  {
    name: 'domain',
    path: 'domains',
    table: 'domain',
    title: 'domain',
    belongsTo: 'installation',
    fields: { label },
  },
  {
    name: 'family',
    path: 'families',
    table: 'family',
    title: 'family',
    belongsTo: 'installation',
    fields: {
      label,
      domain: reference('domain', 'domain_id', 'id of its domain, for good', { fixed: true }),
    },
  },
  {
    name: 'product',
    path: 'products',
    table: 'product',
    title: 'product',
    belongsTo: 'installation',
    fields: {
      label,
      domain: reference('domain', 'domain_id', 'id of its domain'),
      family: reference('family', 'family_id', 'id of its family, in the same domain', {
        default: null,
        sharing: 'domain',
      }),
      unit: { type: 'unit', column: 'unit', meaning: 'what a quantity of it counts: GB-month' },
    },
  },
  {
    name: 'team',
    path: 'teams',
    table: 'team',
    title: 'team',
    belongsTo: 'installation',
    fields: { label, parent: reference('team', 'parent_id', 'id of the team above', { default: null }) },
  },
  {
    name: 'costCentre',
    path: 'cost-centres',
    table: 'cost_centre',
    title: 'cost centre',
    belongsTo: 'entity',
    fields: { label, entity: entityOf('cost centre') },
  },
  {
    name: 'application',
    path: 'applications',
    table: 'application',
    title: 'application',
    belongsTo: 'entity',
    fields: {
      label,
      entity: entityOf('application'),
      environments: {
        type: 'environments',
        column: 'environments',
        meaning: 'where it runs: prod, non_prod, unknown, n_a',
        default: [],
      },
      team: reference('team', 'team_id', 'id of the team that answers for it', {
        default: null,
        dated: true,
      }),
      costCentre: reference('costCentre', 'cost_centre_id', 'id of the cost centre that pays for it', {
        default: null,
        sharing: 'entity',
        dated: true,
      }),
      attributes: {
        type: 'attributes',
        column: 'attributes',
        meaning: 'what else is known of it: cluster, platform, entityType',
        default: {},
        dated: true,
      },
    },
  },
];

/** The environments that a fact may name, in their order. */
export const environments = ['prod', 'non_prod', 'unknown', 'n_a'] as const;

/** What stands for a sealed text wherever it is not opened. */
export const sealedMark = '[sealed]';

/** The kind of this name. */
export function kindNamed(name: KindName): Kind {
  const kind = kinds.find((candidate) => candidate.name === name);
  if (!kind) throw new RangeError(`there is no kind ${name}`);
  return kind;
}

/** Name and field of all that a kind keeps in its own table, or of what it keeps by date. */
export function fieldsOf(kind: Kind, which: 'own' | 'dated'): readonly (readonly [string, Field])[] {
  return Object.entries(kind.fields).filter(([, field]) => (field.dated ?? false) === (which === 'dated'));
}
