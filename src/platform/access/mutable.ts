/** A value without `readonly`, as the serialiser's types want it. */
type Mutable<T> = T extends readonly (infer U)[]
  ? Mutable<U>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;

/** The same value, typed as one that may be changed: answers are made for whoever asked, and kept nowhere. */
export function mutable<T>(value: T): Mutable<T> {
  return value as Mutable<T>;
}
