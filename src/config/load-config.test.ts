import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig, type LoadedConfig } from './load-config.ts';
import type { Problem } from './problem.ts';

const secretEnv = { KFGW_OIDC__CLIENT_SECRET: 'a-client-secret' };
const minimal = { oidc: { issuer: 'https://issuer.example.com' } };

function load(yaml: object | string, env: Record<string, string> = secretEnv) {
  return loadConfig({ yamlText: typeof yaml === 'string' ? yaml : stringify(yaml), env });
}

function loaded(yaml: object | string, env?: Record<string, string>): LoadedConfig {
  const result = load(yaml, env);
  if (result.kind === 'invalid') throw new Error(inspect(result.problems));
  return result;
}

function problemsOf(yaml: object | string, env?: Record<string, string>): readonly Problem[] {
  const result = load(yaml, env);
  return result.kind === 'invalid' ? result.problems : [];
}

function pathsOf(yaml: object | string, env?: Record<string, string>): string[] {
  return problemsOf(yaml, env).map(({ path }) => path);
}

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kfgw-config-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe('loading', () => {
  test('fills everything but the issuer and the client secret with defaults', () => {
    const { config, dangers } = loaded(minimal);
    expect(config.listeners.public).toMatchObject({ host: '0.0.0.0', port: 8080 });
    expect(config.oidc.clientId).toBe('kubeflow-oidc-authservice');
    expect(config.oidc.redirectUri).toBe('/oauth2/callback');
    expect(config.sessionJwt).toMatchObject({ lifetimeMs: 300_000, publishDelayMs: 1_500_000 });
    expect(config.limits.headerBytes).toBe(98_304);
    expect(dangers).toEqual([]);
  });

  test('reads durations as milliseconds and sizes as bytes', () => {
    const { config } = loaded({
      ...minimal,
      session: { idle: '90m' },
      limits: { urlBytes: '4KiB' },
    });
    expect(config.session.idleMs).toBe(5_400_000);
    expect(config.limits.urlBytes).toBe(4096);
  });

  test('freezes the result in depth', () => {
    const { config } = loaded({ ...minimal, upstreams: [{ prefix: '/', url: 'http://demo' }] });
    expect(Object.isFrozen(config.upstreams[0]?.tls)).toBe(true);
    expect(Object.isFrozen(config.oidc.scopes)).toBe(true);
  });

  test('takes a section whose options are all commented out for absent', () => {
    const { config } = loaded('oidc:\n  issuer: https://i.example.com\n  endpoints:\nredis:\n');
    expect(config.redis.mode).toBe('single');
    expect(config.oidc.endpoints).toEqual({});
  });

  test('tells a problem of every wrong section at once, each with its path', () => {
    const problems = problemsOf({
      oidc: { issuer: 'ftp://x', timeout: '5 minutes' },
      listeners: { admin: { port: 70_000 } },
      upstreams: [{ prefix: 'a', url: 'http://x/path' }],
      sessionJwt: { lifetime: '10m' },
      publicOrigins: ['https://a.example.com/path'],
    });
    expect(problems.map(({ path }) => path).sort()).toEqual([
      'listeners.admin.port',
      'oidc.issuer',
      'oidc.timeout',
      'publicOrigins[0]',
      'sessionJwt.lifetime',
      'upstreams[0].prefix',
      'upstreams[0].url',
    ]);
    expect(problems.find(({ path }) => path === 'sessionJwt.lifetime')?.message).toBe(
      'must be a duration from 2m to 5m such as 90s, 5m or 12h',
    );
  });

  test('refuses an option that does not exist, and guesses what was meant', () => {
    expect(problemsOf({ oidc: { ...minimal.oidc, tiemout: '5s' }, public_origins: [] })).toEqual([
      { path: 'oidc.tiemout', message: 'is not an option. Did you mean timeout?' },
      { path: 'public_origins', message: 'is not an option. Did you mean publicOrigins?' },
    ]);
  });

  test('says what an option that is required is for', () => {
    expect(problemsOf('{}', {})).toEqual([
      { path: 'oidc', message: 'is required: a mapping of options' },
      {
        path: 'oidc.clientSecretFile',
        message:
          'is required: name a file with it in oidc.clientSecretFile, or give it as KFGW_OIDC__CLIENT_SECRET',
      },
    ]);
  });

  test.each([
    ['a list', '- a', 'file'],
    ['a scalar', 'hello', 'file'],
    ['a repeated key', 'session: {}\nsession: {}\n', 'line 2'],
    ['an unclosed bracket', 'upstreams: [', 'line 1'],
    ['an unknown tag', 'oidc: !!js/function "x"', 'line 1'],
    ['two documents', 'session: {}\n---\nsession: {}\n', 'line 2'],
  ])('refuses %s as a file', (_name, yaml, path) => {
    expect(pathsOf(yaml, {})).toEqual([path]);
  });

  test('refuses aliases that would expand without end', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de'])
      bomb.push(
        `${to ?? ''}: &${to ?? ''} [${Array(9)
          .fill(`*${from ?? ''}`)
          .join(',')}]`,
      );
    expect(problemsOf(bomb.join('\n'))).toEqual([
      { path: 'file', message: 'uses YAML aliases too often' },
    ]);
  });

  test('never throws, whatever the file and the environment hold', { timeout: 30_000 }, () => {
    const yaml = fc.oneof(
      fc.string(),
      fc.json(),
      fc.object({ maxDepth: 3, maxKeys: 4 }).map((value) => JSON.stringify(value)),
      fc
        .dictionary(
          fc.constantFrom('oidc', 'redis', 'keys', 'upstreams', 'session', 'claims', '__proto__'),
          fc.oneof(fc.object({ maxDepth: 2, maxKeys: 4 }), fc.array(fc.string()), fc.string()),
        )
        .map((value) => JSON.stringify(value)),
    );
    const env = fc.dictionary(
      fc.constantFrom('KFGW_OIDC', 'KFGW_OIDC__ISSUER', 'KFGW_UPSTREAMS', 'KFGW_X', 'KFGW_'),
      fc.oneof(fc.string(), fc.json()),
    );
    fc.assert(
      fc.property(yaml, env, (yamlText, variables) => {
        const result = loadConfig({ yamlText, env: variables });
        return result.kind === 'loaded' || result.problems.length > 0;
      }),
      { numRuns: 200 },
    );
  });
});

