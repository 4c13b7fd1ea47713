// Owns noticing that the configuration, or a file that it names, has changed: by content, since a
// mounted Secret changes by swapping a link.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { leavesOf } from './leaves.ts';
import type { InvalidConfig, LoadedConfig } from './load-config.ts';
import type { Config } from './schema.ts';

export class WatchedConfig {
  readonly #path: string;
  readonly #load: () => LoadedConfig | InvalidConfig;
  #files: readonly string[] = [];
  #fingerprint = '';

  /** `load` reads the file at `path`, and what it names, anew; what it throws, `read` throws. */
  constructor(path: string, load: () => LoadedConfig | InvalidConfig) {
    this.#path = path;
    this.#load = load;
  }

  /** Loads, and takes note of what the files held no later than that. */
  read(): LoadedConfig | InvalidConfig {
    const first = this.#load();
    if (first.kind === 'loaded') this.#files = filesOf(first.config);
    this.#fingerprint = this.#fingerprintNow();
    // Read once more: whatever changes from now on differs from the fingerprint.
    return this.#load();
  }

  /** Whether any file has changed since the last `read`. */
  hasChanged(): boolean {
    return this.#fingerprintNow() !== this.#fingerprint;
  }

  #fingerprintNow(): string {
    const hash = createHash('sha256');
    for (const file of [this.#path, ...this.#files])
      hash.update(createHash('sha256').update(contentOf(file)).digest());
    return hash.digest('base64url');
  }
}

/** A file that cannot be read counts as empty. */
function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}

/** Every file that a configuration names: secrets, certificates, authorities. */
function filesOf(config: Config): string[] {
  return leavesOf(config).flatMap(({ name, value }) =>
    name.endsWith('File') && typeof value === 'string' ? [value] : [],
  );
}

/** Paths of options that a running gateway takes over; of files, it takes over the content. */
const RELOADABLE = new Set(['logging.level']);

/** Options that differ and that only a restart can take over. */
export function restartNeeded(before: Config, after: Config): string[] {
  const [old, now] = [valuesOf(before), valuesOf(after)];
  const paths = new Set([...old.keys(), ...now.keys()]);
  return [...paths].filter((path) => old.get(path) !== now.get(path) && !RELOADABLE.has(path));
}

function valuesOf(config: Config): ReadonlyMap<string, unknown> {
  return new Map(leavesOf(config).map(({ path, value }) => [path, value]));
}
