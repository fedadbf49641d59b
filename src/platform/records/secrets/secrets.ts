import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { secretsErrors } from './errors.ts';
import type { Key } from './key.ts';
import { type KeyStore, type KeyStoreOptions, openKeyStore } from './key-store.ts';

/**
 * Seals texts that must not lie readable at rest: AES-256-GCM under the current key. A sealed text is
 * `v1.<key id>.<nonce>.<ciphertext and tag>`, and opens only with the context that it was sealed with
 * (`sealedContext`): moved to another row or column it does not open.
 */
export interface Secrets {
  /** The sealed text; another one every time. */
  readonly seal: (text: string, context: string) => string;
  /** The text. Refuses with `secrets.unknownKey` or `secrets.damaged`. */
  readonly open: (sealed: string, context: string) => string;
  /** The same text under the current key; the sealed text itself when it is that already. */
  readonly reseal: (sealed: string, context: string) => string;
  readonly store: KeyStore;
}

/** Opens the keys (`KeyStoreOptions`) and what they seal. Open it on first need: that makes the key file. */
export async function openSecrets(options: KeyStoreOptions): Promise<Secrets> {
  const store = await openKeyStore(options);
  function open(sealed: string, context: string): string {
    return openWith(keyFor(sealed, store, context), sealed, context);
  }
  function seal(text: string, context: string): string {
    return sealWith(store.keys()[0], text, context);
  }
  return {
    seal,
    open,
    reseal: (sealed, context) =>
      keyIdOf(sealed) === store.keys()[0].id ? sealed : seal(open(sealed, context), context),
    store,
  };
}

const version = 'v1';
const nonceBytes = 12;
const tagBytes = 16;

function sealWith(key: Key, text: string, context: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce);
  cipher.setAAD(Buffer.from(context));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return [version, key.id, nonce.toString('base64url'), sealed.toString('base64url')].join('.');
}

function openWith(key: Key, sealed: string, context: string): string {
  const [nonce, body] = sealed
    .split('.')
    .slice(2)
    .map((part) => Buffer.from(part, 'base64url'));
  if (nonce?.length !== nonceBytes || body === undefined || body.length < tagBytes)
    throw secretsErrors.damaged({ context });
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, nonce);
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(body.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(body.subarray(0, -tagBytes)), decipher.final()]).toString('utf8');
  } catch {
    throw secretsErrors.damaged({ context });
  }
}

function keyFor(sealed: string, store: KeyStore, context: string): Key {
  const id = keyIdOf(sealed);
  if (id === undefined) throw secretsErrors.damaged({ context });
  const key = store.keys().find((candidate) => candidate.id === id);
  if (!key) throw secretsErrors.unknownKey({ key: id, known: store.keys().map((known) => known.id) });
  return key;
}

/** Id of the key that a text is sealed with; undefined when it is no sealed text. */
export function keyIdOf(sealed: string): string | undefined {
  return /^v1\.([0-9a-f]{8})\.[\w-]+\.[\w-]+$/.exec(sealed)?.[1];
}
