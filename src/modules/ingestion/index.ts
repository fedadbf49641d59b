export {
  type ImportEntry,
  type ImportRequest,
  type ImportResult,
  importRequestSchema,
  importResultSchema,
} from './contract.ts';
export { importBill } from './import-bill.ts';
export type { ImportContext, ImportProgress } from './import-delivery.ts';
