import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { CapturedTerminal } from '../../test/fixtures/captured-terminal.ts';
import { FakeClock } from '../../test/fixtures/fake-clock.ts';
import { makeKeyFiles } from '../identity/tokens/key-maker.ts';
import { systemRandom } from '../kernel/random.ts';
import { checkConfig } from './check-config.ts';

const clock = new FakeClock();
const env = { KFGW_OIDC__CLIENT_SECRET: 'the-client-secret' };
const oidc = { issuer: 'https://issuer.example.com' };
const example = join(import.meta.dirname, '..', '..', 'config', 'gateway.yaml');

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kfgw-check-config-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function file(yaml: object): string {
  const path = join(directory, 'gateway.yaml');
  writeFileSync(path, stringify(yaml));
  return path;
}

async function check(path: string, ...more: string[]) {
  const terminal = new CapturedTerminal();
  const args = ['--config', path, ...more];
  const status = await checkConfig.run({ args, env, terminal, clock, random: systemRandom });
  return { status, printed: terminal.printed, complained: terminal.complained };
}

describe('check-config', () => {
  test('says what a correct configuration means', async () => {
    const { status, printed } = await check(file({ oidc }));
    expect(status).toBe(0);
    expect(printed).toMatch(/^\S+gateway\.yaml can be used\.\n\nNotes:\n/);
    expect(printed).toContain('every Host is ours');
    expect(printed).toContain('Sessions are kept in memory');
    expect(printed).not.toContain('Dangerous');
  });

  test('tells dangerous settings, and what they expose', async () => {
    const { status, printed } = await check(
      file({ oidc: { issuer: 'http://dex/dex', insecureIssuerOverHttp: true } }),
    );
    expect(status).toBe(0);
    expect(printed).toMatch(
      /Dangerous settings:\n {2}- oidc\.insecureIssuerOverHttp: .*sign in as/,
    );
  });

  test('tells all problems at once and ends with 2', async () => {
    const { status, printed, complained } = await check(
      file({ oidc: { ...oidc, clientSecret: 'inline-secret' }, session: { idle: 5 }, extra: 1 }),
    );
    expect(status).toBe(2);
    expect(printed).toBe('');
    expect(complained).toMatch(
      /has 3 problems:\n {2}oidc\.clientSecret: .*\n {2}session\.idle: .*\n {2}extra: /,
    );
    expect(complained).not.toContain('inline-secret');
  });

  test('tells what is wrong with the key directory', async () => {
    const keys = join(directory, 'keys');
    await makeKeyFiles({ directory: keys, createdAtMs: clock.nowMs() }, systemRandom);
    const path = file({ oidc, keys: { directory: keys } });
    expect(await check(path)).toMatchObject({ status: 0 });
    writeFileSync(join(keys, 'README'), '');
    const { status, complained } = await check(path);
    expect(status).toBe(2);
    expect(complained).toContain('keys.directory: README: the name is not');
  });

  test('tells what is wrong with the routes, and what to look at in them', async () => {
    const extraRoutesFile = join(directory, 'routes.yaml');
    const own = { id: 'own', path: '/own/{namespace}/**' };
    writeFileSync(extraRoutesFile, stringify({ rows: [{ ...own, aks: 'get services own' }] }));
    const path = file({ oidc, access: { extraRoutesFile } });
    const { status, complained } = await check(path);
    expect(status).toBe(2);
    expect(complained).toMatch(/ {2}access: \S+routes\.yaml:4: row own: aks is not a key here$/m);
    expect(await check(path, '--without-files')).toMatchObject({ status: 0 });
    writeFileSync(extraRoutesFile, stringify({ rows: [own] }));
    const { printed } = await check(path);
    expect(printed).toMatch(/\n\nRoutes:\n {2}- \S+routes\.yaml:\d+: row own: .*namespace/);
  });

  test('without files judges a configuration where they are not mounted', async () => {
    const path = file({ oidc: { ...oidc, caFile: '/nowhere/ca.pem' } });
    expect(await check(path)).toMatchObject({ status: 2 });
    expect(await check(path, '--without-files')).toMatchObject({ status: 0 });
  });

  test('takes the example for Kubeflow, whose only danger is http to Dex', async () => {
    const { status, printed } = await check(example, '--without-files');
    expect(status).toBe(0);
    expect(printed.match(/insecure\w+/g)).toEqual(['insecureIssuerOverHttp']);
  });

  test('refuses a call without a file, and a file that is not there', async () => {
    await expect(check('/nowhere/gateway.yaml')).rejects.toThrow('cannot be read (ENOENT)');
    await expect(check('')).rejects.toThrow('--config FILE is missing');
    await expect(check(example, '--quick')).rejects.toThrow("'--quick'");
  });
});
