import { must } from '../../kernel/index.ts';
import { secretsErrors } from './errors.ts';
import { type Key, newKey, parseKeys } from './key.ts';
import { createKeyFile, fileVersion, readKeyFile, replaceKeyFile } from './key-file.ts';

/** The keys at hand. */
export interface KeyStore {
  /** Where they come from: a file of ours, which rotation changes, or the environment, which only people change. */
  readonly origin: 'file' | 'environment';
  /** Every key, the current one first. A file that was changed meanwhile is read again. */
  readonly keys: () => readonly [Key, ...Key[]];
  /** Puts a new key before the others, which are retired now. Refuses keys from the environment. */
  readonly addKey: (now: Date) => Promise<Key>;
  /** Removes retired keys from the file. */
  readonly removeKeys: (ids: readonly string[]) => Promise<void>;
}

export interface KeyStoreOptions {
  /** Text of FINOPS_SECRETS_KEY: keys in base64 with commas between, the current one first. It wins over the file. */
  readonly environment?: string | undefined;
  /** Path of the key file; made when it is missing. */
  readonly file: string;
  /** Ids of the keys that fields are sealed with: no key is made when there are any, because it would not open them. */
  readonly sealedWith: () => Promise<readonly string[]>;
}

/** Opens the keys, and makes the first one when there is nothing yet that a lost one has sealed. */
export async function openKeyStore(options: KeyStoreOptions): Promise<KeyStore> {
  const { environment, file } = options;
  if (environment !== undefined && environment.trim() !== '') return environmentStore(environment);
  if (fileVersion(file) === undefined) {
    const keys = await options.sealedWith();
    if (keys.length > 0) throw secretsErrors.keyMissing({ file, keys });
    await createKeyFile(file);
  }
  return fileStore(file);
}

/** Ids of the keys at hand; none is made. */
export function keyIdsAtHand({ environment, file }: Pick<KeyStoreOptions, 'environment' | 'file'>): string[] {
  const isGiven = environment !== undefined && environment.trim() !== '';
  if (!isGiven && fileVersion(file) === undefined) return [];
  return (isGiven ? environmentStore(environment).keys() : fileStore(file).keys()).map(({ id }) => id);
}

function environmentStore(text: string): KeyStore {
  const keys = some(parseKeys(text, /,/, 'env FINOPS_SECRETS_KEY'));
  const refuse = async () => {
    throw secretsErrors.environmentKeys({});
  };
  return { origin: 'environment', keys: () => keys, addKey: refuse, removeKeys: refuse };
}

function fileStore(file: string): KeyStore {
  let version: string | undefined;
  let known: readonly Key[] = [];

  // Another process may rotate the keys: looking costs some microseconds, sealing with a retired key costs a field.
  function keys(): readonly [Key, ...Key[]] {
    const found = fileVersion(file);
    if (found === undefined) throw secretsErrors.noKey({ origin: file });
    if (found !== version) {
      known = readKeyFile(file);
      version = found;
    }
    return some(known);
  }

  async function addKey(now: Date): Promise<Key> {
    const added = newKey();
    const retired = now.toISOString();
    await replaceKeyFile(file, [
      added,
      ...keys().map((key) => ({ ...key, retired: key.retired ?? retired })),
    ]);
    return added;
  }

  async function removeKeys(ids: readonly string[]): Promise<void> {
    const [current, ...others] = keys();
    await replaceKeyFile(file, [current, ...others.filter(({ id }) => !ids.includes(id))]);
  }

  keys();
  return { origin: 'file', keys, addKey, removeKeys };
}

function some(keys: readonly Key[]): readonly [Key, ...Key[]] {
  return [must(keys[0], 'the current key'), ...keys.slice(1)];
}
