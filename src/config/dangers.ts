// Owns which dangerous settings are on: the options whose names begin with "insecure", and the choices
// listed here.
import { leavesOf } from './leaves.ts';
import { optionTable } from './option-table.ts';
import type { Config } from './schema.ts';

export interface Danger {
  readonly path: string;
  /** What the setting does and what it exposes. */
  readonly message: string;
}

/** Choices that let through what is refused by default. */
const DANGEROUS_CHOICES: ReadonlyMap<string, string> = new Map([
  ['access.mode', 'shadow'],
  ['access.uninspected', 'allow'],
]);

/** Dangerous settings that are on: logged at every start, told by check-config. */
export function dangersOf(config: Config): Danger[] {
  return leavesOf(config)
    .filter(
      ({ name, path, value }) =>
        (name.startsWith('insecure') && value === true) || value === DANGEROUS_CHOICES.get(path),
    )
    .map(({ path }) => ({ path, message: explanationOf(path) }));
}

function explanationOf(path: string): string {
  const general = path.replace(/\[\d+\]/g, '[]');
  return optionTable.find((option) => option.path === general)?.about ?? '';
}
