export { withPricings } from './ask-costs.ts';
export type {
  ConsumptionDifference,
  ConsumptionFact,
  ConsumptionFactList,
  ConsumptionImport,
  ConsumptionImportRequest,
  ConsumptionImportResult,
  ConsumptionReject,
  ConsumptionVerification,
  DeriveRequest,
  DeriveResult,
  NewOrigin,
  OriginAnswer,
} from './consumption-contract.ts';
export type { DerivedOrigin, DerivedRows, Deriver, Derivers } from './consumption-derive.ts';
export { deriveFromCosts } from './consumption-derived.ts';
export { deriveFromBill } from './consumption-focus.ts';
export { consumptionHandlers } from './consumption-handlers.ts';
export { type ConsumptionWorld, importConsumption } from './consumption-import.ts';
export { deriveFromRetained } from './consumption-retained.ts';
export type {
  BridgeAnswer,
  ComparisonAnswer,
  ComparisonItem,
  CostAnswer,
  CostItem,
  ExplainAnswer,
} from './cost-contract.ts';
export { preparePeriodStep } from './freeze.ts';
export type { FxRateAnswer, FxRatesChanged } from './fx-contract.ts';
export { putRates } from './fx-rates.ts';
export { actualView, type PricingPlan, type UsedPricing } from './plan-pricings.ts';
export { setCalendar } from './price-calendar.ts';
export type {
  CalendarMonthAnswer,
  PriceCalendarAnswer,
  PriceCloneAnswer,
  PriceCoverageAnswer,
  PriceDiffAnswer,
  PriceDraftAnswer,
  PriceFindingList,
  PriceImportAnswer,
  PriceLineDetail,
  PriceLineList,
  PriceVersionAnswer,
  PriceViewAnswer,
} from './price-contract.ts';
export { lineXlsxSheet } from './price-sheet.ts';
export { parseTiers } from './price-tier-text.ts';
export { publishPrices } from './publish-prices.ts';
export { showbackRoutes } from './routes.ts';
