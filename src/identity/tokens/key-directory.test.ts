import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { silentLogger } from '../../kernel/logger.ts';
import { silentMetrics } from '../../kernel/metrics.ts';
import { systemRandom } from '../../kernel/random.ts';
import { KeyDirectory } from './key-directory.ts';
import { newSecretKeyText } from './secret-key.ts';
import { newSigningKeyPem } from './signing-key.ts';

const FIRST = '2026-11-21T10-00-00Z';
const SECOND = '2026-11-21T11-00-00Z';
const HEX_KEY = 'ab'.repeat(32);

let directory = '';
let opened: KeyDirectory | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kfgw-keys-'));
});
afterEach(() => {
  opened?.close();
  opened = undefined;
  rmSync(directory, { recursive: true });
});

function write(name: string, text: string, folder = directory): void {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
}

function writeKeys(time: string, folder = directory): void {
  write(`cookie-${time}.key`, newSecretKeyText(systemRandom), folder);
  write(`record-${time}.key`, newSecretKeyText(systemRandom), folder);
  write(`signing-${time}.pem`, newSigningKeyPem(), folder);
}

async function open() {
  const clock = new FakeClock(Date.parse('2026-11-21T12:00:00Z'));
  const logger = { ...silentLogger, error: vi.fn(), info: vi.fn() };
  const metrics = { ...silentMetrics, increment: vi.fn(), set: vi.fn() };
  const options = {
    directory,
    pollEveryMs: 30_000,
    activationDelayMs: 600_000,
    publishDelayMs: 1_500_000,
  };
  opened = await KeyDirectory.open(options, { clock, logger, metrics });
  return { keys: opened, clock, logger, metrics };
}

describe('a key directory', () => {
  test('holds several keys of each use at once', async () => {
    writeKeys(FIRST);
    writeKeys(SECOND);
    const { keys } = await open();
    expect(keys.ring.cookieKeys()).toHaveLength(2);
    expect(keys.ring.recordKeys()).toHaveLength(2);
    expect(keys.ring.signingKeys().map(({ state }) => state)).toEqual(['signing', 'retired']);
  });

  test.each([
    ['base64url', newSecretKeyText(systemRandom)],
    ['base64', `${Buffer.alloc(32, 0xff).toString('base64')}\n`],
    ['hex', HEX_KEY],
  ])('reads secret keys in %s', async (_form, text) => {
    writeKeys(FIRST);
    write(`cookie-${SECOND}.key`, text);
    const { keys } = await open();
    expect(keys.ring.cookieKeys()[0]?.reveal()).toHaveLength(32);
  });

  test('reads new keys by polling, and tells their states', async () => {
    writeKeys(FIRST);
    const { keys, clock, metrics } = await open();
    writeKeys(SECOND);
    await clock.advance(30_000);
    await keys.reload();
    expect(keys.ring.cookieKeys()).toHaveLength(2);
    expect(metrics.set).toHaveBeenLastCalledWith('kfgw_signing_keys', { state: 'retired' }, 1);
  });

  test('reads through the links of a mounted Secret when they are swapped', async () => {
    const versions = ['..v1', '..v2'].map((name) => join(directory, name));
    for (const [index, version] of versions.entries()) {
      mkdirSync(version);
      writeKeys(index === 0 ? FIRST : SECOND, version);
    }
    symlinkSync('..v1', join(directory, '..data'));
    for (const name of [`cookie-${FIRST}.key`, `record-${FIRST}.key`, `signing-${FIRST}.pem`])
      symlinkSync(join('..data', name), join(directory, name));
    const { keys, logger } = await open();
    const before = keys.ring.signingKey().publicJwk.kid;
    // As the kubelet does it: new links, then the swap by rename, then stale links are removed.
    for (const name of [`cookie-${SECOND}.key`, `record-${SECOND}.key`, `signing-${SECOND}.pem`])
      symlinkSync(join('..data', name), join(directory, name));
    symlinkSync('..v2', join(directory, '..data_tmp'));
    renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
    for (const name of [`cookie-${FIRST}.key`, `record-${FIRST}.key`, `signing-${FIRST}.pem`])
      rmSync(join(directory, name));
    await keys.reload();
    expect(keys.ring.signingKey().publicJwk.kid).not.toBe(before);
    expect(logger.error).not.toHaveBeenCalled();
  });

  test('keeps the last good keys while a file is bad, says so once, and heals', async () => {
    writeKeys(FIRST);
    const { keys, logger, metrics } = await open();
    const kid = keys.ring.signingKey().publicJwk.kid;
    write(`signing-${FIRST}.pem`, 'not a key, but sensitive-content');
    await keys.reload();
    await keys.reload();
    expect(keys.ring.signingKey().publicJwk.kid).toBe(kid);
    expect(metrics.increment).toHaveBeenCalledTimes(2);
    expect(logger.error).toHaveBeenCalledTimes(1);
    expect(logger.error).toHaveBeenCalledWith(
      'The key directory cannot be read; the last good keys stay in force.',
      { problem: `signing-${FIRST}.pem: not a private key in PEM form` },
    );
    write(`signing-${FIRST}.pem`, newSigningKeyPem());
    await keys.reload();
    expect(keys.ring.signingKey().publicJwk.kid).not.toBe(kid);
    expect(logger.info).toHaveBeenCalledWith('The key directory can be read again.');
  });

  test('keeps the last good keys when it is emptied', async () => {
    writeKeys(FIRST);
    const { keys, logger } = await open();
    rmSync(directory, { recursive: true });
    await keys.reload();
    expect(keys.ring.cookieKeys()).toHaveLength(1);
    expect(logger.error).toHaveBeenCalledOnce();
    mkdirSync(directory);
  });

  test.each([
    ['an unknown file', 'README', 'hello', 'README: the name is not'],
    ['a short key', `cookie-${SECOND}.key`, 'c2hvcnQ', 'not 32 bytes'],
    ['a key of another curve', `signing-${SECOND}.pem`, pemOf('P-384'), 'not a P-256 key'],
    ['an RSA key', `signing-${SECOND}.pem`, rsaPem(), 'not a P-256 key'],
    ['a file of another kind', `record-${SECOND}.key`, 'x'.repeat(20_000), 'larger than a key'],
  ])('refuses %s at start without repeating its content', async (_what, name, text, message) => {
    writeKeys(FIRST);
    write(name, text);
    const error: unknown = await open().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error)).toContain(message);
    expect(inspect(error)).not.toContain(text.slice(0, 40));
  });

  test('refuses to start without a key of each use', async () => {
    write(`cookie-${FIRST}.key`, HEX_KEY);
    await expect(open()).rejects.toThrow('there is no record key; there is no signing key');
    rmSync(join(directory, `cookie-${FIRST}.key`));
    await expect(open()).rejects.toThrow('there is no cookie key');
  });

  test('refuses one signing key under two dates', async () => {
    writeKeys(FIRST);
    const pem = newSigningKeyPem();
    write(`signing-${FIRST}.pem`, pem);
    write(`signing-${SECOND}.pem`, pem);
    await expect(open()).rejects.toThrow('stands in two files');
  });
});

function pemOf(namedCurve: string): string {
  return generateKeyPairSync('ec', { namedCurve })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

function rsaPem(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}
