/**
 * A value as JSON that the database takes: without NUL and halves of surrogate pairs, which a bill may hold and `jsonb`
 * refuses. `{a: 'x\u0000'}` → `{a: 'x'}`; what JSON does not know is left out.
 */
export function storable(value: unknown): unknown {
  const text = JSON.stringify(value ?? null);
  return JSON.parse(text, (_, inner: unknown) => (typeof inner === 'string' ? storableText(inner) : inner));
}

/** Text that the database takes. */
export function storableText(text: string): string {
  return text.replaceAll('\u0000', '').replace(/\p{Surrogate}/gu, '\ufffd');
}
