import { must } from '../../platform/kernel/index.ts';
import { type Secrets as AllSecrets, sealedContext } from '../../platform/records/index.ts';
import { fieldsOf, type Kind, sealedMark } from './kinds.ts';
import type { StoredObject, Wanted } from './model.ts';

/** Seals texts for the database and opens them, each in the context of its own row and column. */
export type Secrets = Pick<AllSecrets, 'seal' | 'open'>;

/** True when a wish gives a text that must be sealed, so that the secrets are needed. */
export function needsSecrets(kind: Kind, wanted: readonly Wanted[]): boolean {
  return fieldsOf(kind, 'own').some(
    ([name, { sealed }]) => sealed && wanted.some(({ values }) => isText(values[name])),
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== sealedMark;
}

/** The wish with its texts sealed; the mask, and a text that is kept already, leave what is stored. */
export function sealGiven(
  kind: Kind,
  before: StoredObject | undefined,
  wanted: Wanted,
  secrets: Secrets | undefined,
): Wanted {
  const values = Object.fromEntries(
    Object.entries(wanted.values).flatMap(([name, value]) => {
      const field = kind.fields[name];
      if (!field?.sealed || value === null) return [[name, value]];
      const stored = before?.values[name];
      if (!isText(value)) return [];
      const context = sealedContext({ table: kind.table, column: field.column }, [wanted.id]);
      const { seal, open } = must(secrets, 'the secrets');
      const isSame = typeof stored === 'string' && open(stored, context) === value;
      return isSame ? [] : [[name, seal(value, context)]];
    }),
  );
  return { ...wanted, values };
}

/** An object with its sealed texts opened, for the read of the one object. */
export async function opened(
  kind: Kind,
  object: StoredObject,
  secrets: () => Promise<Secrets>,
): Promise<StoredObject> {
  const values = { ...object.values };
  for (const [name, { sealed, column }] of fieldsOf(kind, 'own')) {
    const text = values[name];
    if (sealed && typeof text === 'string')
      values[name] = (await secrets()).open(text, sealedContext({ table: kind.table, column }, [object.id]));
  }
  return { ...object, values };
}
