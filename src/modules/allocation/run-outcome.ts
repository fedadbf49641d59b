import { type Caller, Refusal } from '../../platform/kernel/index.ts';
import { errors } from './errors.ts';
import { lateCosts } from './late-costs.ts';
import { publishRun } from './publish-run.ts';
import { runAnswer } from './run-answer.ts';
import { computeRun } from './run-compute.ts';
import type { RunOutcome, RunRequest } from './run-contract.ts';
import type { RunHooks } from './run-days.ts';
import type { AllocationRun } from './run-model.ts';
import { isClosed, type RunWorld } from './run-plan.ts';

/**
 * Computes a month as somebody asked for it, and publishes it when that was asked for too. What speaks against the run or its
 * publication is told beside its figures, because these say why.
 */
export async function computeAndPublish(
  world: RunWorld,
  caller: Caller,
  { graph = 'main', month: period, version, publish = false }: RunRequest,
  hooks: RunHooks = {},
): Promise<RunOutcome> {
  const started = performance.now();
  const { run, known, plan } = await computeRun(world, caller, { graph, period, version }, hooks);
  if (publish) hooks.onStep?.('publish');
  const { answer, refused } = await publishOrSay(world, caller, run, publish);
  return {
    ...runAnswer(answer),
    known,
    seconds: Math.round(performance.now() - started) / 1000,
    ...(isClosed(plan) ? { late: lateCosts(plan, run.result.currencies) } : {}),
    refused,
  };
}

async function publishOrSay(
  world: RunWorld,
  caller: Caller,
  run: AllocationRun,
  publish: boolean,
): Promise<{ readonly answer: AllocationRun; readonly refused: RunOutcome['refused'] }> {
  const { id, graph, period, state } = run;
  if (state === 'failed') {
    const checks = run.result.checks.filter(({ ok }) => !ok);
    return { answer: run, refused: saidOf(errors.unbalanced({ run: id, graph, period, checks })) };
  }
  if (!publish) return { answer: run, refused: null };
  try {
    return { answer: await publishRun(world, caller, id), refused: null };
  } catch (error) {
    if (error instanceof Refusal) return { answer: run, refused: saidOf(error) };
    throw error;
  }
}

function saidOf({ code, message, exitCode, params }: Refusal): NonNullable<RunOutcome['refused']> {
  return { code, message, exitCode, params: { ...params } };
}
