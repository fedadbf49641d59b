import { literal, openEngine } from '../src/platform/warehouse/index.ts';
import { benchHeader } from './generate-cur.ts';
import { report } from './timed.ts';

/** The baseline: DuckDB's own csv.gz → zstd Parquet copy with the import's threads, memory limit and row-group size. */
const [file = '', target = '', threads = '2'] = process.argv.slice(2);
const engine = await openEngine({
  threads: Number(threads),
  memoryLimitMb: 500,
  tempDirectory: `${target}.tmp`,
});
const columns = benchHeader.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ');
const started = performance.now();
await engine.run(
  `copy (select * from read_csv(${literal(file)}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
    compression = 'gzip', columns = {${columns}})) to ${literal(target)} (format parquet, compression zstd, row_group_size 30720)`,
);
report(performance.now() - started);
engine.close();
