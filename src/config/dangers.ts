// Owns which dangerous settings are on. They are the options whose names begin with "insecure".
import { leavesOf } from './leaves.ts';
import { optionTable } from './option-table.ts';
import type { Config } from './schema.ts';

export interface Danger {
  readonly path: string;
  /** What the setting does and what it exposes. */
  readonly message: string;
}

/** Dangerous settings that are on: logged at every start, told by check-config. */
export function dangersOf(config: Config): Danger[] {
  return leavesOf(config)
    .filter(({ name, value }) => name.startsWith('insecure') && value === true)
    .map(({ path }) => ({ path, message: explanationOf(path) }));
}

function explanationOf(path: string): string {
  const general = path.replace(/\[\d+\]/g, '[]');
  return optionTable.find((option) => option.path === general)?.about ?? '';
}
