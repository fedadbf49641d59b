/** Colours of a document on white paper. Texts reach a contrast of 4.5. */
export const colors = {
  text: '#1b1f24',
  muted: '#5c6670',
  accent: '#2f6bd6',
  line: '#dde2e7',
  strong: '#8a949e',
  card: '#f4f6f9',
  group: '#f4f6f9',
  good: '#1a7f37',
  bad: '#b3261e',
} as const;

/** Sizes of texts, in points. */
export const sizes = {
  title: 20,
  subtitle: 11,
  heading: 12,
  body: 9.5,
  note: 8,
  label: 8,
  figure: 16,
  table: 9,
  footer: 7.5,
} as const;

/** Distances, in points: 42 are 15 mm. */
export const spaces = {
  side: 42,
  top: 48,
  bottom: 54,
  afterBlock: 14,
  cellX: 6,
  cellY: 3.5,
} as const;

/** Sizes that a table tries, the first at which its figures fit. */
export const tableSizes = [sizes.table, 8.5, 8, 7.5, 7, 6.5, 6] as const;

/** Height of a line of text, in points. */
export function lineHeight(size: number): number {
  return size * 1.32;
}
