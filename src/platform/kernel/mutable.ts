/** The same type without `readonly`, which the types of contracts do not know. */
type Mutable<T> = T extends readonly (infer U)[]
  ? Mutable<U>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;

/** The value itself, for an answer whose contract was inferred from a schema; it is serialised next, not changed. */
export function mutable<T>(value: T): Mutable<T> {
  return value as Mutable<T>;
}
