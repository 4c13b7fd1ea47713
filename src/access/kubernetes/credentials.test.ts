import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { kubernetesCredentials, NotInCluster } from './create-kubernetes-source.ts';
import { inClusterCredentials } from './in-cluster.ts';
import { kubeconfigCredentials, KubeconfigProblem } from './kubeconfig.ts';

let directory: string;
const clock = new FakeClock();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'credentials-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function put(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
  readonly more?: object;
}

/** JSON is YAML. */
function kubeconfig({
  cluster = {},
  user = { token: 'secret-token' },
  more = {},
}: Parts = {}): string {
  const config = {
    'current-context': 'here',
    contexts: [
      { name: 'elsewhere', context: { cluster: 'c2', user: 'u2' } },
      { name: 'here', context: { cluster: 'c1', user: 'u1', namespace: 'any' } },
    ],
    clusters: [{ name: 'c1', cluster: { server: 'https://api.example:6443', ...cluster } }],
    users: [{ name: 'u1', user }],
    ...more,
  };
  return put('config', JSON.stringify(config));
}

describe('a kubeconfig', () => {
  it('says which server, and who we are to it', () => {
    const credentials = kubeconfigCredentials(
      kubeconfig({ cluster: { 'tls-server-name': 'kubernetes' } }),
      clock,
    );
    expect(credentials.server.href).toBe('https://api.example:6443/');
    expect(credentials.serverName).toBe('kubernetes');
    expect(credentials.token()?.reveal()).toBe('secret-token');
  });

  it('names a token file beside itself, which is read anew after a minute', async () => {
    put('token', 'first\n');
    const credentials = kubeconfigCredentials(kubeconfig({ user: { tokenFile: 'token' } }), clock);
    expect(credentials.token()?.reveal()).toBe('first');
    put('token', 'second\n');
    await clock.advance(59_999);
    expect(credentials.token()?.reveal()).toBe('first');
    await clock.advance(1);
    expect(credentials.token()?.reveal()).toBe('second');
  });

  it('may leave the token to a client certificate', () => {
    const credentials = kubeconfigCredentials(kubeconfig({ user: {} }), clock);
    expect(credentials.token()).toBeUndefined();
  });

  it('is YAML', () => {
    const path = put(
      'config',
      [
        'current-context: a',
        'contexts: [{name: a, context: {cluster: b, user: c}}]',
        'clusters: [{name: b, cluster: {server: "http://127.0.0.1:8080"}}]',
        'users: [{name: c, user: {token: t}}]',
      ].join('\n'),
    );
    expect(kubeconfigCredentials(path, clock).server.port).toBe('8080');
  });

  it.each<[string, Parts, RegExp]>([
    ['exec', { user: { exec: { command: 'aws' } } }, /signs in by exec/],
    ['auth-provider', { user: { 'auth-provider': {} } }, /signs in by auth-provider/],
    ['a password', { user: { username: 'a', password: 'hunter2' } }, /signs in by username/],
    ['impersonation', { user: { token: 't', as: 'root' } }, /signs in by as,/],
    ['no certificate checks', { cluster: { 'insecure-skip-tls-verify': true } }, /switches off/],
    ['a proxy', { cluster: { 'proxy-url': 'http://proxy' } }, /proxy-url/],
    ['http to elsewhere', { cluster: { server: 'http://api.example' } }, /not https/],
    ['no server', { cluster: { server: undefined } }, /server is missing/],
    ['no such context', { more: { 'current-context': 'gone' } }, /no context/],
    ['no such cluster', { more: { clusters: [] } }, /no cluster/],
    ['no such user', { more: { users: [] } }, /no user/],
    ['no context at all', { more: { 'current-context': undefined } }, /current-context is missing/],
    [
      'a token that is no text',
      { user: { token: 12345678 } },
      /token is missing or of a wrong type/,
    ],
  ])('is refused with %s, without repeating what it holds', (_, parts, message) => {
    const read = () => kubeconfigCredentials(kubeconfig(parts), clock);
    expect(read).toThrow(KubeconfigProblem);
    expect(read).toThrow(message);
    expect(read).not.toThrow(/secret-token|hunter2|12345678/);
  });

  it('that is not YAML is refused without repeating what it holds', () => {
    const path = put('config', 'users: [{token: "secret-token]');
    expect(() => kubeconfigCredentials(path, clock)).toThrow('cannot be read');
    expect(() => kubeconfigCredentials(path, clock)).not.toThrow(/secret-token/);
  });

  it('that does not exist is refused', () => {
    expect(() => kubeconfigCredentials(join(directory, 'none'), clock)).toThrow('ENOENT');
  });
});

describe('credentials of a pod', () => {
  it('are the files of its service account', () => {
    put('token', 'pod-token');
    put('ca.crt', '');
    const credentials = inClusterCredentials({ host: '10.0.0.1', port: '443', directory }, clock);
    expect(credentials.server.href).toBe('https://10.0.0.1/');
    expect(credentials.token()?.reveal()).toBe('pod-token');
    put('token', 'next');
    credentials.forget();
    expect(credentials.token()?.reveal()).toBe('next');
  });

  it('may be for an IPv6 address', () => {
    const { server } = inClusterCredentials({ host: 'fd00::1', port: '6443' }, clock);
    expect(server.href).toBe('https://[fd00::1]:6443/');
  });

  it('are not there outside of a pod', () => {
    expect(() => kubernetesCredentials({}, clock)).toThrow(NotInCluster);
  });
});
