// Owns reading the manifest files of a directory.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ManifestFile } from './manifest-objects.ts';

/** Parsing takes the event loop about a tenth of a second for each MiB. */
const MAX_BYTES = 16 * 1_048_576;

export type DirectoryContent =
  | {
      readonly kind: 'files';
      readonly files: readonly ManifestFile[];
      /** Of names and contents: equal exactly when these are. */
      readonly fingerprint: string;
    }
  | { readonly kind: 'unreadable'; readonly problem: string };

/**
 * The files `*.yaml`, `*.yml` and `*.json` by name, as `kubectl apply --filename DIRECTORY` takes them: not those of
 * directories inside. Names that begin with a dot are editors' and mounted volumes' own. Never rejects.
 */
export async function readManifestDirectory(directory: string): Promise<DirectoryContent> {
  try {
    const names = await manifestNames(directory);
    const files: ManifestFile[] = [];
    const hash = createHash('sha256');
    let left = MAX_BYTES;
    for (const name of names) {
      const bytes = await readFile(join(directory, name));
      left -= bytes.length;
      if (left < 0) return { kind: 'unreadable', problem: 'the manifests have more than 16 MiB' };
      hash.update(JSON.stringify([name, bytes.length])).update(bytes);
      files.push({ name, text: bytes.toString('utf8') });
    }
    return { kind: 'files', files, fingerprint: hash.digest('base64url') };
  } catch (error) {
    return { kind: 'unreadable', problem: `${directory} cannot be read (${codeOf(error)})` };
  }
}

/** Mounted files are links; what a link leads to shows when it is read. */
async function manifestNames(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && /^[^.].*\.(yaml|yml|json)$/.test(entry.name))
    .map(({ name }) => name)
    .sort();
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
