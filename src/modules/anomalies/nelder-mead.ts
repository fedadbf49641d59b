/** The lowest point that was found. */
export interface Minimum {
  readonly point: readonly number[];
  readonly value: number;
}

export interface NelderMeadOptions {
  /** How far the first simplex reaches in each direction. */
  readonly step: number;
  /** Stops when the worst of the simplex is above the best by less than this part of the best. */
  readonly tolerance: number;
  readonly mostEvaluations: number;
}

type Corner = Minimum;

/**
 * The minimum of a function near a start by the simplex of Nelder and Mead (1965), without randomness: the same question, the same
 * answer. It finds a local minimum; the caller starts it where the global one may be.
 *
 * (x − 3)² + y² from [0, 0]: [3, 0] nearly.
 */
export function nelderMead(
  of: (point: readonly number[]) => number,
  start: readonly number[],
  { step, tolerance, mostEvaluations }: NelderMeadOptions,
): Minimum {
  let evaluations = 0;
  const at = (point: readonly number[]): Corner => {
    evaluations++;
    return { point, value: of(point) };
  };
  const size = start.length;
  const corners = [at(start), ...start.map((_, i) => at(start.map((x, j) => (i === j ? x + step : x))))];
  while (evaluations < mostEvaluations) {
    corners.sort((a, b) => a.value - b.value);
    const [best, second, worst] = [corners[0], corners[size - 1], corners[size]] as [Corner, Corner, Corner];
    if (worst.value - best.value <= tolerance * Math.abs(best.value)) break;
    const towards = (distance: number) => at(along(worst.point, centerOf(corners, size), distance));
    const reflected = towards(2);
    let better = reflected;
    if (reflected.value < best.value) {
      const expanded = towards(3);
      if (expanded.value < reflected.value) better = expanded;
    } else if (reflected.value >= second.value) {
      better = towards(reflected.value < worst.value ? 1.5 : 0.5);
    }
    if (better.value < worst.value) corners[size] = better;
    else
      for (let i = 1; i <= size; i++) corners[i] = at(along(best.point, (corners[i] as Corner).point, 0.5));
  }
  return corners.reduce((lowest, corner) => (corner.value < lowest.value ? corner : lowest));
}

/** The middle of all corners but the worst, which is the last. */
function centerOf(corners: readonly Corner[], size: number): number[] {
  const center = new Array<number>(size).fill(0);
  for (let c = 0; c < size; c++) {
    corners[c]?.point.forEach((x, i) => {
      center[i] = (center[i] as number) + x / size;
    });
  }
  return center;
}

/** from + (to − from) × distance. */
function along(from: readonly number[], to: readonly number[], distance: number): number[] {
  return from.map((x, i) => x + ((to[i] as number) - x) * distance);
}
