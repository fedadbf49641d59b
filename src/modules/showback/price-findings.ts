import { addMonths, parsePeriod } from '../../platform/kernel/index.ts';
import type { PriceLine } from './model.ts';
import type { Catalogue, CatalogueProduct } from './price-catalogue-sql.ts';
import type { PriceFinding } from './price-finding.ts';
import { groupedBy } from './price-groups.ts';
import { lineText, monthsText } from './price-line.ts';
import { sharedMonths } from './price-overlaps.ts';
import { convertibleUnits } from './units.ts';

/** What lines are held against. */
export interface PriceWorld {
  readonly catalogue: Catalogue;
  /** Of the view. */
  readonly currency: string;
  readonly rateType: string;
  readonly entity: string | null;
  /** The month that it is. */
  readonly currentMonth: string;
  /** Months, in order, that have a rate to the view's currency, by base currency. */
  readonly rateMonths: ReadonlyMap<string, readonly string[]>;
}

/** Lines named in a sentence; the others are counted. */
const named = 5;
/** Pairs of lines of one product that are looked at for an equal rank: what is found is a hint, not a fault. */
const mostPairs = 20_000;

/**
 * All that is to be said of the lines of a version, errors first, then by line: what they name that is not there, units that do not
 * convert, pools without an entity, lines that can never match, missing rates, and lines of equal rank, of which one goes before.
 */
export function findingsOf(lines: readonly PriceLine[], world: PriceWorld): PriceFinding[] {
  const misfits = misfitFinder(world.catalogue);
  const nothing: PriceFinding[] =
    lines.length === 0
      ? [finding('noLines', 'error', null, 'The version has no lines: nothing would have a price. Add some.')]
      : [];
  const found = [
    ...nothing,
    ...lines.flatMap((line) => [
      ...targetFindings(line, world),
      ...entityFindings(line, world),
      ...unitFindings(line, misfits(line)),
      ...rateFindings(line, world),
    ]),
    ...rankFindings(lines),
  ];
  const weight = { error: 0, warning: 1, info: 2 };
  return found.sort((a, b) => weight[a.severity] - weight[b.severity] || (a.line ?? 0) - (b.line ?? 0));
}

function finding(
  code: string,
  severity: PriceFinding['severity'],
  line: PriceLine | null,
  message: string,
): PriceFinding {
  const text = line === null ? message : `Line ${line.number} (${lineText(line)}): ${message}`;
  return { code, severity, line: line?.number ?? null, message: text };
}

function targetFindings(line: PriceLine, { catalogue }: PriceWorld): PriceFinding[] {
  const { level, target } = line;
  if (level === 'view') return [];
  const isActive = {
    product: catalogue.products.get(target)?.active,
    family: catalogue.families.get(target),
    domain: catalogue.domains.get(target),
  }[level];
  if (isActive === undefined)
    return [
      finding(
        'unknownTarget',
        'error',
        line,
        `there is no ${level} '${target}'. Create it, or name another.`,
      ),
    ];
  return isActive
    ? []
    : [
        finding(
          'retiredTarget',
          'warning',
          line,
          `the ${level} '${target}' is retired; only its past is priced.`,
        ),
      ];
}

function entityFindings(line: PriceLine, { catalogue, entity: ofView }: PriceWorld): PriceFinding[] {
  const { entity, kind } = line;
  if (entity !== null && ofView !== null && entity !== ofView)
    return [
      finding(
        'entityOfAnother',
        'error',
        line,
        `the view prices entity '${ofView}' only, so that the line matches nothing. Take the entity out of it.`,
      ),
    ];
  if (entity !== null && !catalogue.entities.has(entity))
    return [
      finding('unknownEntity', 'error', line, `there is no entity '${entity}' among those you may see.`),
    ];
  if (kind === 'pool' && entity === null && ofView === null)
    return [
      finding(
        'poolWithoutEntity',
        'error',
        line,
        'whose amount is it? Name the entity over whose consumption it is spread.',
      ),
    ];
  return [];
}

/** Products that a line's unit does not fit; lines of one target and unit are many, and ask once. */
function misfitFinder({ products }: Catalogue): (line: PriceLine) => readonly CatalogueProduct[] {
  const all = [...products.values()];
  const known = new Map<string, readonly CatalogueProduct[]>();
  return ({ level, target, unit }) => {
    if (unit === null) return [];
    const key = JSON.stringify([level, target, unit]);
    const found =
      known.get(key) ?? reachedBy(level, target).filter((one) => !convertibleUnits(one.unit, unit));
    known.set(key, found);
    return found;
  };
  /** The named product, or those in use of the family, the domain, the view. */
  function reachedBy(level: PriceLine['level'], target: string): CatalogueProduct[] {
    if (level === 'product') return [products.get(target) ?? []].flat();
    const isOf = ({ family, domain }: CatalogueProduct) =>
      level === 'view' || (level === 'family' ? family : domain) === target;
    return all.filter((product) => product.active && isOf(product));
  }
}

