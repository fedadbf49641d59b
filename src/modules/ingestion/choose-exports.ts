import type { AwsExport } from '../../platform/config/index.ts';
import { type Scope, seesSource } from '../../platform/kernel/index.ts';
import type { ExportChoice } from './aws-contract.ts';
import { ingestionErrors } from './errors.ts';

/**
 * The exports that somebody chose: of the configuration those of sources in scope, as if there were no others, or the one
 * that was given. Refuses with `ingestion.noExports` and `ingestion.unknownExport`.
 */
export function chooseExports(
  configured: readonly AwsExport[],
  scope: Scope,
  { exports, adHoc, ...access }: ExportChoice,
): readonly AwsExport[] {
  const inScope = configured.filter(({ source }) => seesSource(scope, source));
  const chosen = adHoc ? [exportOf(adHoc)] : namedExports(inScope, exports);
  return chosen.map((item) => ({ ...item, ...given(access) }));
}

function namedExports(
  configured: readonly AwsExport[],
  names: readonly string[] | undefined,
): readonly AwsExport[] {
  if (configured.length === 0) throw ingestionErrors.noExports({});
  const known = configured.map(({ name }) => name);
  return (names ?? known).map((name) => {
    const found = configured.find((item) => item.name === name);
    if (!found) throw ingestionErrors.unknownExport({ name, known });
    return found;
  });
}

function exportOf({ uri, exportName, source = exportName }: NonNullable<ExportChoice['adHoc']>): AwsExport {
  return {
    name: exportName,
    uri: uri.startsWith('s3://') ? uri.replace(/\/+$/, '') : uri,
    exportName,
    source,
  };
}

/** Of the fields of access those that say something, so that the others stay as configured. */
function given({ kind, profile, region, endpoint, roleArn }: Omit<ExportChoice, 'exports' | 'adHoc'>) {
  return Object.fromEntries(
    Object.entries({ kind, profile, region, endpoint, roleArn }).filter(([, value]) => value !== undefined),
  );
}
