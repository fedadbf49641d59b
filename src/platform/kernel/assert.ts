/** Our own bug: a broken promise of the code, never of the data. Logged with an id; the client sees only the id. */
export class Defect extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Defect';
  }
}

/** Throws a `Defect` unless the condition holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Defect(message);
}

/** The value, or a `Defect` when it is null or undefined. */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Defect(`${what} is missing`);
  return value;
}
