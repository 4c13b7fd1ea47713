import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { OPEN_POLICY } from '../fixtures/open-policy.ts';
import { pollUntil } from '../neighbours/poll-until.ts';

const repository = join(import.meta.dirname, '..', '..');
const main = join(repository, 'src', 'main.ts');
const compileCache = mkdtempSync(join(tmpdir(), 'kfgw-compile-cache-'));
const env = {
  PATH: process.env['PATH'],
  KFGW_OIDC__CLIENT_SECRET: 'the-client-secret',
  // Some twenty processes load the same sources: all but the first in half the time.
  NODE_COMPILE_CACHE: compileCache,
};
afterAll(() => {
  rmSync(compileCache, { recursive: true });
});

let directory = '';
let running: ChildProcess | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kfgw-command-line-'));
});
afterEach(() => {
  running?.kill('SIGKILL');
  running = undefined;
  rmSync(directory, { recursive: true });
});

function call(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    env,
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, stdout, stderr: stripVTControlCharacters(stderr) };
}

/** Nothing listens at port 1: the gateway must start without its provider. */
const base = {
  listeners: {
    public: { host: '127.0.0.1', port: 0 },
    admin: { host: '127.0.0.1', port: 0 },
    local: { port: 0 },
  },
  oidc: { issuer: 'http://127.0.0.1:1', insecureIssuerOverHttp: true },
  files: { pollEvery: '1s' },
  rbac: { source: 'manifests', manifestsDirectory: OPEN_POLICY },
};

function configFile(more: object = {}): string {
  const path = join(directory, 'gateway.yaml');
  writeFileSync(path, stringify({ ...base, ...more }));
  return path;
}

type LogLine = Readonly<Record<string, unknown>>;

/** A gateway as a process of its own, and its log. */
class Served {
  readonly process: ChildProcess;
  output = '';
  readonly #exit: Promise<unknown[]>;

  constructor(path: string) {
    this.process = running = spawn(process.execPath, [main, 'serve', '--config', path], { env });
    this.process.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.process.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.#exit = once(this.process, 'exit');
  }

  async exit(): Promise<number | null> {
    await this.#exit;
    return this.process.exitCode;
  }

  /** The first line with this message. */
  line(message: string): Promise<LogLine> {
    const found = () => this.lines().find((line) => line['message'] === message);
    return pollUntil(message, found, { withinMs: 20_000 });
  }

  lines(): LogLine[] {
    return this.output
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine);
  }
}

const commands = ['serve', 'check-config', 'keys', 'explain', 'login', 'token', 'logout'];

describe('the command line', { timeout: 30_000 }, () => {
  test('explains itself and every command', () => {
    const { status, stdout } = call('--help');
    expect(status).toBe(0);
    for (const command of commands) {
      expect(stdout).toContain(`  ${command} `);
      const help = call(command, '--help');
      expect(help.status).toBe(0);
      expect(help.stdout).toContain(`Usage: kubeflow-auth-gateway ${command} `);
      expect(help.stdout).toContain('Exit status:');
    }
  });

  test('tells the version of the package', () => {
    const text = readFileSync(join(repository, 'package.json'), 'utf8');
    const { version } = JSON.parse(text) as { version: string };
    expect(call('--version')).toMatchObject({
      status: 0,
      stdout: `kubeflow-auth-gateway ${version}\n`,
    });
  });

  test.each([
    [[], 'no command given'],
    [['start'], 'no such command: start'],
    [['constructor'], 'no such command: constructor'],
    [['serve'], '--config FILE is missing'],
    [['serve', '--config', '/nowhere/gateway.yaml'], 'cannot be read (ENOENT)'],
    [['serve', '--port', '80'], "Unknown option '--port'\n"],
    [['keys'], 'say one of: keys init, rotate, list, prune'],
    [['explain', '--user', 'u', '--url', '/'], 'say one of --config FILE, --manifests DIR'],
    [['login'], '--url URL is missing'],
  ])('ends the call %j with 2 and says what would be right', (args, message) => {
    const { status, stdout, stderr } = call(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toContain('--help".');
  });

  test('makes keys that check-config accepts', () => {
    const keys = join(directory, 'keys');
    expect(call('keys', 'init', '--directory', keys)).toMatchObject({ status: 0, stderr: '' });
    const path = configFile({ keys: { directory: keys } });
    expect(call('check-config', '--config', path)).toMatchObject({ status: 0, stderr: '' });
  });

  test('ends with 0 for what is allowed, and with 3 for what is denied', () => {
    const policy = join(repository, 'config', 'demo-policy');
    const asking = (user: string) =>
      call('explain', '--manifests', policy, '--user', user, '--url', '/notebook/team-a/lab/');
    expect(asking('user@example.com')).toMatchObject({ status: 0, stderr: '' });
    expect(asking('viewer@example.com')).toMatchObject({ status: 3, stderr: '' });
  });

  test('goes on waiting for an API server that cannot be reached, then says so and ends with 1', () => {
    const kubeconfigFile = join(directory, 'kubeconfig');
    const cluster = { server: 'https://127.0.0.1:1' };
    writeFileSync(
      kubeconfigFile,
      stringify({
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
        clusters: [{ name: 'c', cluster }],
        users: [{ name: 'u', user: { token: 't' } }],
      }),
    );
    const asked = ['--user', 'user@example.com', '--url', '/notebook/team-a/lab/'];
    const { status, stdout, stderr } = call('explain', '--kubeconfig', kubeconfigFile, ...asked);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('No roles and bindings to go by:\n');
    expect(stderr).toContain('ECONNREFUSED');
  });

  test('says which Node it needs, before a command fails there in words of its own', () => {
    const versions = `Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } })`;
    const args = ['--import', `data:text/javascript,${versions}`, main, 'token'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
    const said = 'kubeflow-auth-gateway needs Node 24 or newer, and this is 20.20.2.\n';
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: said });
    const { engines } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
      readonly engines: { readonly node: string };
    };
    expect(engines.node).toBe('>=24');
  });

  test('ends with 1 when a command fails', () => {
    const notADirectory = configFile();
    const { status, stderr } = call('keys', 'init', '--directory', notADirectory);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^kubeflow-auth-gateway keys failed: .*(EEXIST|ENOTDIR)/);
  });
});

