import { perEntry } from './sharing.ts';
import type { DayResult } from './types.ts';
import type { Work } from './work.ts';

/** Tells by what an edge's share of a lane was made: an index into `qualities`. */
export function qualityReader({ graph, lines }: Work): DayResult['qualityOf'] {
  const { segments, entries, firstLine, firstLane, endLane, laneList, firstSegment } = lines;
  return (edge, lane) => {
    const node = graph.from[edge] as number;
    let line = firstLine[node] as number;
    const end = firstLine[node + 1] as number;
    while (line < end - 1 && !hasLane(line, lane)) line++;
    const lastSegment = firstSegment[line + 1] as number;
    let segment = firstSegment[line] as number;
    while (segment < lastSegment - 1 && edge >= (segments.edge[segment + 1] as number)) segment++;
    const common = segments.quality[segment] as number;
    if (common !== perEntry) return common;
    return entries.quality[
      (segments.first[segment] as number) + edge - (segments.edge[segment] as number)
    ] as number;
  };

  function hasLane(line: number, lane: number): boolean {
    for (let place = firstLane[line] as number; place < (endLane[line] as number); place++) {
      if (laneList[place] === lane) return true;
    }
    return false;
  }
}
