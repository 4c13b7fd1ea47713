// Owns reading a directory of key files into a key set, or telling what is wrong with it.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KEY_USES, parseKeyFileName, type KeyName, type KeyUse } from './key-name.ts';
import type { KeySet } from './key-ring.ts';
import { readSecretKey, type SecretKey } from './secret-key.ts';
import { readSigningKey, type SigningKey } from './signing-key.ts';

/** Key files are some hundred bytes; more is not a key. */
const LARGEST_FILE_BYTES = 16 * 1024;

export type ReadKeys =
  | { readonly kind: 'read'; readonly keys: KeySet }
  /** Each problem names a file and what is wrong with it, never its content. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

interface KeyFile extends KeyName {
  readonly fileName: string;
  readonly text: string;
}

type Found<T> = { readonly key: T } | { readonly problem: string };

/**
 * Reads every key of a directory. Names that begin with a dot are skipped: Kubernetes keeps a mounted
 * Secret's versions under such names and swaps a link. When the link is swapped while we read, the
 * second attempt sees the new version whole. Never rejects.
 */
export async function readKeyFiles(directory: string): Promise<ReadKeys> {
  const first = await attempt(directory);
  return first.kind === 'read' ? first : attempt(directory);
}

async function attempt(directory: string): Promise<ReadKeys> {
  let names: string[];
  try {
    names = (await readdir(directory)).filter((name) => !name.startsWith('.'));
  } catch (error) {
    return { kind: 'invalid', problems: [`the directory ${reasonOf(error)}`] };
  }
  const found = await Promise.all(names.map((name) => readKeyFile(directory, name)));
  const files = found.flatMap((result) => ('key' in result ? [result.key] : []));
  const problems = found.flatMap((result) => ('problem' in result ? [result.problem] : []));
  return keySetOf(files, problems);
}

async function readKeyFile(directory: string, fileName: string): Promise<Found<KeyFile>> {
  const name = parseKeyFileName(fileName);
  if (name === undefined)
    return { problem: `${fileName}: the name is not USE-2026-11-21T10-00-00Z.key or .pem` };
  try {
    const bytes = await readFile(join(directory, fileName));
    if (bytes.length > LARGEST_FILE_BYTES) return { problem: `${fileName}: larger than a key` };
    return { key: { ...name, fileName, text: bytes.toString('utf8') } };
  } catch (error) {
    return { problem: `${fileName}: ${reasonOf(error)}` };
  }
}

async function keySetOf(files: readonly KeyFile[], problems: string[]): Promise<ReadKeys> {
  const keys = {
    cookie: secretKeysOf(files, 'cookie', problems),
    record: secretKeysOf(files, 'record', problems),
    signing: await signingKeysOf(files, problems),
  };
  if (problems.length === 0)
    problems.push(
      ...KEY_USES.filter((use) => keys[use].length === 0).map((use) => `there is no ${use} key`),
      ...repeatedKeys(keys.signing),
    );
  return problems.length === 0 ? { kind: 'read', keys } : { kind: 'invalid', problems };
}

function secretKeysOf(files: readonly KeyFile[], use: KeyUse, problems: string[]): SecretKey[] {
  return files
    .filter((file) => file.use === use)
    .flatMap(({ fileName, text, createdAtMs }) => {
      try {
        return [readSecretKey(text, createdAtMs)];
      } catch (error) {
        problems.push(`${fileName}: ${reasonOf(error)}`);
        return [];
      }
    });
}

async function signingKeysOf(files: readonly KeyFile[], problems: string[]): Promise<SigningKey[]> {
  const keys: SigningKey[] = [];
  for (const { fileName, text, createdAtMs } of files.filter(({ use }) => use === 'signing')) {
    try {
      keys.push(await readSigningKey(text, createdAtMs));
    } catch (error) {
      problems.push(`${fileName}: ${reasonOf(error)}`);
    }
  }
  return keys;
}

/** A key under two dates would be retired and sign at once. */
function repeatedKeys(keys: readonly SigningKey[]): string[] {
  const ids = keys.map(({ publicJwk }) => publicJwk.kid);
  const repeated = ids.filter((id, index) => ids.indexOf(id) !== index);
  return repeated.map((id) => `the signing key ${id} stands in two files`);
}

/** The system's code for a file, our own text for content. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'cannot be read';
  return 'code' in error && typeof error.code === 'string'
    ? `cannot be read (${error.code})`
    : error.message;
}
