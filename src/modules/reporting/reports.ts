import { nearestNames } from '../../platform/kernel/index.ts';
import { errors } from './errors.ts';
import { accountReports, overviewReports } from './library/accounts.ts';
import { applicationReports, budgetReports } from './library/budgets.ts';
import { commitmentReports } from './library/commitments.ts';
import { anomalyReports, forecastReports } from './library/forecasts.ts';
import { invoiceReports } from './library/invoices.ts';
import { resourceReports } from './library/resources.ts';
import { serviceReports } from './library/services.ts';
import { virtualCurrencyReports } from './library/virtual-currencies.ts';
import type { Report } from './report.ts';

/**
 * Every report: the 53 use cases that the FOCUS catalogue published for 1.0 to 1.2, in its order, then our own.
 * They answer the catalogue's questions, not its SQL texts, several of which have defects (see README).
 */
export const reports: readonly Report[] = [
  ...accountReports,
  ...anomalyReports,
  ...applicationReports,
  ...budgetReports,
  ...commitmentReports,
  ...forecastReports,
  ...invoiceReports,
  ...overviewReports,
  ...resourceReports,
  ...serviceReports,
  ...virtualCurrencyReports,
].sort((a, b) => orderOf(a) - orderOf(b));

const byName = new Map(reports.map((report) => [report.name, report]));

/** The report of this name, or of this catalogue number; another name is a refusal that offers the nearest ones. */
export function findReport(name: string): Report {
  const found = byName.get(name) ?? reports.find((report) => String(report.number) === name);
  if (!found) throw errors.unknownReport({ name, nearest: nearestReports(name) });
  return found;
}

function orderOf(report: Report): number {
  return report.number ?? Number.MAX_SAFE_INTEGER;
}

/** The name closest in spelling, then those that share most words with it; five at most. */
function nearestReports(name: string): string[] {
  const names = reports.map((report) => report.name);
  const words = wordsOf(name);
  const shared = names
    .map((candidate) => ({
      candidate,
      count: wordsOf(candidate).filter((word) => words.includes(word)).length,
    }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .map(({ candidate }) => candidate);
  return [...new Set([...nearestNames(name, names, 1), ...shared])].slice(0, 5);
}

/** Without a plural's s. */
function wordsOf(name: string): string[] {
  return name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word.length > 2 && word !== 'costs' && word !== 'cost')
    .map((word) => word.replace(/s$/, ''));
}
