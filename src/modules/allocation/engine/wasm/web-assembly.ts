/** What Node offers and its types leave out. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => Memory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: Memory } },
  ) => { readonly exports: unknown };
};

/** Memory that JavaScript sees as one buffer, and WebAssembly works in. */
export interface Memory {
  readonly buffer: ArrayBuffer;
}

export const pageBytes = 65_536;
/** Addresses have 32 bits. */
const mostPages = 65_536;

/** So many pages of memory; undefined where there are not so many. */
export function openMemory(pages: number): Memory | undefined {
  if (pages > mostPages) return undefined;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch {
    return undefined;
  }
}

/** What a module exports; undefined where the processor lacks what it needs. */
export function instantiate<T>(bytes: Uint8Array<ArrayBuffer>, memory: Memory): T | undefined {
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports as T;
  } catch {
    return undefined;
  }
}
