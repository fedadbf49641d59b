/** Something to be said of a version. Errors keep it from being published, not from being saved. */
export interface PriceFinding {
  /** `unknownTarget`, `unitDoesNotConvert`, … */
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info';
  /** Number of the line; null: of the version. */
  readonly line: number | null;
  /** One sentence that names the line and says what to do. */
  readonly message: string;
}
