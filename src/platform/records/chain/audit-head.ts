import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../durable-file.ts';
import { chainErrors } from './errors.ts';
import type { Anchor } from './verify-audit.ts';

/** Anchors that a workspace remembers: the newest, enough for a look back. */
const kept = 50;

const anchorSchema = z.object({
  position: z.string().regex(/^[1-9]\d{0,17}$/),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** When it was written down, and at what occasion. */
  at: z.string(),
  by: z.enum(['backup', 'verify', 'restore']),
});

/** An anchor as the workspace remembers it. */
export type KnownAnchor = z.infer<typeof anchorSchema>;

const fileSchema = z.object({ anchors: z.array(anchorSchema) });

/** Heads of the audit log as they were seen, in `audit-head.json` of the workspace: outside the database. Oldest first. */
export async function readAnchors(workspaceRoot: string): Promise<readonly KnownAnchor[]> {
  const file = anchorFile(workspaceRoot);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return [];
  const read = fileSchema.safeParse(asJson(text));
  if (!read.success) throw chainErrors.damagedAnchors({ file });
  return read.data.anchors;
}

/** Remembers a head of the audit log; the same one is remembered once. */
export async function addAnchor(workspaceRoot: string, anchor: KnownAnchor): Promise<void> {
  const known = await readAnchors(workspaceRoot);
  if (known.some(({ position, hash }) => position === anchor.position && hash === anchor.hash)) return;
  const anchors = [...known, anchor].slice(-kept);
  await replaceFile(anchorFile(workspaceRoot), `${JSON.stringify({ anchors }, null, 1)}\n`);
}

/** An anchor as people write it, `position:hash`; a refusal when it is none. */
export function parseAnchor(text: string): Anchor {
  const [, position, hash] = /^([1-9]\d{0,17}):([0-9a-f]{64})$/.exec(text.trim()) ?? [];
  if (position === undefined || hash === undefined)
    throw chainErrors.unfitAnchor({ text: text.slice(0, 100) });
  return { position, hash };
}

function anchorFile(workspaceRoot: string): string {
  return join(workspaceRoot, 'audit-head.json');
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
