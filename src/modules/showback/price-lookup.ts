import { lineLevels, type PricedCell, type PriceLine } from './model.ts';

/**
 * The line that prices a cell in a month, or undefined where none does. The most specific level wins (product, family, domain, view);
 * within a level the line that names more of entity, environment and region; then the one that names the entity, the environment.
 * Two lines that say the same of the same months cannot be in one version: the records refuse them.
 *
 * Lines vCPU 0.04, vCPU in prod 0.05, domain compute 1: a vCPU-hour in prod costs 0.05, elsewhere 0.04; a function 1.
 */
export function findPriceLine(
  lines: readonly PriceLine[],
  cell: PricedCell,
  month: string,
): PriceLine | undefined {
  let best: PriceLine | undefined;
  for (const line of lines)
    if (matches(line, cell, month) && (best === undefined || rankOf(line) > rankOf(best))) best = line;
  return best;
}

function matches(line: PriceLine, cell: PricedCell, month: string): boolean {
  if (month < line.validFrom || (line.validTo !== null && month >= line.validTo)) return false;
  if (line.entity !== null && line.entity !== cell.entity) return false;
  if (line.environment !== null && line.environment !== cell.environment) return false;
  if (line.region !== null && line.region !== cell.region) return false;
  switch (line.level) {
    case 'product':
      return line.target === cell.product;
    case 'family':
      return line.target === cell.family;
    case 'domain':
      return line.target === cell.domain;
    case 'view':
      return true;
  }
}

/** Level first, then how many dimensions it names, then which: a total order over lines that match one cell. */
function rankOf({ level, entity, environment, region }: PriceLine): number {
  const named = [entity, environment, region].map((one) => (one === null ? 0 : 1));
  const [byEntity = 0, byEnvironment = 0, byRegion = 0] = named;
  const count = byEntity + byEnvironment + byRegion;
  return (
    (lineLevels.length - lineLevels.indexOf(level)) * 100 +
    count * 10 +
    byEntity * 4 +
    byEnvironment * 2 +
    byRegion
  );
}
