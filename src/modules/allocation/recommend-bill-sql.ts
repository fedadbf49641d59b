import type { Scope } from '../../platform/kernel/index.ts';
import { fieldOf, identifier, type Session } from '../../platform/warehouse/index.ts';
import type { MonthBill } from './attribute-bill.ts';
import { billContext, takenSql } from './attribution-sql.ts';
import type { GraphDocument } from './model.ts';
import type { BillGroup } from './recommend-bill.ts';
import { type EvidenceRow, mostEvidence } from './recommend-model.ts';

/** What the lines of a bill are looked at for. */
export interface BillLooked {
  readonly bill: MonthBill;
  readonly scope: Scope;
  readonly document: GraphDocument;
  /** Tags that the rules ask for. */
  readonly tags: readonly string[];
}

/**
 * Makes the session's table `advice_line` of the rows that any advice is about: what no rule took, what lacks a tag, unused
 * commitments, idle addresses. One scan of the bill.
 */
export async function makeAdviceLines(session: Session, looked: BillLooked): Promise<void> {
  const { bill, scope, document, tags } = looked;
  const context = billContext(bill.selection, scope);
  const lacks = tags.map((tag) => `coalesce(${fieldOf(context, { tag }).sql}, '') = ''`);
  const { rules, method } = document;
  const taken = takenSql(context, { rules, method, period: bill.period });
  const lackColumns = lacks.map((sql, i) => `, ${sql} as lacks${i}`).join('');
  await session.run(
    `create or replace temp table advice_line as
with ${taken},
looked as (
  select node, rule, currency, cost, coalesce("EffectiveCost", 0) as effective, "ChargeCategory" = 'Tax' as is_tax,
    "ResourceId" as resource, "ServiceName" as service, "SubAccountId" as account, source,
    coalesce("CommitmentDiscountStatus" = 'Unused', false) as is_unused, "CommitmentDiscountId" as commitment,
    coalesce(regexp_matches(${meterSql(bill)}, '${idleAddress}'), false) as is_idle_address${lackColumns}
  from taken
)
select *
from looked
where rule < 0 or is_unused or is_idle_address${lacks.map((_, i) => ` or lacks${i}`).join('')}`,
    context.values,
  );
}

/**
 * Usage types under which AWS bills addresses that no running machine uses: `USE1-ElasticIP:IdleAddress` until 2024,
 * `PublicIPv4:IdleAddress` since. Of other idle things (volumes without a machine, say) a bill does not tell.
 */
const idleAddress = '(^|-)(ElasticIP|PublicIPv4):IdleAddress$';

function meterSql({ selection: { columns } }: MonthBill): string {
  const usageType = [...columns.keys()].find((name) => name.toLowerCase() === 'x_usagetype');
  return usageType === undefined ? '"SkuMeter"' : `coalesce("SkuMeter", ${identifier(usageType)})`;
}

/** Charges that no rule took. */
export function readNoRule(session: Session): Promise<BillGroup[]> {
  return readGroups(session, { of: `''`, where: 'rule < 0 and cost > 0', cost: 'cost' });
}

/** Charges without each of the tags; tax has none by nature. */
export async function readMissingTags(session: Session, tags: readonly string[]): Promise<BillGroup[]> {
  const groups: BillGroup[] = [];
  for (const [i, tag] of tags.entries()) {
    const found = await readGroups(session, {
      of: `''`,
      where: `lacks${i} and cost > 0 and not is_tax`,
      cost: 'cost',
    });
    groups.push(...found.map((group) => ({ ...group, of: tag })));
  }
  return groups;
}

/** What commitments cost unused, by commitment. */
export function readUnusedCommitments(session: Session): Promise<BillGroup[]> {
  return readGroups(session, {
    of: `coalesce(commitment, 'without id')`,
    where: 'is_unused',
    cost: 'effective',
  });
}

/** What idle addresses cost, by account. */
export function readIdleAddresses(session: Session): Promise<BillGroup[]> {
  return readGroups(session, {
    of: `coalesce(account, 'without id')`,
    where: 'is_idle_address',
    cost: 'effective',
  });
}

interface Grouping {
  readonly of: string;
  readonly where: string;
  readonly cost: string;
}

async function readGroups(session: Session, { of, where, cost }: Grouping): Promise<BillGroup[]> {
  const lines = `lines as (
  select ${of} as of_what, currency, ${cost} as cost, node, resource, service, account, source
  from advice_line
  where ${where}
)`;
  const groups = await session.rows(
    `with ${lines}
select of_what, currency, sum(cost) as cost, count(*) as "rows", to_json(list_sort(list(distinct node))) as nodes
from lines
group by of_what, currency
order by of_what, currency`,
  );
  const parts = await session.rows(
    `with ${lines},
parts as (
  select of_what, currency, resource, service, account, source, sum(cost) as cost, count(*) as "rows"
  from lines
  group by all
),
placed as (
  select *, row_number() over (partition by of_what, currency order by cost desc, resource, service, account, source) as place,
    count(*) over (partition by of_what, currency) as parts
  from parts
)
select *
from placed
where place <= ${mostEvidence}
order by of_what, currency, place`,
  );
  return groups.map((group) => {
    const own = parts.filter((p) => p['of_what'] === group['of_what'] && p['currency'] === group['currency']);
    return {
      of: String(group['of_what']),
      currency: String(group['currency']),
      cost: String(group['cost']),
      rows: Number(group['rows']),
      nodes: JSON.parse(String(group['nodes'])) as string[],
      largest: own.map(({ resource, service, account, source, cost: part, rows }) => ({
        resource,
        service,
        account,
        source,
        cost: part,
        rows,
      })) as EvidenceRow[],
      parts: Number(own[0]?.['parts'] ?? 0),
    };
  });
}
