// Owns reading the configuration file that a command line names.
import { readFileSync } from 'node:fs';
import type { Problem } from '../config/problem.ts';
import { UsageError } from './command.ts';

/** The file's text. Throws UsageError when it cannot be read. */
export function readConfigText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new UsageError(`${path} cannot be read (${code})`);
  }
}

/** All problems as a person reads them, one per line. */
export function problemsText(path: string, problems: readonly Problem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return [`${path} has ${count}:`, ...problems.map((p) => `  ${p.path}: ${p.message}`)].join('\n');
}
