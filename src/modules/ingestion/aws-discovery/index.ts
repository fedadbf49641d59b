export {
  type ExportEntry,
  listExports,
  listManifests,
  type ManifestEntry,
  type ManifestFile,
  type ManifestQuery,
  readManifest,
  verifyFiles,
} from './discover.ts';
export { type AskedManifest, type ExportKind, type ExportManifest, parseManifest } from './manifest.ts';
