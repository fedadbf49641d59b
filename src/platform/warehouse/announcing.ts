import type { Lake } from './lake.ts';

/**
 * The same lake, whose changes by hand are announced under the lock, when nothing can refuse them any more and before they
 * are committed: for a log that cannot commit together with the lake. When the announcement fails, nothing is changed; a
 * crash between the two leaves a line without its change, never a change without its line.
 */
export function announcing(lake: Lake, announce: (message: string) => Promise<void>): Lake {
  return {
    ...lake,
    write: (work, waitMs) =>
      lake.write(
        (writer) =>
          work({
            ...writer,
            change: async (message, change) => {
              const manifest = writer.manifest();
              // Refuses what it has to refuse; under the lock it will say the same again.
              change(manifest, manifest.createdAt);
              await announce(message);
              return await writer.change(message, change);
            },
          }),
        waitMs,
      ),
  };
}
