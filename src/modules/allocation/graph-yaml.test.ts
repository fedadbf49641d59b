import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { graphFromYaml, graphToYaml } from './graph-yaml.ts';
import { graphDocumentSchema } from './model.ts';
import { arbitraryGraph } from './testing/arbitrary-graph.ts';
import { validateGraph } from './validate.ts';

const small = graphDocumentSchema.parse({
  nodes: [
    { id: 'k8s', type: 'platform', labels: { tier: '1', on: 'no' } },
    { id: 'app:shop', type: 'product', name: 'Shop', application: 'shop' },
  ],
  edges: [
    {
      from: 'k8s',
      to: 'app:shop',
      strategy: 'capped_proportional',
      params: { metric: 'cpu', cap: 33.5 },
      overrides: { Tax: { strategy: 'equal' } },
      validFrom: '2026-01-01',
    },
  ],
  groups: [{ node: 'k8s', residual: { to: 'app:shop' } }],
  rules: [{ id: 'apps', where: 'Tags.app is not null', node: 'app:{Tags.app}', type: 'product' }],
  metrics: [{ id: 'cpu', unit: 'Hours', from: 'usage' }],
});

/** `code path line:column` of every finding. */
function told(text: string): string[] {
  return graphFromYaml(text).findings.map(
    ({ code, path, params }) =>
      `${code.replace('allocation.', '')} ${path} ${params['line']}:${params['column']}`,
  );
}

const messages = (text: string) => graphFromYaml(text).findings.map(({ message }) => message);

