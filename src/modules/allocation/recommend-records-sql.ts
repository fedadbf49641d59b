import { sql } from 'kysely';
import { jsonb, type Tx } from '../../platform/records/index.ts';
import type { Advice, AdviceKind, AdviceStatus, BasisPart, EvidenceRow } from './recommend-model.ts';

/** An advice with an id, should it be new, and whose it is. */
export interface OwnedAdvice extends Advice {
  readonly id: string;
  readonly entity: string | null;
  readonly application: string | null;
}

/** A recommendation in one month, without what it rests on. */
export interface RecommendationRow {
  readonly id: string;
  readonly kind: AdviceKind;
  readonly node: string | null;
  readonly status: AdviceStatus;
  readonly reason: string | null;
  readonly decidedAt: string | null;
  readonly decidedBy: string | null;
  readonly month: string;
  readonly title: string;
  readonly currency: string;
  readonly cost: string;
  readonly saving: string | null;
  readonly basis: readonly BasisPart[];
}

/** With all that is known of it. */
export interface WholeRecommendation extends RecommendationRow {
  readonly graph: string;
  readonly entity: string | null;
  readonly application: string | null;
  readonly run: string;
  readonly formula: string | null;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly evidence: readonly EvidenceRow[];
  readonly evidenceRows: number;
  readonly version: number;
}

/**
 * Replaces the figures of a month. What was found before keeps its id, its status and its other months; what is no longer found has
 * no row in this month. Gives how many are new.
 */
export async function replaceMonth(
  tx: Tx,
  {
    graph,
    month,
    run,
    at,
  }: { readonly graph: string; readonly month: string; readonly run: string; readonly at: string },
  advice: readonly OwnedAdvice[],
): Promise<number> {
  await tx
    .deleteFrom('recommendation_month')
    .where('graph_id', '=', graph)
    .where('period', '=', month)
    .execute();
  const { rows } = await sql<{ made: boolean }>`
    insert into recommendation as known (id, graph_id, entity_id, application_id, kind, key, node_id, created_at)
    select id, ${graph}, entity, application, kind, key, node, ${at}::timestamptz
    from ${given(advice)}
    on conflict (graph_id, key) do update
      set entity_id = excluded.entity_id, application_id = excluded.application_id, node_id = excluded.node_id
    returning xmax = 0 as made`.execute(tx);
  await sql`
    insert into recommendation_month (recommendation_id, graph_id, entity_id, application_id, period, run_id, currency, cost,
      saving, title, formula, facts, basis, evidence, evidence_rows, computed_at)
    select known.id, ${graph}, entity, application, ${month}, ${run}, given.currency, given.cost, given.saving, given.title,
      given.formula, given.facts, given.basis, given.evidence, given."evidenceRows", ${at}::timestamptz
    from ${given(advice)}
    join recommendation known on known.graph_id = ${graph} and known.key = given.key`.execute(tx);
  return rows.filter(({ made }) => made).length;
}

function given(advice: readonly OwnedAdvice[]) {
  return sql`jsonb_to_recordset(${jsonb(advice)}) as given(id text, entity text, application text, kind text, key text, node text,
      currency text, cost numeric, saving numeric, title text, formula text, facts jsonb, basis jsonb, evidence jsonb,
      "evidenceRows" integer)`;
}

/** Which recommendations. */
export interface AskedRecommendations {
  readonly graph: string;
  readonly month: string;
}

/** All recommendations of a month, the largest saving first, then the largest cost; ties by id. */
export async function readRecommendations(
  tx: Tx,
  { graph, month }: AskedRecommendations,
): Promise<RecommendationRow[]> {
  const rows = await months(tx)
    .where('recommendation_month.graph_id', '=', graph)
    .where('recommendation_month.period', '=', month)
    .orderBy(sql`recommendation_month.saving desc nulls last`)
    .orderBy('recommendation_month.cost', 'desc')
    .orderBy('recommendation.id')
    .execute();
  return rows as unknown as RecommendationRow[];
}

/** The newest month of a graph that has recommendations; undefined without any. */
export async function newestMonth(tx: Tx, graph: string): Promise<string | undefined> {
  const found = await tx
    .selectFrom('recommendation_month')
    .select('period')
    .where('graph_id', '=', graph)
    .orderBy('period', 'desc')
    .limit(1)
    .executeTakeFirst();
  return found?.period;
}

/** One recommendation in its newest month, with the other months; undefined where the caller sees none. */
export async function findRecommendation(
  tx: Tx,
  id: string,
): Promise<{ readonly newest: WholeRecommendation; readonly months: readonly string[] } | undefined> {
  const rows = await months(tx)
    .select([
      'recommendation.graph_id as graph',
      'recommendation.entity_id as entity',
      'recommendation.application_id as application',
      'recommendation.version as version',
      'recommendation_month.run_id as run',
      'recommendation_month.formula as formula',
      'recommendation_month.facts as facts',
      'recommendation_month.evidence as evidence',
      'recommendation_month.evidence_rows as evidenceRows',
    ])
    .where('recommendation.id', '=', id)
    .orderBy('recommendation_month.period', 'desc')
    .execute();
  const [newest] = rows as unknown as WholeRecommendation[];
  return newest && { newest, months: rows.slice(1).map(({ month }) => month) };
}

function months(tx: Tx) {
  return tx
    .selectFrom('recommendation')
    .innerJoin('recommendation_month', 'recommendation_month.recommendation_id', 'recommendation.id')
    .select([
      'recommendation.id as id',
      'recommendation.kind as kind',
      'recommendation.node_id as node',
      'recommendation.status as status',
      'recommendation.reason as reason',
      'recommendation.decided_at as decidedAt',
      'recommendation.decided_by as decidedBy',
      'recommendation_month.period as month',
      'recommendation_month.title as title',
      'recommendation_month.currency as currency',
      'recommendation_month.cost as cost',
      'recommendation_month.saving as saving',
      'recommendation_month.basis as basis',
    ]);
}

/** Holds a recommendation until the end of the transaction, and says how it stands. */
export async function lockRecommendation(
  tx: Tx,
  id: string,
): Promise<
  | {
      readonly entity: string | null;
      readonly status: AdviceStatus;
      readonly reason: string | null;
      readonly version: number;
    }
  | undefined
> {
  return tx
    .selectFrom('recommendation')
    .select(['entity_id as entity', 'status', 'reason', 'version'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
}

/** Keeps what was decided. */
export async function writeStatus(
  tx: Tx,
  id: string,
  decided: {
    readonly status: AdviceStatus;
    readonly reason: string | null;
    readonly version: number;
    readonly at: string;
    readonly by: string;
  },
): Promise<void> {
  const { status, reason, version, at, by } = decided;
  await tx
    .updateTable('recommendation')
    .set({ status, reason, version, decided_at: at, decided_by: by })
    .where('id', '=', id)
    .execute();
}
