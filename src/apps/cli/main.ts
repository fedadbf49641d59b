#!/usr/bin/env node
import { processIo } from './io.ts';
import { run } from './run.ts';

const code = await run(process.argv.slice(2), processIo());
// What is written must have left before the process does: a pipe may still be full.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
