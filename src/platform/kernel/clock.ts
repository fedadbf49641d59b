/** The time, injected: same input and same clock, same output to the byte. */
export interface Clock {
  readonly now: () => Date;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => new Date() };

/** A clock that stands still, for tests and generators. */
export function fixedClock(instant: string): Clock {
  return { now: () => new Date(instant) };
}
