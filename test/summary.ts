// Prints one line `N passed, N failed, N skipped` from vitest's JSON report, and fails with it.
import { readFileSync } from 'node:fs';

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

const report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Report;
const skipped = report.numPendingTests + report.numTodoTests;
// A file that fails to load has no failed test of its own, yet the run has failed.
const failed = report.numFailedTests === 0 && !report.success ? 1 : report.numFailedTests;
process.stdout.write(`${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = report.success && report.numPassedTests > 0 ? 0 : 1;
