/** One setting: where it may be said, what it may be. */
export interface Setting {
  /** Dotted path in `finops.toml`: `engine.threads`. */
  readonly key: string;
  readonly kind:
    | 'text'
    | 'path'
    | 'pathList'
    | 'addressList'
    | 'integer'
    | 'choice'
    | 'awsExports'
    | 'prometheusEndpoints';
  /** Used when nothing else is given; a setting without one may be undefined. */
  readonly default?: string | number | readonly string[];
  /** `FINOPS_` and the key in upper snake case. */
  readonly env: string;
  /** Variables of other tools that are understood, each with the value that its presence means. */
  readonly otherEnv?: Readonly<Record<string, string>>;
  readonly flag?: string;
  /** Allowed values of a `choice`. */
  readonly values?: readonly string[];
  /** Smallest and largest value of an `integer`, both allowed. */
  readonly min?: number;
  readonly max?: number;
  /** Never shown, never quoted in an error. */
  readonly secret?: true;
  /** One line, without a full stop. */
  readonly description: string;
}