function unitFindings(line: PriceLine, unfit: readonly CatalogueProduct[]): PriceFinding[] {
  const { level, target, unit } = line;
  const [first] = unfit;
  if (!first) return [];
  if (level === 'product')
    return [
      finding(
        'unitDoesNotConvert',
        'error',
        line,
        `a price per '${unit}' does not fit '${target}', which is measured in '${first.unit}'.`,
      ),
    ];
  const said = unfit.slice(0, named).map((product) => `'${product.id}' (${product.unit})`);
  const more = unfit.length - said.length;
  return [
    finding(
      'unitReachesOthers',
      'warning',
      line,
      `a price per '${unit}' does not fit ${said.join(', ')}${more > 0 ? ` and ${more} more` : ''}: they stay without a price unless a line of their own has one.`,
    ),
  ];
}

function rateFindings(line: PriceLine, world: PriceWorld): PriceFinding[] {
  const { currency, validFrom } = line;
  if (currency === world.currency) return [];
  const end = endOfNeed(line, world);
  const known = new Set(world.rateMonths.get(currency) ?? []);
  const gaps = [...monthsFrom(validFrom, end)].filter((month) => !known.has(month));
  if (gaps.length === 0) return [];
  const until = gaps.length === 1 ? '' : ` and ${gaps.length - 1} other months up to ${gaps.at(-1)}`;
  return [
    finding(
      'noRate',
      'warning',
      line,
      `its price is in ${currency}, and there is no ${world.rateType} rate from ${currency} to ${world.currency} for ${gaps[0]}${until}. Months without a rate cannot be priced.`,
    ),
  ];
}

/** The first month for which no rate is asked: budget rates are set before the year, others are known when their month is. */
function endOfNeed({ validFrom, validTo }: PriceLine, { currentMonth, rateType }: PriceWorld): string {
  if (validTo !== null && rateType === 'budget') return validTo;
  const now = monthAfter(currentMonth > validFrom ? currentMonth : validFrom);
  return validTo !== null && validTo < now ? validTo : now;
}

function* monthsFrom(from: string, end: string): Iterable<string> {
  for (let month = from; month < end; month = monthAfter(month)) yield month;
}

function monthAfter(month: string): string {
  return addMonths(parsePeriod(month), 1);
}

/**
 * Lines of one target that name equally many of entity, environment and region, but not the same, and can match one cell. It is no
 * fault: the one that names the entity goes first, then the one that names the environment.
 */
function rankFindings(lines: readonly PriceLine[]): PriceFinding[] {
  const narrow = lines.filter((line) => [1, 2].includes(dimensionsOf(line).length));
  const groups = groupedBy(narrow, (line) =>
    JSON.stringify([line.level, line.target, dimensionsOf(line).length]),
  );
  return [...groups.values()].flatMap((group) => {
    const bySet = groupedBy(group, (line) => dimensionsOf(line).join(' '));
    // Entity first, then environment: the order in which they go.
    const sets = [...bySet].sort(([a], [b]) => (orderOf(a) < orderOf(b) ? -1 : 1)).map(([, set]) => set);
    return sets.flatMap((one, at) => sets.slice(at + 1).flatMap((other) => firstPair(one, other)));
  });
}

const dimensions = ['entity', 'environment', 'region'] as const;

function dimensionsOf(line: PriceLine): string[] {
  return dimensions.filter((name) => line[name] !== null);
}

function orderOf(set: string): string {
  return set
    .split(' ')
    .map((name) => (dimensions as readonly string[]).indexOf(name))
    .join('');
}

function firstPair(stronger: readonly PriceLine[], weaker: readonly PriceLine[]): PriceFinding[] {
  let left = mostPairs;
  for (const a of stronger)
    for (const b of weaker) {
      if (left-- === 0) return [];
      const months = sharedMonths(a, b);
      if (!months || !compatible(a, b)) continue;
      const over = dimensionsOf(a).find((name) => !dimensionsOf(b).includes(name));
      return [
        finding(
          'equalRank',
          'info',
          b,
          `line ${a.number} (${lineText(a)}) names as many dimensions; where both match (${monthsText(months.from, months.to)}), line ${a.number} goes before, because it names the ${over}.`,
        ),
      ];
    }
  return [];
}

function compatible(a: PriceLine, b: PriceLine): boolean {
  return dimensions.every((name) => a[name] === null || b[name] === null || a[name] === b[name]);
}
