export { type DemoOutcome, runDemo } from './run-demo.ts';