describe('the environment', () => {
  test('wins over the file', () => {
    const { config } = loaded(
      { ...minimal, session: { idle: '1h' } },
      { ...secretEnv, KFGW_SESSION__IDLE: '2h' },
    );
    expect(config.session.idleMs).toBe(7_200_000);
  });

  test('gives text as it stands, numbers and flags as they read, lists and sections as JSON', () => {
    const { config } = loaded('', {
      ...secretEnv,
      KFGW_OIDC: '{"issuer":"https://first.example.com","clientId":"1234"}',
      KFGW_OIDC__ISSUER: 'https://second.example.com',
      KFGW_LISTENERS__PUBLIC__PORT: '18080',
      KFGW_CLAIMS__LOWER_CASE_USER: 'true',
      KFGW_CLAIMS__USER_PREFIX: '7',
      KFGW_TRUSTED_PROXIES: '["10.0.0.0/8"]',
      KFGW_UPSTREAMS: '[{"prefix":"/","url":"http://demo:80"}]',
    });
    expect(config.oidc).toMatchObject({ issuer: 'https://second.example.com', clientId: '1234' });
    expect(config.listeners.public.port).toBe(18_080);
    expect(config.claims).toMatchObject({ lowerCaseUser: true, userPrefix: '7' });
    expect(config.trustedProxies).toEqual(['10.0.0.0/8']);
    expect(config.upstreams[0]).toMatchObject({ prefix: '/', url: 'http://demo' });
  });

  test('refuses a variable of ours that names no option', () => {
    expect(
      problemsOf(minimal, {
        ...secretEnv,
        KFGW_OIDC__CLIENTID: 'x',
        HOME: '/root',
        KFGW_QQQQ__QQ: '1',
      }),
    ).toEqual([
      {
        path: 'KFGW_OIDC__CLIENTID',
        message: 'is not an option. Did you mean KFGW_OIDC__CLIENT_ID?',
      },
      {
        path: 'KFGW_QQQQ__QQ',
        message: 'is not an option. docs/configuration.md lists all names.',
      },
    ]);
  });

  test('knows the variables that Kubernetes makes for a Service of our name', () => {
    const env = { ...secretEnv, KFGW_SERVICE_HOST: '10.0.0.1', KFGW_PORT_8080_TCP: 'tcp://x' };
    for (const { message } of problemsOf(minimal, env))
      expect(message).toContain('enableServiceLinks: false');
    expect(pathsOf(minimal, env)).toHaveLength(2);
  });

  test('names the variable that a wrong value came from', () => {
    expect(problemsOf(minimal, { ...secretEnv, KFGW_SESSION__IDLE: 'soon' })).toEqual([
      {
        path: 'session.idle',
        message:
          'must be a duration from 1m to 30d such as 90s, 5m or 12h (given by KFGW_SESSION__IDLE)',
      },
    ]);
  });

  test.each([
    ['KFGW_LISTENERS__PUBLIC__PORT', 'http'],
    ['KFGW_CLAIMS__LOWER_CASE_USER', 'yes'],
    ['KFGW_TRUSTED_PROXIES', '10.0.0.0/8'],
    ['KFGW_LIMITS', 'none'],
  ])('says how %s is written when it cannot be read', (name, value) => {
    expect(pathsOf(minimal, { ...secretEnv, [name]: value })).toEqual([name]);
  });
});

