import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from './load-config.ts';
import { restartNeeded, WatchedConfig } from './watched-config.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kfgw-watched-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** A configuration whose client secret is mounted as Kubernetes does it. */
function setUp() {
  const path = join(directory, 'gateway.yaml');
  const version = (name: string, secret: string): void => {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, 'secret'), secret);
  };
  version('..v1', 'first');
  symlinkSync('..v1', join(directory, '..data'));
  symlinkSync(join('..data', 'secret'), join(directory, 'secret'));
  const write = (more: string): void => {
    const oidc = `{ issuer: "https://i.example.com", clientSecretFile: ${join(directory, 'secret')} }`;
    writeFileSync(path, `oidc: ${oidc}\n${more}`);
  };
  const swap = (): void => {
    version('..v2', 'second');
    symlinkSync('..v2', join(directory, '..new'));
    renameSync(join(directory, '..new'), join(directory, '..data'));
  };
  write('');
  const load = () => loadConfig({ yamlText: readFileSync(path, 'utf8'), env: {} });
  return { watched: new WatchedConfig(path, load), load, write, swap, path };
}

describe('a watched configuration', () => {
  test('has not changed while its files hold the same, however often they are written', () => {
    const { watched, write } = setUp();
    watched.read();
    write('');
    expect(watched.hasChanged()).toBe(false);
  });

  test('has changed when the file has, until it is read again', () => {
    const { watched, write } = setUp();
    watched.read();
    write('logging: { level: debug }');
    expect(watched.hasChanged()).toBe(true);
    expect(watched.read()).toMatchObject({ config: { logging: { level: 'debug' } } });
    expect(watched.hasChanged()).toBe(false);
  });

  test('has changed when a mounted Secret is swapped', () => {
    const { watched, swap } = setUp();
    watched.read();
    swap();
    expect(watched.hasChanged()).toBe(true);
    const loaded = watched.read();
    expect(loaded.kind === 'loaded' && loaded.secrets.oidcClientSecret.reveal()).toBe('second');
  });

  test('tells a wrong file once, and goes on watching what the last good one named', () => {
    const { watched, write, swap } = setUp();
    watched.read();
    write('logging: { level: loud }');
    expect(watched.read()).toMatchObject({ kind: 'invalid' });
    expect(watched.hasChanged()).toBe(false);
    swap();
    expect(watched.hasChanged()).toBe(true);
  });

  test('that vanishes has changed', () => {
    const { watched, path } = setUp();
    watched.read();
    rmSync(path);
    expect(watched.hasChanged()).toBe(true);
    expect(() => watched.read()).toThrow('ENOENT');
  });

  test('names what only a restart can take over', () => {
    const { load, write } = setUp();
    const before = load();
    write('logging: { level: debug }\nsession: { idle: 1h }\ntrustedProxies: [10.0.0.0/8]');
    const after = load();
    if (before.kind === 'invalid' || after.kind === 'invalid') throw new Error('must load');
    expect(restartNeeded(before.config, after.config)).toEqual([
      'session.idleMs',
      'trustedProxies[0]',
    ]);
    expect(restartNeeded(before.config, before.config)).toEqual([]);
  });
});
