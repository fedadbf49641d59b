import { nodeIdSchema } from './model.ts';
import { sharedValues } from './propose-keys.ts';

/** A value of an application tag, in one currency. */
export interface TagValue {
  /** Index of the tag among the chosen ones. */
  readonly at: number;
  /** As it is written. */
  readonly value: string;
  /** Without case and blanks at the ends: values that are alike are one application. */
  readonly app: string;
}

/** An application that a bill names. */
export interface FoundApp {
  /** As it is compared. */
  readonly app: string;
  /** As it is written where it costs most. */
  readonly name: string;
  readonly node: string;
  /** It names what many applications use. */
  readonly isShared: boolean;
  /** Other ways to write it, by tag: these make another node than the template does. */
  readonly spellings: readonly { readonly at: number; readonly values: readonly string[] }[];
}

/** What can be an application of the organization. */
export interface KnownApplication {
  readonly id: string;
  readonly label: string | null;
}

/**
 * The applications of a bill, those with the largest charges first. `values` come in that order. What makes no id of a node is
 * left out.
 *
 * `Shop`, `shop ` and `pay`: `app:Shop` (also written `shop `), `app:pay`.
 */
export function findApps(values: readonly TagValue[]): FoundApp[] {
  const groups = new Map<string, TagValue[]>();
  for (const value of values) groups.set(value.app, [...(groups.get(value.app) ?? []), value]);
  return [...groups].flatMap(([app, alike]): FoundApp[] => {
    const name = (alike[0]?.value ?? '').trim();
    const isShared = sharedValues.includes(app);
    const node = `${isShared ? 'shared' : 'app'}:${isShared ? app : name}`;
    if (!nodeIdSchema.safeParse(node).success) return [];
    return [{ app, name, node, isShared, spellings: spellingsOf(alike, { node, isShared }) }];
  });
}

function spellingsOf(
  alike: readonly TagValue[],
  { node, isShared }: Pick<FoundApp, 'node' | 'isShared'>,
): FoundApp['spellings'] {
  const others = alike.filter(({ value }) => isShared || `app:${value}` !== node);
  return [...new Set(others.map(({ at }) => at))]
    .sort((a, b) => a - b)
    .map((at) => ({
      at,
      values: [...new Set(others.filter((one) => one.at === at).map(({ value }) => value))].sort(),
    }));
}

/** Node → application of the organization: the one whose id, else whose label, is the same without case and signs. */
export function matchApplications(
  apps: readonly FoundApp[],
  known: readonly KnownApplication[],
): ReadonlyMap<string, string> {
  const labels = known.map(({ id, label }) => [bare(label ?? ''), id] as const);
  const ids = known.map(({ id }) => [bare(id), id] as const);
  const byName = new Map([...labels, ...ids].filter(([name]) => name !== ''));
  return new Map(
    apps.flatMap(({ node, name, isShared }) => {
      const id = isShared ? undefined : byName.get(bare(name));
      return id === undefined ? [] : [[node, id] as const];
    }),
  );
}

function bare(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}
