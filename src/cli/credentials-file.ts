// Owns the file in which the command line keeps what it signed in with, one login per gateway.
import { chmod, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import { isFields } from '../kernel/fields.ts';
import { randomId, type Random } from '../kernel/random.ts';
import { underLock } from './file-lock.ts';

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;
const OTHERS = 0o077;
const VERSION = 1;

export interface StoredLogin {
  readonly accessToken: string;
  /** Milliseconds since the epoch, by this machine's clock. */
  readonly accessExpiresAtMs: number;
  readonly refreshToken: string;
  /** Absolute path of the authorities that the gateway's certificate needs. */
  readonly caFile?: string | undefined;
}

/** By the gateway's origin. */
export type StoredLogins = ReadonlyMap<string, StoredLogin>;

interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
}

/** Where the file is (XDG Base Directory Specification: a relative XDG_CONFIG_HOME is ignored). */
export function credentialsPath(env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_CONFIG_HOME: configured = '', HOME: home = homedir() } = env;
  const base = isAbsolute(configured) ? configured : join(home, '.config');
  return join(base, 'kubeflow-auth-gateway', 'credentials.json');
}

export class CredentialsFile {
  readonly #path: string;
  readonly #surroundings: Surroundings;

  constructor(path: string, surroundings: Surroundings) {
    this.#path = path;
    this.#surroundings = surroundings;
  }

  /** None where there is no file. Rejects when it is not as we write it, saying what to do. */
  async read(): Promise<StoredLogins> {
    try {
      await this.#requireOwnerOnly();
      return parseLogins(await readFile(this.#path, 'utf8'));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
      if (!(error instanceof SyntaxError)) throw this.#unusable(error);
      // Not its message: that quotes what it could not read.
      throw new Error(
        `${this.#path} is damaged, or of another release; remove it and sign in again`,
      );
    }
  }

  /**
   * Reads, lets `change` do its work and replaces the file by what it returns as `logins`, while no
   * other command does so. What the file held stays whole until all of its successor is on the disk.
   */
  async update<T>(
    change: (
      logins: StoredLogins,
    ) => Promise<{ readonly logins: StoredLogins; readonly result: T }>,
  ): Promise<T> {
    const directory = await this.#ownDirectory();
    return underLock(join(directory, 'lock'), this.#surroundings.clock, async () => {
      const before = await this.read();
      const { logins, result } = await change(before);
      if (logins !== before) await this.#replace(formatLogins(logins));
      return result;
    });
  }

  async #ownDirectory(): Promise<string> {
    const directory = dirname(this.#path);
    try {
      await mkdir(directory, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
      await chmod(directory, OWNER_ONLY_DIRECTORY);
    } catch (error) {
      throw this.#unusable(error);
    }
    return directory;
  }

  /** What the system refused, with what to do; anything else as it is. */
  #unusable(error: unknown): unknown {
    if (!(error instanceof Error && 'syscall' in error)) return error;
    return new Error(
      `logins cannot be kept in ${dirname(this.#path)}: ${error.message}\n` +
        'Make that folder yours, or set XDG_CONFIG_HOME to one that is.',
    );
  }

  async #replace(text: string): Promise<void> {
    const next = `${this.#path}.${randomId(this.#surroundings.random, 64)}`;
    try {
      const file = await open(next, 'wx', OWNER_ONLY_FILE);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(next, this.#path);
    } catch (error) {
      await unlink(next).catch(() => undefined);
      throw error;
    }
  }

  /** Windows has no such bits: there the folder of the user is what protects. */
  async #requireOwnerOnly(): Promise<void> {
    if (process.platform === 'win32') return;
    const { mode } = await stat(this.#path);
    if ((mode & OTHERS) === 0) return;
    throw new Error(
      `${this.#path} can be read or written by others; revoke its logins at the gateway's ` +
        '/oauth2/tokens, remove it and sign in again',
    );
  }
}

function formatLogins(logins: StoredLogins): string {
  return `${JSON.stringify({ version: VERSION, gateways: Object.fromEntries(logins) }, undefined, 2)}\n`;
}

/** Throws SyntaxError for whatever formatLogins does not write. */
function parseLogins(text: string): StoredLogins {
  const parsed: unknown = JSON.parse(text);
  if (!isFields(parsed) || parsed['version'] !== VERSION || !isFields(parsed['gateways'])) {
    throw new SyntaxError('it is not of this release');
  }
  return new Map(
    Object.entries(parsed['gateways']).map(([origin, login]) => [origin, parseLogin(login)]),
  );
}

function parseLogin(value: unknown): StoredLogin {
  if (!isFields(value)) throw new SyntaxError('a login is no object');
  const { accessToken, accessExpiresAtMs, refreshToken, caFile } = value;
  if (
    typeof accessToken !== 'string' ||
    typeof accessExpiresAtMs !== 'number' ||
    typeof refreshToken !== 'string' ||
    (caFile !== undefined && typeof caFile !== 'string')
  ) {
    throw new SyntaxError('a login is incomplete');
  }
  return { accessToken, accessExpiresAtMs, refreshToken, caFile };
}
