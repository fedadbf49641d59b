import type { TierStep, Tiers } from './model.ts';

/** Tiers as one cell of a file: `graduated 0:0.1;100:0.08`. */
export function tiersText({ mode, steps }: Tiers): string {
  return `${mode} ${steps.map(({ from, price }) => `${from}:${price}`).join(';')}`;
}

/**
 * The tiers that such a cell says; undefined where it is written otherwise. Whether the steps ascend from 0 and are decimal numbers
 * is for the schema of lines to say.
 */
export function parseTiers(text: string): Tiers | undefined {
  const [, mode, list] = /^(graduated|all-units)\s+(\S.*)$/.exec(text.trim()) ?? [];
  if (mode === undefined || list === undefined) return undefined;
  const steps = list.split(';').map(parseStep);
  return steps.includes(undefined) ? undefined : { mode: mode as Tiers['mode'], steps: steps as TierStep[] };
}

function parseStep(text: string): TierStep | undefined {
  const [from, price, ...more] = text.split(':').map((part) => part.trim());
  return from && price && more.length === 0 ? { from, price } : undefined;
}