describe('a graph as YAML', () => {
  it('is short: defaults are left out, parameters are on one line, percentages are texts', () => {
    expect(graphToYaml(small, { graph: 'main', label: 'The group', entity: 'ent-1' })).toBe(
      `# The allocation graph 'main': cost flows from → to. Put it into effect with 'finops graph apply'.

graph: main
label: The group
entity: ent-1
metrics:
  - id: cpu
    unit: Hours
    from: usage
rules:
  - id: apps
    where: Tags.app is not null
    node: app:{Tags.app}
    type: product
nodes:
  - id: k8s
    type: platform
    labels: { on: no, tier: "1" }
  - id: app:shop
    type: product
    name: Shop
    application: shop
groups:
  - node: k8s
    residual: { to: app:shop }
edges:
  - from: k8s
    to: app:shop
    strategy: capped_proportional
    params: { metric: cpu, cap: "33.5" }
    overrides:
      Tax: { strategy: equal }
    validFrom: 2026-01-01
`,
    );
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(arbitraryGraph({ strange: true }), (document) => {
        const text = graphToYaml(document, { graph: 'main' });
        const { findings, document: back } = graphFromYaml(text);
        expect(findings).toEqual([]);
        expect(back).toEqual(document);
        expect(graphToYaml(graphDocumentSchema.parse(back), { graph: 'main' })).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it('has no number where money or shares are meant', () => {
    fc.assert(
      fc.property(arbitraryGraph(), (document) => {
        const numbers = new Set<string>();
        JSON.stringify(parse(graphToYaml(document, { graph: 'main' })), (key, value: unknown) => {
          if (typeof value === 'number') numbers.add(key);
          return value;
        });
        expect(['lastKnownDays', 'windowDays']).toEqual(expect.arrayContaining([...numbers]));
      }),
      { numRuns: 100 },
    );
  });

  it('is the same text for the same document, whatever order its labels and overrides were written in', () => {
    const turned = graphDocumentSchema.parse({
      ...small,
      nodes: [{ ...small.nodes[0], labels: { on: 'no', tier: '1' } }, small.nodes[1]],
    });
    expect(graphToYaml(turned, { graph: 'x' })).toBe(graphToYaml(small, { graph: 'x' }));
  });

  it('has one line for each field, however long: a change is one line of a difference', () => {
    const where = Array.from({ length: 30 }, (_, i) => `Tags.a = 'value number ${i}'`).join(' or ');
    const document = graphDocumentSchema.parse({ rules: [{ id: 'r', where, node: 'n' }] });
    expect(graphToYaml(document, { graph: 'main' }).split('\n')).toContain(`    where: ${where}`);
  });

  it('keeps its header', () => {
    const header = { graph: 'eu-1', label: 'true', entity: '0012' };
    expect(graphFromYaml(graphToYaml(small, header)).header).toEqual(header);
    expect(graphFromYaml('nodes: []').header).toEqual({ graph: 'main' });
  });
});

describe('a file', () => {
  it('may be JSON, and may say little', () => {
    const { document, header } = graphFromYaml(JSON.stringify({ graph: 'j', ...small }, null, 2));
    expect([header.graph, document]).toEqual(['j', small]);
    for (const empty of ['', '# nothing', 'nodes:\nedges:\n', '{}'])
      expect(graphFromYaml(empty).document).toEqual(graphDocumentSchema.parse({}));
  });

  it('takes a percentage as a number or with its sign, exactly as it is written', () => {
    const text = (percent: string) =>
      `edges: [{ from: a, to: b, strategy: fixed_percent, params: { percent: ${percent} } }]`;
    const read = (percent: string) => graphFromYaml(text(percent)).document?.edges[0]?.params;
    expect(read('33.3333')).toEqual({ percent: '33.3333' });
    expect(read('30 %')).toEqual({ percent: '30' });
    expect(read('0.07')).toEqual({ percent: '0.07' });
    expect(messages(text('33.33333'))).toEqual([
      "Line 1, column 62: 'percent' is '33.33333': a percentage has at most four decimals.",
    ]);
  });

  it('says everything that is wrong with it at once, with line and column', () => {
    const text = `graph: "two words"
lable: x
method:
  cycles: { mode: stepdown }
nodes:
  - { id: a, type: prodct, typ: x }
  - id: b
    type: product
    labels: { a: 1 }
edges:
  - { from: a, to: b, strategy: equl, x: 1 }
  - from: a
    strategy: fixed_percent
    params: { percent: "120", prcent: 3 }
  - { to: b }
groups:
  - { node: a, residual: { too: x } }
  - { node: b, name: g, residual: kep, percent: true }
rules:
  - { id: r, where: 5, node: x }
  - id: r2
    where: { field: { tag: a }, op: "=", valu: 3 }
    node: ""
metrics:
  - { id: x, from: us }
  - { id: y, id: z, from: usage }
`;
    expect(told(text)).toEqual([
      'invalidField graph 1:1',
      'unknownField lable 2:1',
      'invalidField method/cycles/mode 4:13',
      'invalidField nodes/a/type 6:14',
      'unknownField nodes/a/typ 6:28',
      'invalidField nodes/b/labels/a 9:15',
      'invalidField edges/a -> b/strategy 11:23',
      'unknownField edges/a -> b/x 11:39',
      'invalidField edges/2/to 12:5',
      'invalidField edges/2/params/percent 14:15',
      'unknownField edges/2/params/prcent 14:31',
      'invalidField edges/3/strategy 15:5',
      'invalidField edges/3/from 15:5',
      'invalidField groups/a/residual/to 17:16',
      'unknownField groups/a/residual/too 17:28',
      'invalidField groups/b/g/residual 18:25',
      'invalidField groups/b/g/percent 18:40',
      'invalidField rules/r/where 20:14',
      'invalidField rules/r2/where/value 22:5',
      'unknownField rules/r2/where/valu 22:42',
      'invalidField rules/r2/node 23:5',
      'invalidField metrics/x/from 25:14',
      'duplicateField file 26:14',
    ]);
    expect(graphFromYaml(text).document).toBeUndefined();
    expect(messages(text)).toEqual(
      expect.arrayContaining([
        "Line 2, column 1: 'lable' means nothing here. Did you mean 'label'?",
        "Line 4, column 13: 'mode' is 'stepdown', and can be 'refuse', 'step_down' or 'reciprocal'. Did you mean 'step_down'?",
        "Line 12, column 5: 'to' is missing.",
        "Line 18, column 25: 'residual' must be 'keep', 'largest' or 'lift' or an object, not 'kep'.",
      ]),
    );
  });

  it.each([
    ['a: [', 'malformedFile file 1:5'],
    ['---\na: 1\n---\nb: 2', 'malformedFile file 3:1'],
    ['nodes: *x', 'malformedFile file undefined:undefined'],
    ['nodes: !!js/function x', 'malformedFile file 1:8'],
    ['\tx: 1', 'malformedFile file 1:1'],
    ['[]', 'invalidField file 1:1'],
    ['{ "nodes": [ }', 'malformedFile file 1:14'],
  ])('that is no graph is refused: %j', (text, expected) => {
    expect(told(text)).toContain(expected);
    expect(graphFromYaml(text).document).toBeUndefined();
  });

  it('that would take all memory or the whole stack is refused quickly', () => {
    const line = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(of).join(', ')}]\n`;
    const laughs = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, i) =>
      line(name, i === 0 ? 'x' : `*${'abcdef'[i - 1]}`),
    );
    for (const text of [
      laughs.join(''),
      '['.repeat(200_000),
      'nodes: &a [*a]',
      `${'{a: '.repeat(250)}1${'}'.repeat(250)}`,
    ])
      expect(told(text)).toEqual(['oversizedFile file undefined:undefined']);
    const long = `# ${'x'.repeat(9 * 2 ** 20)}`;
    expect(messages(long)).toEqual([
      'The file has 9.0 MiB, and at most 8 are read. As JSON it may have 256 MiB.',
    ]);
  });

  it('may be large as JSON, and is then told of without lines', () => {
    const padding = 'x'.repeat(100);
    const nodes = Array.from({ length: 70_000 }, (_, i) => ({ id: `${padding}${i}`, type: 'product' }));
    const text = JSON.stringify({ nodes });
    expect(text.length).toBeGreaterThan(8 * 2 ** 20);
    expect(graphFromYaml(text).document?.nodes).toHaveLength(70_000);
    expect(told(text.replace('"product"', '"prodct"'))).toEqual([
      `invalidField nodes/${padding}0/type undefined:undefined`,
    ]);
    expect(told(`${text}x`)).toEqual(['malformedFile file undefined:undefined']);
    expect(told(text.replace('"id"', '"__proto__":{},"id"'))).toEqual([
      'unknownField file undefined:undefined',
    ]);
    const middle = JSON.stringify({ nodes: nodes.slice(0, 9000) }, null, 1);
    expect(middle.length).toBeGreaterThan(2 ** 20);
    expect(graphFromYaml(middle).document?.nodes).toHaveLength(9000);
    expect(told(middle.replace('"product"', '"prodct"'))).toEqual([
      `invalidField nodes/${padding}0/type 5:4`,
    ]);
  });

  it('cannot reach into the prototypes of objects', () => {
    const text =
      'nodes:\n  - id: a\n    type: product\n    labels: { __proto__: { polluted: yes } }\n__proto__: { x: 1 }\n';
    expect(told(text)).toEqual(['unknownField nodes/a/labels/__proto__ 4:15', 'unknownField __proto__ 5:1']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('is warned of numbers that are not what was written', () => {
    const rule = (value: string) =>
      `rules: [{ id: r, node: x, where: { field: { column: SubAccountId }, op: in, values: [${value}] } }]`;
    expect(told(rule('007'))).toEqual(['numberChanged rules/r/where/values/0 1:86']);
    expect(told(rule('12345678901234567890'))).toHaveLength(1);
    expect(told(rule('7, "007", 1.50, -3'))).toEqual([]);
    expect(graphFromYaml(rule('007')).document).toBeDefined();
  });

  it('shows where a finding about the graph stands', () => {
    const text = graphToYaml(small, { graph: 'main' }).replace('to: app:shop', 'to: app/shop');
    const { document, locate } = graphFromYaml(text);
    const place = (path: string) => Object.values(locate(path) ?? {}).join(':');
    expect(place('edges/k8s -> app:shop @2026-01-01/params/cap')).toBe('28:28');
    expect(place('groups/k8s/residual/to')).toBe('23:17');
    expect(place('method/dimension')).toBe('');
    expect(place('edges/unknown')).toBe('24:1');
    expect(locate('elsewhere/x')).toBeUndefined();
    const missing = validateGraph(graphDocumentSchema.parse(document)).filter(
      ({ severity }) => severity === 'error',
    );
    expect(missing.map(({ path }) => place(path))).toEqual(['23:17']);
  });
});
