import { errorTable, refusal } from '../../platform/kernel/index.ts';

/** What this module refuses of costs. Refusals of price views and of consumption have tables of their own. */
export const errors = errorTable('showback', {
  unknownView: refusal(
    404,
    'notFound',
    (p: { view: string }) =>
      `There is no price view '${p.view}' among those you may see. 'finops price views' lists them; 'actual' is the allocated cost.`,
  ),
  nothingPublished: refusal(
    404,
    'notFound',
    (p: { view: string; version: string }) =>
      `The price view '${p.view}' has no ${p.version}. 'finops price show ${p.view}' lists its versions.`,
  ),
  noCalendar: refusal(
    409,
    'conflict',
    (p: { entity: string; month: string }) =>
      `No price view holds for '${p.entity}' in ${p.month}, so that its consumption has no cost to be closed with. Say which with 'finops price calendar set'.`,
  ),
  unknownTeam: refusal(
    404,
    'notFound',
    (p: { team: string }) => `There is no team '${p.team}'. 'finops teams list' shows them.`,
  ),
  unknownApplications: refusal(
    404,
    'notFound',
    (p: { applications: readonly string[] }) =>
      `These are no applications among those you may see: ${p.applications.slice(0, 10).join(', ')}.`,
  ),
  monthsBackwards: refusal(
    400,
    'usage',
    (p: { from: string; to: string }) => `The months end before they begin: ${p.from} to ${p.to}.`,
  ),
  unknownSubject: refusal(
    404,
    'notFound',
    (p: { of: string; id: string }) =>
      `There is no ${p.of} '${p.id}'. 'finops ${p.of === 'domain' ? 'domains' : 'families'} list' shows them.`,
  ),
  statementOfOne: refusal(
    400,
    'usage',
    (_: { month: string }) => 'Say whose statement it is: one team, or one cost centre.',
  ),
  unknownCostCentre: refusal(
    404,
    'notFound',
    (p: { costCentre: string }) =>
      `There is no cost centre '${p.costCentre}' among those you may see. 'finops cost-centres list' shows them.`,
  ),
  tooManyMonths: refusal(
    422,
    'badData',
    (p: { months: number; most: number }) =>
      `Other prices are tried on ${p.most} months at most, not on ${p.months}. Narrow the months.`,
  ),
  nothingToSimulate: refusal(
    422,
    'badData',
    (p: { view: string }) => `'${p.view}' has no prices that could be others. Name a price view.`,
  ),
  noWeights: refusal(
    422,
    'badData',
    (p: { view: string }) =>
      `Weights cannot be made anew under '${p.view}', which has no prices. Compare two price views.`,
  ),
  nothingToCompare: refusal(
    400,
    'usage',
    (_: { months: readonly string[] }) =>
      'Say what to compare: two views, {"views": ["a", "b"]}, or two months, {"months": ["2026-09", "2026-10"]}.',
  ),
  unbalanced: refusal(
    500,
    'booksDoNotBalance',
    (p: { month: string; what: string; difference: string }) =>
      `The books of ${p.month} do not balance: ${p.what} differs by ${p.difference}. Nothing was kept.`,
  ),
  contended: refusal(
    409,
    'conflict',
    (p: { months: readonly string[] }) =>
      `Consumption or prices of ${p.months.join(', ')} change faster than they can be priced. Try again in a moment.`,
  ),
});
