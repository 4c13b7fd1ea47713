import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../kernel/clock.ts';
import { systemRandom } from '../kernel/random.ts';
import { CredentialsFile, credentialsPath, type StoredLogin } from './credentials-file.ts';

const gateway = 'https://kubeflow.example.com';
const login: StoredLogin = {
  accessToken: 'access-token',
  accessExpiresAtMs: 1_800_000_000_000,
  refreshToken: 'refresh-token',
  caFile: undefined,
};

let home = '';
let path = '';
let file: CredentialsFile;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kfgw-credentials-'));
  path = credentialsPath({ HOME: home });
  file = new CredentialsFile(path, { clock: systemClock, random: systemRandom });
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

function put(origin: string, stored: StoredLogin): Promise<undefined> {
  return file.update((logins) =>
    Promise.resolve({ logins: new Map(logins).set(origin, stored), result: undefined }),
  );
}

test.each([
  [{ HOME: '/home/user' }, '/home/user/.config'],
  [{ HOME: '/home/user', XDG_CONFIG_HOME: '/elsewhere' }, '/elsewhere'],
  [{ HOME: '/home/user', XDG_CONFIG_HOME: 'relative' }, '/home/user/.config'],
  [{ HOME: '/home/user', XDG_CONFIG_HOME: '' }, '/home/user/.config'],
])('with %j the file is below %s', (env, base) => {
  expect(credentialsPath(env)).toBe(`${base}/kubeflow-auth-gateway/credentials.json`);
});

describe('the credentials file', () => {
  test('holds no login before the first one, and is not made by reading', async () => {
    expect(await file.read()).toEqual(new Map());
    expect(readdirSync(home)).toEqual([]);
  });

  test('gives back what was put in, per gateway', async () => {
    const other = { ...login, caFile: '/etc/ca.pem', refreshToken: 'other' };
    await put(gateway, login);
    await put('http://localhost:8080', other);
    expect(await file.read()).toEqual(
      new Map([
        [gateway, login],
        ['http://localhost:8080', other],
      ]),
    );
  });

  test('can be read by its owner only, in a folder that only they can enter', async () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    await put(gateway, login);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(path)).sort()).toEqual(['credentials.json', 'lock']);
  });

  test.each([0o640, 0o604, 0o620])('of mode %o is not used', async (mode) => {
    await put(gateway, login);
    chmodSync(path, mode);
    await expect(file.read()).rejects.toThrow('can be read or written by others');
  });

  test.each([
    '{"version":1,"gateways":{"https://kubeflow.example.com":{"accessToken":"secret',
    '{"version":2,"gateways":{}}',
    '{"version":1,"gateways":[]}',
    '{"version":1,"gateways":{"https://a":null}}',
    '{"version":1,"gateways":{"https://a":{"accessToken":"secret"}}}',
    'null',
    '',
  ])('with the content %s is damaged, and nothing of it is told', async (content) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode: 0o600 });
    const problem: unknown = await file.read().catch((error: unknown) => error);
    expect(String(problem)).toContain('is damaged, or of another release; remove it');
    expect(String(problem)).not.toContain('secret');
  });

  test('loses nothing when many commands change it at once', async () => {
    const origins = Array.from({ length: 20 }, (_, at) => `https://gateway-${at}.example.com`);
    await Promise.all(origins.map((origin) => put(origin, login)));
    expect([...(await file.read()).keys()].sort()).toEqual(origins.sort());
  });

  test('says where it should be and what to do, when it can be neither read nor written there', async () => {
    writeFileSync(join(home, '.config'), 'no folder');
    const folder = dirname(path);
    for (const use of [() => file.read(), () => put(gateway, login)]) {
      await expect(use()).rejects.toThrow(`logins cannot be kept in ${folder}: ENOTDIR`);
      await expect(use()).rejects.toThrow('set XDG_CONFIG_HOME to one that is');
    }
  });

  test('stays as it was when the change fails, and nothing is left behind', async () => {
    await put(gateway, login);
    const before = readFileSync(path, 'utf8');
    await expect(file.update(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(readdirSync(dirname(path)).sort()).toEqual(['credentials.json', 'lock']);
  });

  test('stays as it was when it cannot be replaced, and nothing is left behind', async () => {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const change = () =>
      Promise.resolve({ logins: new Map([[gateway, login]]), result: undefined });
    await expect(file.update(change)).rejects.toThrow(/EISDIR/);
    expect(readdirSync(dirname(path)).sort()).toEqual(['credentials.json', 'lock']);
  });

  test('is not written when nothing changes', async () => {
    await put(gateway, login);
    const { ino } = statSync(path);
    await file.update((logins) => Promise.resolve({ logins, result: undefined }));
    expect(statSync(path).ino).toBe(ino);
  });
});
