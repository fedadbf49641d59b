// Copies what tsc leaves behind (lookup tables) beside the compiled files.
import { cpSync } from 'node:fs';

cpSync('src', 'dist', {
  recursive: true,
  filter: (path) => !/\.(ts|tsx|md)$/.test(path),
});
