import type { Caller, Scope } from '../../platform/kernel/index.ts';
import type { Records } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { refuseUnknownEntity } from '../organization/index.ts';
import { errors } from './errors.ts';
import { type Kept, keptSchema, saidAction } from './kept.ts';
import { type PeriodState, readConsumers, readLastSaid, readOwners, readStates } from './month-sql.ts';

/** What a close works with. */
export interface CloseWorld {
  readonly workspace: Workspace;
  readonly records: () => Promise<Records>;
}

/** A source of bills as it stands in a month. */
export interface MonthSource {
  readonly source: string;
  /** Whose bills they are; null: nobody has said. */
  readonly entity: string | null;
  /** It has delivered a bill of the month, and not withdrawn it. */
  readonly isThere: boolean;
}

/** An entity as it stands in a month. */
export interface MonthEntity {
  readonly entity: string;
  readonly state: PeriodState;
  readonly hasConsumption: boolean;
  /** What was said when the month was closed; undefined while it is open, or where nobody said anything. */
  readonly kept: Kept | undefined;
}

/** True while an entity's month can be closed. */
export function isOpen({ state }: Pick<MonthEntity, 'state'>): boolean {
  return state === 'OPEN';
}

/** Everything that a month of some entities is made of, at one moment. */
export interface CloseMonth {
  readonly period: string;
  readonly entities: readonly MonthEntity[];
  /** Sources that have a bill of the month, or should have one, by name. */
  readonly sources: readonly MonthSource[];
  /** True when only some entities are looked at, because they were named. */
  readonly isNarrowed: boolean;
  readonly generation: number;
}

/**
 * Finds what a month is made of, as far as the caller sees it: entities that are named, or all that have consumption, bills or a
 * source that should have brought one. A source should have a bill of the month when it has brought one before, or never. Refuses
 * with `organization.unknown` for an entity that is named and not there, with `close.noEntities` for callers who see none.
 */
export async function readMonth(
  { workspace, records }: CloseWorld,
  caller: Caller,
  { period, entities: named }: { readonly period: string; readonly entities?: readonly string[] | undefined },
): Promise<CloseMonth> {
  if (caller.scope.kind === 'some' && caller.scope.entities.length === 0) throw errors.noEntities({});
  const { generation, partitions } = await workspace.lake.visible(caller.scope);
  const bills = partitions.filter(({ dataset }) => dataset === costDataset.name);
  const opened = await records();
  return opened.read(caller, async (tx) => {
    for (const entity of named ?? []) await refuseUnknownEntity(tx, entity);
    const owners = await readOwners(tx);
    const states = await readStates(tx, period);
    const consumers = await readConsumers(tx, period);
    const names = [...new Set([...owners.keys(), ...bills.map(({ source }) => source)])].sort();
    const all = names
      .filter((source) => sees(caller.scope, owners.get(source)))
      .flatMap((source): MonthSource[] => {
        const own = bills.filter((bill) => bill.source === source);
        const isThere = own.some((bill) => bill.period === period && bill.current);
        const isExpected = own.length === 0 || own.some((bill) => bill.period <= period);
        return isThere || isExpected ? [{ source, entity: owners.get(source) ?? null, isThere }] : [];
      });
    const ids = named ?? [...all.flatMap(({ entity }) => entity ?? []), ...consumers];
    const unique = [...new Set(ids)].sort();
    const said = await readLastSaid(
      tx,
      [saidAction, 'period.reopen'],
      unique.map((entity) => `${entity}/${period}`),
    );
    return {
      period,
      generation,
      isNarrowed: named !== undefined,
      entities: unique.map((entity) => {
        const state = states.get(entity) ?? 'OPEN';
        // What was said before a month was reopened holds no longer.
        const last = said.get(`${entity}/${period}`);
        const found = keptSchema.safeParse(last?.action === saidAction ? last.after : undefined);
        const kept = found.success ? found.data : undefined;
        return { entity, state, hasConsumption: consumers.includes(entity), kept };
      }),
      sources: all.filter(({ entity }) => named === undefined || (entity !== null && named.includes(entity))),
    };
  });
}

/** Sources that nobody has assigned are seen by those who see everything. */
function sees(scope: Scope, entity: string | undefined): boolean {
  return scope.kind === 'all' || (entity !== undefined && scope.entities.includes(entity));
}

/** Refuses sources that the month does not know: `close.unknownSource`. */
export function refuseUnknownSources({ sources, period }: CloseMonth, named: readonly string[]): void {
  const known = new Set(sources.map(({ source }) => source));
  const unknown = named.filter((source) => !known.has(source));
  if (unknown.length > 0) throw errors.unknownSource({ sources: unknown, month: period });
}
