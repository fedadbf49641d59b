export { closeRunHandler } from './close-handler.ts';
export type {
  CheckAnswer,
  CheckLine,
  ClosedEntity,
  CloseOutcome,
  CloseRequest,
  InvoiceTotal,
} from './contract.ts';
export { parseInvoices } from './invoice-totals.ts';
export { closeRoutes } from './routes.ts';