describe('secrets', () => {
  test('come from a file, without its last newline, and never print themselves', () => {
    const file = join(directory, 'client-secret');
    writeFileSync(file, 's3cret-value\n');
    const { secrets } = loaded({ oidc: { ...minimal.oidc, clientSecretFile: file } }, {});
    expect(secrets.oidcClientSecret.reveal()).toBe('s3cret-value');
    expect(inspect(secrets) + JSON.stringify(secrets)).not.toContain('s3cret');
  });

  test('come from the environment', () => {
    const { secrets } = loaded(minimal, { ...secretEnv, KFGW_REDIS__PASSWORD: 'p' });
    expect(secrets.oidcClientSecret.reveal()).toBe('a-client-secret');
    expect(secrets.redisPassword?.reveal()).toBe('p');
    expect(secrets.redisSentinelPassword).toBeUndefined();
  });

  test('are refused in the file itself, and the message says where they go', () => {
    const problems = problemsOf({
      oidc: { ...minimal.oidc, clientSecret: 'inline-secret' },
      redis: { password: 'inline-password' },
    });
    expect(problems.map(({ path }) => path)).toEqual(['oidc.clientSecret', 'redis.password']);
    expect(problems[1]?.message).toBe(
      'must not stand in this file: name a file with it in redis.passwordFile, or give it as KFGW_REDIS__PASSWORD',
    );
    expect(JSON.stringify(problems)).not.toContain('inline-');
  });

  test.each([
    ['missing', () => join(directory, 'nothing-here')],
    ['a directory', () => directory],
    ['empty', () => emptyFile()],
  ])('are refused when the file is %s', (_name, file) => {
    expect(pathsOf({ oidc: { ...minimal.oidc, clientSecretFile: file() } }, {})).toEqual([
      'oidc.clientSecretFile',
    ]);
  });

  test('are refused when given twice, or as an empty variable', () => {
    const oidc = { ...minimal.oidc, clientSecretFile: emptyFile() };
    expect(pathsOf({ oidc })).toEqual(['oidc.clientSecretFile']);
    expect(pathsOf(minimal, { KFGW_OIDC__CLIENT_SECRET: ' ' })).toContain(
      'KFGW_OIDC__CLIENT_SECRET',
    );
  });

  test('are still told of when their section is broken', () => {
    const oidc = { issuer: 3, clientSecretFile: join(directory, 'nothing-here') };
    expect(pathsOf({ oidc }, {})).toEqual(['oidc.issuer', 'oidc.clientSecretFile']);
  });

  test('in a file that cannot be read are told with the cause, not with what stands there', () => {
    const problems = problemsOf({ ...minimal, redis: { passwordFile: 'hunter2' } });
    expect(problems).toEqual([
      {
        path: 'redis.passwordFile',
        message: 'must name a file that the gateway can read (ENOENT)',
      },
    ]);
  });

  test('pasted where a URL or duration belongs are not repeated in the message', () => {
    const problems = problemsOf({ oidc: { issuer: 'https://u:hunter2@x', timeout: 'hunter2' } });
    expect(problems).toHaveLength(2);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  function emptyFile(): string {
    const file = join(directory, 'empty');
    writeFileSync(file, '\n');
    chmodSync(file, 0o600);
    return file;
  }
});

describe('files that options name', () => {
  test('must exist', () => {
    const problems = problemsOf({
      oidc: { ...minimal.oidc, caFile: '/nowhere/ca.pem' },
      keys: { directory: '/nowhere' },
      upstreams: [{ prefix: '/', url: 'https://x', tls: { caFile: '/nowhere/ca.pem' } }],
    });
    expect(problems).toEqual([
      { path: 'oidc.caFile', message: 'must name a file that exists' },
      { path: 'keys.directory', message: 'must name a directory that exists' },
      { path: 'upstreams[0].tls.caFile', message: 'must name a file that exists' },
    ]);
  });

  test('are problems, not faults, where the system refuses to look at all', () => {
    const problems = problemsOf({ ...minimal, keys: { directory: `/${'k'.repeat(300)}` } });
    expect(problems).toEqual([
      { path: 'keys.directory', message: 'must name a directory that exists' },
    ]);
  });
});

describe('dangerous settings', () => {
  test('are told with their path and what they expose', () => {
    const { dangers } = loaded({
      oidc: { issuer: 'http://dex', insecureIssuerOverHttp: true, insecureSkipTlsVerify: true },
      claims: { insecureAllowUnverifiedEmail: true },
      cookies: { insecureWithoutSecure: true },
      redis: { tls: { insecureSkipTlsVerify: true } },
      upstreams: [{ prefix: '/', url: 'https://x', tls: { insecureSkipTlsVerify: true } }],
    });
    expect(dangers.map(({ path }) => path)).toEqual([
      'cookies.insecureWithoutSecure',
      'oidc.insecureIssuerOverHttp',
      'oidc.insecureSkipTlsVerify',
      'claims.insecureAllowUnverifiedEmail',
      'redis.tls.insecureSkipTlsVerify',
      'upstreams[0].tls.insecureSkipTlsVerify',
    ]);
    for (const { message } of dangers) expect(message).toMatch(/Anybody|Whoever/);
  });

  test('are choices, too', () => {
    const { dangers } = loaded({
      ...minimal,
      access: { mode: 'shadow', uninspected: 'allow' },
    });
    expect(dangers.map(({ path }) => path)).toEqual(['access.mode', 'access.uninspected']);
    expect(dangers[0]?.message).toContain('forwards what the namespace rules would refuse');
  });
});
