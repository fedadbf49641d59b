import { errorTable, refusal } from '../../platform/kernel/index.ts';

/** What this module refuses. */
export const errors = errorTable('close', {
  nothingToClose: refusal(
    404,
    'notFound',
    (p: { month: string }) =>
      `No entity that you may see has bills or consumption in ${p.month}. 'finops periods list --from ${p.month} --to ${p.month}' shows the bills; name an entity with --entity to close an empty month.`,
  ),
  noEntities: refusal(
    403,
    'access',
    (_: Record<never, never>) =>
      'A month is closed entity by entity, and you see applications only. Ask somebody who sees the entity.',
  ),
  whichEntity: refusal(
    400,
    'usage',
    (p: { entities: readonly string[] }) =>
      `You see several entities (${p.entities.slice(0, 10).join(', ')}), and a close that you ask for is of one of them: name it.`,
  ),
  billsMissing: refusal(
    409,
    'conflict',
    (p: { month: string; sources: readonly { readonly source: string; readonly why: string }[] }) =>
      `The bills of ${p.month} are not whole: ${p.sources.map(({ source, why }) => `${source} (${why})`).join(', ')}. Import what is missing, or accept it by name with --accept-missing SOURCE and --reason TEXT.`,
  ),
  reasonMissing: refusal(
    400,
    'usage',
    (p: { sources: readonly string[] }) =>
      `Bills that are not waited for need a reason, which is kept with the month: give --reason TEXT for ${p.sources.join(', ')}.`,
  ),
  unknownSource: refusal(
    404,
    'notFound',
    (p: { sources: readonly string[]; month: string }) =>
      `These are no sources of the month ${p.month} that you may see: ${p.sources.join(', ')}. 'finops sources' lists them.`,
  ),
  notAllocated: refusal(
    409,
    'conflict',
    (p: { month: string; graph: string }) =>
      `No run of the graph '${p.graph}' is published for ${p.month}, and its costs would be closed without being allocated. Somebody who may publish runs computes it: finops allocate run --month ${p.month} --publish.`,
  ),
  publishForbidden: refusal(
    403,
    'access',
    (_: Record<never, never>) =>
      'Closing a month publishes its allocation, which needs the permission allocation.publish for the entities that you close. Close with the run that is published (--no-allocate), or ask somebody who may publish.',
  ),
  notPriced: refusal(
    409,
    'conflict',
    (p: { month: string; entities: readonly string[] }) =>
      `No price view holds in ${p.month} for ${p.entities.join(', ')}, whose consumption has no cost to be closed with. Say which with 'finops price calendar set'. Nothing was closed.`,
  ),
  broken: refusal(
    409,
    'booksDoNotBalance',
    (p: { month: string; lines: readonly string[] }) =>
      `The books of ${p.month} do not balance, and nothing was closed: ${p.lines.slice(0, 5).join('; ')}${p.lines.length > 5 ? `; and ${p.lines.length - 5} more` : ''}. 'finops close --check ${p.month}' shows every line.`,
  ),
  unfitInvoice: refusal(
    400,
    'usage',
    (p: { text: string }) =>
      `'${p.text}' is no total of an invoice: write SOURCE=TOTAL, such as aws-main=12,345.67, with the currency behind it where the bill has several.`,
  ),
});
