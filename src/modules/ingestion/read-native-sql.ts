import { fileLiteral } from '../../platform/warehouse/index.ts';

/** The rows of a native copy as a table expression. */
export function nativeCopy(file: string): string {
  return `read_parquet(${fileLiteral(file)}, hive_partitioning = false)`;
}

/** The rows of a native copy that one of the quarantine's files names, as a table expression. */
export function quarantinedCopy(
  file: string,
  { quarantine, number }: { readonly quarantine: readonly string[]; readonly number: number },
): string {
  return `(select *
  from read_parquet(${fileLiteral(file)}, hive_partitioning = false, file_row_number = true)
  where file_row_number + 1 in (
    select "x_SourceRow"
    from read_parquet([${quarantine.map(fileLiteral).join(', ')}])
    where "x_SourceFileNumber" = ${number}
  ))`;
}
