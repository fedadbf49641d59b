import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashDocument, hashParts } from './graph-hash.ts';
import {
  canonicalJson,
  compareCodePoints,
  countsOf,
  documentOf,
  emptyDocument,
  issuesIn,
  partOf,
  partsOf,
  pathOf,
} from './graph-parts.ts';
import {
  type GraphDocument,
  type GraphDocumentInput,
  graphDocumentSchema,
  type SiblingGroup,
} from './model.ts';

const parse = (input: GraphDocumentInput) => graphDocumentSchema.parse(input);

const small: GraphDocumentInput = {
  nodes: [
    { id: 'db', type: 'shared', labels: { team: 'data', env: 'prod' } },
    { id: 'app:shop', type: 'product', name: 'Shop', application: 'shop' },
    { id: 'app:web', type: 'product' },
  ],
  edges: [
    { from: 'db', to: 'app:shop', strategy: 'proportional', params: { metric: 'queries' } },
    {
      from: 'db',
      to: 'app:web',
      strategy: 'proportional',
      params: { metric: 'queries' },
      validFrom: '2026-02-01',
    },
  ],
  groups: [{ node: 'db', fallback: 'equal' }],
  rules: [
    { id: 'tagged', where: 'Tags.app is not null', node: 'app:{Tags.app}', type: 'product' },
    { id: 'rest', node: 'db' },
  ],
  metrics: [{ id: 'queries', from: 'usage' }],
};

describe('the hash of a document', () => {
  it('is the SHA-256 of its canonical JSON', () => {
    const text =
      '{"edges":[{"from":"a","group":"","id":"a -> b","overrides":{},"params":{},"strategy":"equal","to":"b"}],' +
      '"groups":[],"method":{"cycles":{"components":[],"mode":"refuse","order":[]},"dimension":"ServiceCategory",' +
      '"metric":"EffectiveCost","recoverableTax":"all"},"metrics":[],' +
      '"nodes":[{"archived":false,"id":"a","labels":{},"type":"shared"},{"archived":false,"id":"b","labels":{"x":"1","y":"é"},"type":"product"}],' +
      '"rules":[{"id":"all","node":"a","type":"service"}]}';
    const document = parse({
      rules: [{ node: 'a', id: 'all' }],
      nodes: [
        { type: 'product', id: 'b', labels: { y: 'é', x: '1' } },
        { id: 'a', type: 'shared' },
      ],
      edges: [{ to: 'b', from: 'a', strategy: 'equal' }],
    });
    expect(hashDocument(document)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'));
  });

  it('is the same however the document was written: order of lists and names, defaults, ids of edges', () => {
    const { edges = [], nodes = [], rules = [], groups = [] } = small;
    const [first, second] = edges;
    const other: GraphDocumentInput = {
      method: { dimension: 'ServiceCategory', cycles: { mode: 'refuse' } },
      metrics: [{ from: 'usage', id: 'queries' }],
      rules,
      groups: groups.map((group) => ({ ...group, name: '', missing: 'zero' })),
      nodes: [...nodes].reverse().map((node) => ({ archived: false, ...node })),
      edges: [
        { ...second, id: 'db -> app:web @2026-02-01', group: '' } as never,
        { ...first, overrides: {} } as never,
      ],
    };
    expect(hashDocument(parse(other))).toBe(hashDocument(parse(small)));
  });

  it('is another one when anything that counts differs', () => {
    const whole = parse(small);
    const others: GraphDocument[] = [
      { ...whole, method: { ...whole.method, metric: 'BilledCost' } },
      { ...whole, nodes: whole.nodes.slice(1) },
      { ...whole, nodes: whole.nodes.map((node) => ({ ...node, archived: true })) },
      { ...whole, edges: whole.edges.map((edge) => ({ ...edge, group: 'x' })) },
      { ...whole, edges: whole.edges.map((edge, index) => ({ ...edge, id: `e${index}` })) },
      { ...whole, groups: [] },
      { ...whole, rules: [...whole.rules].reverse() },
      { ...whole, metrics: [] },
      emptyDocument,
    ];
    const hashes = new Set([whole, ...others].map(hashDocument));
    expect(hashes.size).toBe(others.length + 1);
  });

  it('follows from the parts alone, and the parts give the document back', () => {
    const whole = parse(small);
    const parts = partsOf(whole);
    const again = documentOf(parts);
    expect(hashParts(parts)).toBe(hashDocument(whole));
    expect(hashDocument(again)).toBe(hashDocument(whole));
    expect(graphDocumentSchema.parse(again)).toEqual(again);
    expect(again.rules.map(({ id }) => id)).toEqual(['tagged', 'rest']);
    expect(again.nodes.map(({ id }) => id)).toEqual(['app:shop', 'app:web', 'db']);
    expect(countsOf(parts)).toEqual({ nodes: 3, edges: 2, groups: 1, rules: 2, metrics: 1 });
  });
});

describe('ids', () => {
  it('are in the order of their characters, as the records have them', () => {
    const text = fc.string({ unit: 'binary', maxLength: 6 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(compareCodePoints(a, b)).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
      { numRuns: 2000 },
    );
    expect(['😀', 'ﬁ', 'z', 'é'].sort(compareCodePoints)).toEqual(['z', 'é', 'ﬁ', '😀']);
  });

  it('name a group by its node and its own name, which never meet another node', () => {
    const keys = [
      { node: 'a', name: 'b' },
      { node: 'a', name: '' },
      { node: 'a/b', name: '' },
    ].map(({ node, name }) =>
      partOf('group', { ...(parse({ groups: [{ node, name }] }).groups[0] as SiblingGroup) }),
    );
    expect(new Set(keys.map(({ key }) => key)).size).toBe(3);
    expect(keys.map(pathOf)).toEqual(['groups/a/b', 'groups/a', 'groups/a/b']);
  });
});

describe('canonical JSON', () => {
  it('is JSON of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('what cannot be kept', () => {
  const issues = (input: GraphDocumentInput) => issuesIn(partsOf(parse(input)));

  it('is two parts under one id, all of them named at once', () => {
    const node = { id: 'a', type: 'shared' } as const;
    const edge = { from: 'a', to: 'b', strategy: 'equal' } as const;
    const rule = { id: 'r', node: 'a' };
    const found = issues({
      nodes: [node, node],
      edges: [edge, { ...edge, id: 'a -> b' }, { ...edge, validFrom: '2026-01-01' }],
      rules: [rule, rule],
      groups: [{ node: 'a' }, { node: 'a', name: '' }],
    });
    expect(found.map(({ path }) => path)).toEqual(['nodes/a', 'edges/a -> b', 'groups/a', 'rules/r']);
  });

  it('is half of a character, not the text that looks like it', () => {
    const labelled = (text: string) => issues({ nodes: [{ id: 'a', type: 'shared', labels: { x: text } }] });
    expect(labelled('a\ud800b')).toHaveLength(1);
    expect(labelled('a\udc00')).toHaveLength(1);
    expect(labelled('a\u0000')).toHaveLength(1);
    expect(labelled('\\\ud800')).toHaveLength(1);
    for (const fine of ['😀', '\\ud800', '\\\\ud800', '\\u0000', '\u0001', '\u2028'])
      expect([fine, labelled(fine)]).toEqual([fine, []]);
  });
});
