import { isCurrency, tryParseDecimal } from '../../platform/kernel/index.ts';
import { grains } from '../../platform/warehouse/index.ts';
import { errors } from './errors.ts';
import type { ParameterSpec, ParameterValues, Report } from './report.ts';

/** Parameter values as callers give them. */
export type GivenParameters = Readonly<Record<string, string | number>>;

/**
 * The values a report runs with: those given, and defaults for the rest. A missing, unknown or unfit one is a refusal that
 * names it and says what it should be.
 */
export function checkParameters(report: Report, given: GivenParameters): ParameterValues {
  const known = Object.keys(report.parameters);
  for (const parameter of Object.keys(given)) {
    if (!known.includes(parameter)) throw errors.unknownParameter({ report: report.name, parameter, known });
  }
  const values: Record<string, string> = {};
  for (const [parameter, spec] of Object.entries(report.parameters)) {
    const value = given[parameter] ?? spec.default;
    if (value === undefined || value === '') {
      if (!spec.required) continue;
      throw errors.missingParameter({ report: report.name, parameter, description: spec.description });
    }
    const expected = misfit(spec, String(value));
    if (expected)
      throw errors.unfitParameter({ report: report.name, parameter, value: String(value), expected });
    values[parameter] = String(value);
  }
  return values;
}

/** What the value should be, when it is not. */
function misfit(spec: ParameterSpec, value: string): string | undefined {
  switch (spec.kind) {
    case 'text':
    case 'tag':
      return value.length <= 256 ? undefined : 'at most 256 characters';
    case 'amount':
      return tryParseDecimal(value)
        ? undefined
        : 'a decimal number such as 1234.50, without thousands separators';
    case 'number':
      return isWithin(spec, value)
        ? undefined
        : `a whole number from ${spec.min ?? 0}${spec.max === undefined ? ' up' : ` to ${spec.max}`}`;
    case 'currency':
      return isCurrency(value) ? undefined : 'an ISO 4217 code such as USD';
    case 'grain':
      return grains.some((grain) => grain === value) ? undefined : `one of ${grains.join(', ')}`;
  }
}

function isWithin({ min = 0, max = Number.MAX_SAFE_INTEGER }: ParameterSpec, value: string): boolean {
  return /^\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max;
}
