export { listSettings } from './list.ts';
export { type Config, loadConfig } from './load.ts';
export type { AwsExport, PrometheusEndpoint, SettingKey, Settings } from './settings.ts';
