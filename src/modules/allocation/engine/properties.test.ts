import { describe, expect, it } from 'vitest';
import * as alter from '../testing/alterations.ts';
import { bytesOf, causesOf, type NamedSnapshots, namesOf, snapshotsOf } from '../testing/snapshots.ts';

const fixedZero = (): alter.Rule => ({ strategy: 'fixed_percent', params: { percent: '0' } });
const capped = (cap: string) => (): alter.Rule => ({
  strategy: 'capped_proportional',
  params: { metric: 'hours', cap },
});

/** The same strategy for a receiver without usage: percentages are 0, and nobody gets an equal part. */
function weightless({ strategy, params }: alter.Rule): alter.Rule {
  if (['equal', 'hybrid_fixed_proportional', 'fixed_percent'].includes(strategy)) return fixedZero();
  const zero = ['percent', 'floorPercent'].filter((name) => name in params).map((name) => [name, '0']);
  return { strategy, params: { ...params, ...Object.fromEntries(zero) } };
}

/** What flows and rests, without causes and qualities, and without some nodes. */
function amounts({ refused, lanes }: NamedSnapshots, but: readonly string[] = []): object {
  const others = (units: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(units).filter(([name]) => !but.some((node) => name.startsWith(node))));
  return { refused, lanes: lanes.map(({ flows, pools, retained }) => [flows, pools, retained].map(others)) };
}

/** All that comes out, to the last byte. */
const bytes = (...given: Parameters<typeof snapshotsOf>) => bytesOf(snapshotsOf(...given));

describe.each(alter.modes)('with %s, not one unit is changed by', (_, options) => {
  it('computing again', () => {
    alter.always(options, (made) => expect(bytes(made)).toEqual(bytes(made)));
  });

  it('the order of nodes, siblings, groups and usage in the document', () => {
    alter.always(options, (made, draw) => {
      expect(bytes(alter.shuffle(made, draw))).toEqual(bytes(made));
    });
  });

  it('the unit of usage: all weights times any factor', () => {
    alter.always(options, (made, draw) => {
      const factor = draw(2) === 0 ? 2 + draw(997) : 10 ** (1 + draw(3));
      expect(bytes(alter.withUsage(made, (value) => value * factor))).toEqual(bytes(made));
    });
  });

  it('usage that comes in several rows', () => {
    alter.always(options, (made, draw) => {
      expect(bytes(alter.splitUsage(made, draw))).toEqual(bytes(made));
    });
  });

  it('cost that comes in several parts, by nodes that pass all of it on', () => {
    alter.always(options, (given, draw) => {
      const made = alter.withoutFallback(given, 'by_cost');
      const before = namesOf(made);
      const after = namesOf(alter.throughFeeders(made, draw), { closingOrder: before.closing });
      expect(amounts(after, ['feeder'])).toEqual(amounts(before));
    });
  });

  it('an edge of 0 %', () => {
    alter.always(options, (made, draw) => {
      expect(causesOf(namesOf(alter.withSibling(made, draw, fixedZero)))).toEqual(causesOf(namesOf(made)));
    });
  });

  it('a sibling of weight 0, whatever the strategy', () => {
    alter.always(options, (given, draw) => {
      const made = alter.withoutFallback(given, 'equal');
      const more = alter.withSibling(made, draw, weightless, () => 0);
      expect(amounts(namesOf(more))).toEqual(amounts(namesOf(made)));
    });
  });

  it('a sibling with a cap of 0, however much it weighs', () => {
    alter.always(options, (given, draw) => {
      const made = alter.withRules(alter.plainGroups(given), capped(`${5 + draw(95)}`));
      const more = alter.withSibling(made, draw, capped('0'), (value) => value);
      expect(amounts(namesOf(more))).toEqual(amounts(namesOf(made)));
    });
  });

  it('computing one day alone', () => {
    alter.always(options, (made, draw) => {
      const whole = snapshotsOf(made);
      if (whole.refused.length > 0) return;
      const day = draw(made.days.length);
      const closingOrder = whole.closing;
      const alone = bytesOf({ ...whole, days: whole.days.slice(day, day + 1) });
      expect(bytes(made, { closingOrder }, [day])).toEqual(alone);
      // Compiled for that day only, as a run that computes it again does; the list of what is held may be in another order.
      const compiled = namesOf(alter.onlyDay(made, day), { closingOrder });
      const lanes = made.lanes.length;
      expect(compiled.lanes).toEqual(namesOf(made).lanes.slice(day * lanes, (day + 1) * lanes));
    });
  });
});
