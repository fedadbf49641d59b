/** The part of s3rver that the tests use; the package carries no types. */
declare module 's3rver' {
  interface Listing {
    readonly objects: readonly { readonly key: string }[];
    readonly commonPrefixes: readonly string[];
    readonly isTruncated: boolean;
  }
  interface ListQuery {
    readonly delimiter?: string | undefined;
    readonly prefix?: string | undefined;
    readonly maxKeys?: number | undefined;
  }
  export default class S3rver {
    readonly store: { listObjects: (bucket: string, options: ListQuery) => Promise<Listing> };
    constructor(options: { port: number; address: string; silent: boolean; directory: string });
    run(): Promise<unknown>;
    close(): Promise<void>;
  }
}
