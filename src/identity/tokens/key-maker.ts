// Owns making key files: new ones beside those that are there, never over them.
import { mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../../kernel/random.ts';
import { KEY_USES, keyFileName, type KeyUse } from './key-name.ts';
import { newSecretKeyText } from './secret-key.ts';
import { newSigningKeyPem } from './signing-key.ts';

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;

export interface MadeAt {
  readonly directory: string;
  readonly createdAtMs: number;
}

/**
 * Writes one new key for each use and returns the names of the files, mode 0600. Makes the directory
 * where there is none. Rejects with EEXIST, and writes nothing, when a file of that second is there.
 */
export async function makeKeyFiles(
  { directory, createdAtMs }: MadeAt,
  random: Random,
  uses: readonly KeyUse[] = KEY_USES,
): Promise<string[]> {
  await mkdir(directory, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
  const written: string[] = [];
  try {
    for (const use of uses) {
      const name = keyFileName({ use, createdAtMs });
      await writeNew(
        join(directory, name),
        use === 'signing' ? newSigningKeyPem() : newSecretKeyText(random),
      );
      written.push(name);
    }
  } catch (error) {
    await Promise.all(written.map((name) => unlink(join(directory, name))));
    throw error;
  }
  return written;
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', OWNER_ONLY_FILE);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