describe('serve', { timeout: 30_000 }, () => {
  test('tells all problems of a wrong configuration and ends with 2', () => {
    const { status, stdout, stderr } = call(
      'serve',
      '--config',
      configFile({ session: { idle: '0s' }, sesion: {} }),
    );
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('has 2 problems:\n  session.idle: must be a duration');
    expect(stderr).toContain('  sesion: is not an option. Did you mean session?');
  });

  test('starts without its provider, logs dangers, and stops cleanly on SIGTERM', async () => {
    const gateway = new Served(configFile());
    const { ports } = await gateway.line('The gateway listens.');
    expect(await gateway.line('A dangerous setting is on.')).toMatchObject({
      level: 'warn',
      option: 'oidc.insecureIssuerOverHttp',
    });
    const { admin } = ports as { admin: number };
    expect((await fetch(`http://127.0.0.1:${admin}/readyz`)).status).toBe(200);
    gateway.process.kill('SIGTERM');
    expect(await gateway.exit()).toBe(0);
    expect(gateway.output).not.toContain('the-client-secret');
  });

  test('ends with 1 when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const listeners = { ...base.listeners, public: { host: '127.0.0.1', port } };
    const gateway = new Served(configFile({ listeners }));
    expect(await gateway.exit()).toBe(1);
    expect(await gateway.line('The gateway cannot go on.')).toMatchObject({
      error: expect.stringContaining('EADDRINUSE') as unknown,
    });
    other.close();
  });

  test('ends with 2 when its keys cannot be used', () => {
    const keys = join(directory, 'keys');
    mkdirSync(keys);
    const { status, stdout } = call('serve', '--config', configFile({ keys: { directory: keys } }));
    expect(status).toBe(2);
    expect(stdout).toContain('there is no cookie key; there is no record key');
  });

  test('reloads on SIGHUP, keeps what it had when the file is wrong, and names what needs a restart', async () => {
    const gateway = new Served(configFile({ files: { pollEvery: '1h' } }));
    await gateway.line('The gateway listens.');
    configFile({ files: { pollEvery: '1h' }, logging: { level: 'loud' } });
    gateway.process.kill('SIGHUP');
    expect(
      await gateway.line(
        'The configuration cannot be reloaded; what was loaded last stays in force.',
      ),
    ).toMatchObject({ level: 'error', problems: [{ path: 'logging.level' }] });
    configFile({
      files: { pollEvery: '1h' },
      session: { idle: '1h' },
      logging: { level: 'debug' },
    });
    gateway.process.kill('SIGHUP');
    expect(await gateway.line('Changed options need a restart to take effect.')).toMatchObject({
      options: ['session.idleMs'],
    });
    gateway.process.kill('SIGTERM');
    expect(await gateway.exit()).toBe(0);
  });

  test('reloads by itself when a file changes, and stops cleanly on SIGINT', async () => {
    const gateway = new Served(configFile());
    await gateway.line('The gateway listens.');
    configFile({ logging: { level: 'debug' } });
    await gateway.line('The configuration was reloaded.');
    gateway.process.kill('SIGINT');
    expect(await gateway.exit()).toBe(0);
  });
});
