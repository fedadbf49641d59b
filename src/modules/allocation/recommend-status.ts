import {
  type Caller,
  type Clock,
  formatDecimal,
  mutable,
  parseDecimal,
} from '../../platform/kernel/index.ts';
import { audit, type Tx } from '../../platform/records/index.ts';
import { errors } from './errors.ts';
import type {
  Recommendation,
  RecommendationList,
  RecommendationQuery,
  StatusRequest,
} from './recommend-contract.ts';
import { countSavings } from './recommend-count.ts';
import {
  findRecommendation,
  lockRecommendation,
  newestMonth,
  type RecommendationRow,
  readRecommendations,
  writeStatus,
} from './recommend-records-sql.ts';

type Listed = RecommendationList['items'][number];

/**
 * Recommendations of a month with the savings that count. What a saving is counted in is said for all that the caller sees, whatever
 * is filtered out of the list.
 */
export async function listRecommendations(
  tx: Tx,
  { graph, month: asked, status, kind, node }: RecommendationQuery,
): Promise<{
  readonly month: string | null;
  readonly items: Listed[];
  readonly totals: RecommendationList['totals'];
}> {
  const month = asked ?? (await newestMonth(tx, graph));
  if (month === undefined) return { month: null, items: [], totals: [] };
  const all = await readRecommendations(tx, { graph, month });
  const { countedIn, totals } = countSavings(all);
  const items = all
    .filter(
      (one) =>
        (status === undefined || one.status === status) &&
        (kind === undefined || one.kind === kind) &&
        (node === undefined || one.node === node),
    )
    .map((one) => listed(one, countedIn));
  return { month, items, totals: mutable(totals) };
}

function listed({ basis: _, ...row }: RecommendationRow, countedIn: ReadonlyMap<string, string>): Listed {
  return {
    ...row,
    cost: plain(row.cost),
    saving: row.saving === null ? null : plain(row.saving),
    countedIn: countedIn.get(row.id) ?? null,
  };
}

/** One recommendation with its evidence. Refusal: `allocation.unknownRecommendation`. */
export async function showRecommendation(tx: Tx, id: string): Promise<Recommendation> {
  const found = await findRecommendation(tx, id);
  if (!found) throw errors.unknownRecommendation({ id });
  const { newest, months } = found;
  const { version: _, basis, facts, evidence, ...whole } = newest;
  const { countedIn } = countSavings(
    await readRecommendations(tx, { graph: newest.graph, month: newest.month }),
  );
  return {
    ...whole,
    ...listed(newest, countedIn),
    facts: { ...facts },
    basis: mutable(basis) as Recommendation['basis'],
    evidence: mutable(evidence) as Recommendation['evidence'],
    months: [...months],
  };
}

/**
 * Keeps what somebody decided of a recommendation; it outlives every computation. What is so already is no change. Refusal:
 * `allocation.unknownRecommendation`.
 */
export async function decideRecommendation(
  tx: Tx,
  { caller, clock }: { readonly caller: Caller; readonly clock: Clock },
  id: string,
  { status, reason: said }: StatusRequest,
): Promise<Recommendation> {
  const reason = said ?? null;
  const before = await lockRecommendation(tx, id);
  if (!before) throw errors.unknownRecommendation({ id });
  if (before.status !== status || before.reason !== reason) {
    const decided = { status, reason, version: before.version + 1 };
    await writeStatus(tx, id, { ...decided, at: clock.now().toISOString(), by: caller.actor.name });
    await audit(tx, caller, {
      action: `recommendation.${verbs[status]}`,
      object: { type: 'recommendation', id },
      entity: before.entity,
      before: { status: before.status, reason: before.reason },
      after: { status, reason },
    });
  }
  return showRecommendation(tx, id);
}

const verbs = { open: 'open', accepted: 'accept', dismissed: 'dismiss', done: 'finish' } as const;

function plain(amount: string): string {
  return formatDecimal(parseDecimal(amount));
}
