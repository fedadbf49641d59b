import type { Config } from '../../platform/config/index.ts';
import type { Records } from '../../platform/records/index.ts';
import { findServer } from './server-file.ts';

/** What people edit, opened when it is first asked for: questions to the lake never open it. */
export interface Books {
  readonly records: () => Promise<Records>;
  /** Closes what was opened. */
  readonly close: () => Promise<void>;
}

/** The books of a workspace: the PostgreSQL of the configuration, or the embedded one of the folder. */
export function openBooks(root: string, { values }: Config): Books {
  let opened: Promise<Records> | undefined;
  async function open(): Promise<Records> {
    const { openRecords } = await import('../../platform/records/index.ts');
    return await openRecords({
      root,
      databaseUrl: values.databaseUrl,
      poolSize: values.databasePoolSize,
      holderUrl: async () => (await findServer(root))?.url,
    });
  }
  return {
    records: () => {
      opened ??= open();
      // A refusal is not for ever: the next request tries again.
      opened.catch(() => {
        opened = undefined;
      });
      return opened;
    },
    close: async () => {
      const records = await opened?.catch(() => undefined);
      await records?.close();
    },
  };
}
