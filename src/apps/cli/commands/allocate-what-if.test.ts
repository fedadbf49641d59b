import { describe, expect, it } from 'vitest';
import { edgeChange, metricChange } from './allocate-what-if.ts';

describe('changes as they are typed', () => {
  it('name an edge by its ends, whose ids may hold colons, and its parameters', () => {
    expect(edgeChange('db->app:shop:percent=30')).toEqual({
      edge: 'db->app:shop',
      params: { percent: '30' },
    });
    expect(edgeChange('db -> app:shop:strategy=capped_proportional, metric=requests,cap=40')).toEqual({
      edge: 'db -> app:shop',
      strategy: 'capped_proportional',
      params: { metric: 'requests', cap: '40' },
    });
    expect(() => edgeChange('db->shop')).toThrow(/such as 'a->b:percent=30'/);
    expect(() => edgeChange('db->shop:percent=30,=4')).toThrow(/name=value/);
  });

  it('name a metric, a node and an amount', () => {
    expect(metricChange('requests@app:shop=1.2', 'factor')).toEqual({
      metric: 'requests',
      node: 'app:shop',
      factor: '1.2',
    });
    expect(metricChange('requests=1.2', 'factor')).toEqual({ metric: 'requests', factor: '1.2' });
    expect(metricChange('requests@shop=500', 'value')).toEqual({
      metric: 'requests',
      node: 'shop',
      value: '500',
    });
    expect(() => metricChange('requests=500', 'value')).toThrow(/name the node/);
    expect(() => metricChange('requests', 'factor')).toThrow(/metric@node=1\.2/);
  });
});
