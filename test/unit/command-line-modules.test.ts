// What the commands of a laptop load: a package of servers must not be one that a laptop runs.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AuthorizationServer } from '../fixtures/authorization-server.ts';
import { runProgram } from '../neighbours/run-program.ts';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'src/main.ts');
const PRELOAD = new URL('../fixtures/loaded-modules.ts', import.meta.url).href;

let home = '';
let server: AuthorizationServer;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'kfgw-modules-'));
  server = await AuthorizationServer.start();
  server.device = 'allowed';
  // Each token is old at once, so that "token" has to ask.
  server.accessLifeSec = 1;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(home, { recursive: true });
});

/** Runs a command to its good end; the packages and files of ours that it loaded, in order. */
async function loadedBy(...args: string[]): Promise<readonly string[]> {
  const list = join(home, 'loaded');
  const env = { PATH: process.env['PATH'], HOME: home, LOADED_MODULES: list };
  await runProgram(process.execPath, ['--import', PRELOAD, MAIN, ...args], { env });
  const urls = readFileSync(list, 'utf8').split('\n');
  const names = urls.filter((url) => url.startsWith('file:')).map(nameOf);
  return [...new Set(names)].sort();
}

/** `node_modules/NAME` of a package, the path of a file of ours. */
function nameOf(url: string): string {
  const path = relative(ROOT, fileURLToPath(url));
  return /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path;
}

const inEach = [
  'node_modules/oauth4webapi',
  'node_modules/openid-client',
  'src/cli/authorization-server.ts',
];

describe('on a laptop, without a module of the server', () => {
  test.each([
    ['login', ['login', '--device', '--url', '']],
    ['token', ['token']],
    ['logout', ['logout']],
  ])('%s loads the protocol, the credentials file and little else', async (_name, args) => {
    const loaded = await loadedBy(...args.map((arg) => (arg === '' ? server.origin : arg)));
    expect(loaded).toEqual(expect.arrayContaining(inEach));
    const others = loaded.filter((name) => !/^src\/(cli|commands|kernel)\//.test(name));
    const allowed = [
      ...['node_modules/jose', 'node_modules/oauth4webapi', 'node_modules/openid-client'],
      'src/identity/bearer/token-scope.ts',
      'src/identity/login/bounded-fetch.ts',
      'src/identity/login/permit-http.ts',
      'src/identity/oauth/command-line-client.ts',
      'src/main.ts',
      'src/request/dns-name.ts',
    ];
    expect(others.filter((name) => !allowed.includes(name))).toEqual([]);
  });
});
