export type { AnomalyList, ForecastList } from './contract.ts';
export { anomalyRoutes } from './routes.ts';
