import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { CapturedTerminal } from '../../test/fixtures/captured-terminal.ts';
import { Cleanups } from '../../test/fixtures/cleanups.ts';
import { ScriptedApiServer } from '../../test/fixtures/scripted-api-server.ts';
import type { Environment } from '../config/environment.ts';
import { systemClock } from '../kernel/clock.ts';
import { systemRandom } from '../kernel/random.ts';
import { explain } from './explain.ts';

const policy = join(import.meta.dirname, '..', '..', 'config', 'demo-policy');
const cleanups = new Cleanups();
afterEach(cleanups.run);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kfgw-explain-'));
  cleanups.add(() => {
    rmSync(directory, { recursive: true });
  });
});

function file(name: string, content: object): string {
  const path = join(directory, name);
  writeFileSync(path, stringify(content));
  return path;
}

async function call(args: readonly string[], env: Environment = {}) {
  const terminal = new CapturedTerminal();
  const context = { args, env, terminal, clock: systemClock, random: systemRandom };
  const status = await explain.run(context);
  return { status, printed: terminal.printed, complained: terminal.complained };
}

const byManifests = (...args: string[]) => call(['--manifests', policy, ...args]);
const notebook = ['--url', '/notebook/team-a/lab/'];

describe('explain', () => {
  test('ends with 0 and the binding where it is allowed', async () => {
    const { status, printed } = await byManifests('--user', 'user@example.com', ...notebook);
    expect(status).toBe(0);
    expect(printed).toMatch(/^ALLOWED {2}GET \/notebook\/team-a\/lab\/\n/);
    expect(printed).toContain('by RoleBinding team-a/namespaceAdmin, which binds User user@');
  });

  test('ends with 3 and what would be enough where it is denied', async () => {
    const { status, printed } = await byManifests('--user', 'viewer@example.com', ...notebook);
    expect(status).toBe(3);
    expect(printed).toContain('DENIED  GET /notebook/team-a/lab/ (namespace_forbidden: ');
    expect(printed).toContain('it would be enough to be viewer of the namespace');
  });

  test('prints JSON for programs', async () => {
    const asked = ['--user', 'u', '--group', 'g', '--group', 'h', '--json', '--method', 'POST'];
    const url = 'https://kf.example.com/jupyter/api/namespaces/shared/notebooks';
    const { status, printed } = await byManifests(...asked, '--url', url);
    expect(status).toBe(3);
    expect(JSON.parse(printed)).toMatchObject({
      ...{ decision: 'denied', reason: 'namespace_forbidden', user: 'u', groups: ['g', 'h'] },
      ...{ method: 'POST', host: 'kf.example.com' },
      route: { namespace: 'shared', class: 'notebooks' },
      questions: [{ question: 'create notebooks.kubeflow.org in namespace shared' }],
    });
  });

  test('ends with 2 where the request can be read in two ways', async () => {
    const { status, printed } = await byManifests('--user', 'u', '--url', '/notebook/../x');
    expect(status).toBe(2);
    expect(printed).toContain('REFUSED  GET /notebook/../x (target_dot_segment: ');
  });

  test('ends with 0 where the body decides, and says so', async () => {
    const args = ['--user', 'u', '--method', 'POST', '--url', '/api/workgroup/create'];
    const { status, printed } = await byManifests(...args);
    expect(status).toBe(0);
    expect(printed).toContain('DEPENDS  POST /api/workgroup/create (owner_is_someone_else: ');
  });

  test('tells a service account what refuses it behind the gateway', async () => {
    const asking = (user: string, url: string) => byManifests('--user', user, '--url', url);
    const account = 'system:serviceaccount:team-a:default-editor';
    const { status, printed } = await asking(account, '/notebook/team-a/lab/');
    expect(status).toBe(0);
    expect(printed).toMatch(/^but +a service account is refused behind the gateway: The Auth/m);
    const others = [
      await asking('user@example.com', '/notebook/team-a/lab/'),
      await asking(account, '/jupyter/api/namespaces/team-a/notebooks'),
      await asking(account, '/notebook/shared/lab/'),
    ];
    for (const other of others) expect(other.printed).not.toContain('behind the gateway');
  });

  test('lists the namespaces in which somebody has a role', async () => {
    const of = (user: string, ...more: string[]) =>
      byManifests('--namespaces', '--user', user, ...more);
    expect((await of('user@example.com')).printed).toBe('shared  contributor\nteam-a  owner\n');
    expect((await of('viewer@example.com')).printed).toBe('shared  viewer\n');
    expect(await of('nobody@example.com')).toMatchObject({
      ...{ status: 0, printed: 'nobody@example.com has a role in no namespace.\n' },
    });
    expect(JSON.parse((await of('viewer@example.com', '--json')).printed)).toEqual({
      ...{ user: 'viewer@example.com', groups: [] },
      namespaces: [{ namespace: 'shared', role: 'viewer' }],
    });
  });

  test('goes by the configuration: its policy, catalogue and public origin', async () => {
    const extraRoutesFile = file('routes.yaml', {
      rows: [
        {
          ...{ id: 'own', path: '/own/{namespace}/**', effect: 'read' },
          ask: ['delete notebooks.kubeflow.org'],
        },
      ],
    });
    const config = file('gateway.yaml', {
      oidc: { issuer: 'https://issuer.example.com' },
      publicOrigins: ['https://kf.example.com'],
      access: { extraRoutesFile, mode: 'shadow', openVerb: 'update' },
      rbac: { source: 'manifests', manifestsDirectory: policy },
    });
    const asking = (url: string) =>
      call(['--config', config, '--user', 'viewer@example.com', '--url', url]);
    const own = await asking('/own/shared/x');
    expect(own.status).toBe(3);
    expect(own.printed).toContain('delete notebooks.kubeflow.org in namespace shared: no');
    expect(own.printed).toContain('It is forwarded nevertheless: access.mode is shadow.');
    const opened = await asking('/notebook/shared/lab/');
    expect(opened.printed).toContain('update notebooks.kubeflow.org/lab in namespace shared: no');
    const listed = await call(['--config', config, '--user', 'u', '--url', '/', '--json']);
    expect(JSON.parse(listed.printed)).toMatchObject({ host: 'kf.example.com' });
  });

  test('goes by the catalogue of the configuration, and by roles and bindings from elsewhere', async () => {
    const own = { id: 'own', path: '/own/{namespace}/**', ask: 'get services own' };
    const extraRoutesFile = file('routes.yaml', { rows: [own] });
    const config = file('gateway.yaml', {
      oidc: { issuer: 'https://issuer.example.com' },
      access: { extraRoutesFile },
    });
    const asking = (url: string) =>
      byManifests('--config', config, '--user', 'viewer@example.com', '--url', url);
    expect((await asking('/own/team-a/')).printed).toContain(
      'get services/own in namespace team-a',
    );
    const allowed = await asking('/own/shared/');
    expect(allowed.status).toBe(0);
    expect(allowed.printed).toContain('by RoleBinding shared/user-viewer-example-com');
  });

  test('reads an API server once, and lets go of it', async () => {
    const server = await ScriptedApiServer.start();
    cleanups.add(() => server.stop());
    server.put('clusterroles', {
      metadata: { name: 'kubeflow-view' },
      rules: [{ verbs: ['get'], apiGroups: ['kubeflow.org'], resources: ['notebooks'] }],
    });
    server.put('rolebindings', {
      metadata: { namespace: 'team-a', name: 'b' },
      roleRef: { kind: 'ClusterRole', name: 'kubeflow-view' },
      subjects: [{ kind: 'Group', name: 'team' }],
    });
    const kubeconfig = file('kubeconfig', kubeconfigFor(server.url.origin));
    const args = ['--kubeconfig', kubeconfig, '--user', 'u', '--group', 'team', ...notebook];
    const { status, printed } = await call(args);
    expect(status).toBe(0);
    expect(printed).toContain('by RoleBinding team-a/b, which binds Group team');
    const config = file('gateway.yaml', {
      oidc: { issuer: 'https://issuer.example.com' },
      rbac: { kubeconfigFile: kubeconfig },
    });
    expect(await call(['--config', config, '--user', 'u', ...notebook])).toMatchObject({
      status: 3,
    });
  });

  test('ends with 1 where there is no policy, and says why', async () => {
    writeFileSync(join(directory, 'a.yaml'), 'kind: Role\n');
    writeFileSync(join(directory, 'b.yaml'), 'a: [\n');
    const { status, printed, complained } = await call([
      ...['--manifests', directory, '--user', 'u', '--namespaces'],
    ]);
    expect([status, printed]).toEqual([1, '']);
    expect(complained).toBe(
      'No roles and bindings to go by:\na.yaml, line 1: apiVersion is missing or is not text\nb.yaml, line 2: is not YAML that can be read (bad indent)\n',
    );
  });

  test('ends with 1 where the API server cannot be reached', { timeout: 30_000 }, async () => {
    const kubeconfig = file('kubeconfig', kubeconfigFor('http://127.0.0.1:1'));
    const { status, complained } = await call([
      ...['--kubeconfig', kubeconfig, '--user', 'u', ...notebook],
    ]);
    expect(status).toBe(1);
    expect(complained).toContain('ECONNREFUSED');
  });

  test.each<[what: string, args: readonly string[], message: string]>([
    ['no source', ['--user', 'u', '--url', '/'], 'say one of --config FILE, --manifests DIR'],
    [
      'two sources',
      ['--manifests', policy, '--kubeconfig', 'x', '--user', 'u', '--url', '/'],
      'say one of --config FILE, --manifests DIR',
    ],
    ['nobody', ['--manifests', policy, '--url', '/'], '--user USER is missing'],
    ['no request', ['--manifests', policy, '--user', 'u'], '--url URL is missing'],
    [
      'a request and namespaces',
      ['--manifests', policy, '--user', 'u', '--url', '/', '--namespaces'],
      'say either --url or --namespaces',
    ],
    [
      'a kubeconfig that is not there',
      ['--kubeconfig', '/nowhere/config', '--user', 'u', '--url', '/'],
      'the kubeconfig cannot be read',
    ],
    [
      'a configuration that is not there',
      ['--config', '/nowhere/gateway.yaml', '--user', 'u', '--url', '/'],
      'cannot be read (ENOENT)',
    ],
  ])('refuses a call with %s', async (_what, args, message) => {
    await expect(call(args)).rejects.toThrow(message);
  });

  test('refuses a configuration with problems, and one for a cluster outside of it', async () => {
    const asking = (config: object, env: Environment = {}) =>
      call(['--config', file('gateway.yaml', config), '--user', 'u', '--url', '/'], env);
    const oidc = { issuer: 'https://issuer.example.com' };
    await expect(asking({ oidc, extra: 1 })).rejects.toThrow('has 1 problem');
    await expect(asking({ oidc })).rejects.toThrow('KUBERNETES_SERVICE_HOST');
  });

  test('refuses a catalogue with problems', async () => {
    const extraRoutesFile = file('routes.yaml', { rows: [{ id: 'x' }] });
    const config = file('gateway.yaml', {
      oidc: { issuer: 'https://issuer.example.com' },
      access: { extraRoutesFile },
      rbac: { source: 'manifests', manifestsDirectory: policy },
    });
    await expect(call(['--config', config, '--user', 'u', '--url', '/'])).rejects.toThrow(
      'the route catalogue cannot be used',
    );
  });
});

function kubeconfigFor(server: string): object {
  return {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token: 't' } }],
  };
}
