import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { freePort } from '../test/neighbours/free-port.ts';
import { pollUntil } from '../test/neighbours/poll-until.ts';
import { CookieJar, signInByForm } from '../test/neighbours/sign-in-form.ts';
import { startDemo, type Demo } from './start-demo.ts';

const password = '12341234';
let demo: Demo;
/** A copy of config/demo-policy, to be edited. */
let policy: string;

beforeAll(async () => {
  policy = mkdtempSync(join(tmpdir(), 'kfgw-demo-policy-'));
  cpSync(join(import.meta.dirname, '..', 'config', 'demo-policy'), policy, { recursive: true });
  demo = await startDemo(await freePort(), {
    KFGW_LOGGING__LEVEL: 'error',
    KFGW_RBAC__MANIFESTS_DIRECTORY: policy,
  });
}, 60_000);
afterAll(async () => {
  await demo.stop();
  rmSync(policy, { recursive: true });
});

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly bodyLength: number;
}

interface UserInfo {
  readonly namespaces: readonly { readonly namespace: string; readonly role: string }[];
}

type Ask = Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> };

async function signIn(login: string): Promise<CookieJar> {
  const jar = new CookieJar();
  const end = await signInByForm(`${demo.url}/`, { login, password }, { jar });
  expect(end.answer?.status).toBe(200);
  return jar;
}

function ask(jar: CookieJar, path: string, init: Ask = {}): Promise<Response> {
  const url = new URL(path, demo.url);
  const signal = AbortSignal.timeout(20_000);
  return fetch(url, { signal, ...init, headers: { ...init.headers, cookie: jar.header(url) } });
}

describe('the demo', { timeout: 60_000 }, () => {
  it.each([
    ['user@example.com', 'ml-engineers,kubeflow-users'],
    ['viewer@example.com', 'viewers'],
  ])('signs %s in and shows who that is', async (login, groups) => {
    const person = { login, password };
    const end = await signInByForm(`${demo.url}/?from=link`, person);
    expect(end.url.href).toBe(`${demo.url}/?from=link`);
    expect(end.answer?.body).toContain(`<strong id="user">${login}</strong>`);
    expect(end.answer?.body).toContain(`<strong id="groups">${groups}</strong>`);
  });

  it('refuses a wrong password', async () => {
    const person = { login: 'user@example.com', password: 'wrong' };
    const { answer } = await signInByForm(`${demo.url}/`, person);
    expect(answer?.status).toBe(401);
    expect(answer?.body).toContain('role="alert"');
    expect(answer?.body).toContain('name="login"');
  });

  it('leads on from the form of a sign-in that is over', async () => {
    const answer = await ask(new CookieJar(), '/dex/auth/local/login');
    const body = await answer.text();
    expect(answer.status).toBe(400);
    expect(body).toContain('<a href="/">Start again</a>');
    expect(body).not.toContain('.ts:');
  });

  it('asks for the password again after a sign-out', async () => {
    const jar = await signIn('user@example.com');
    const out = await ask(jar, '/oauth2/sign_out', {
      method: 'POST',
      headers: { origin: demo.url },
    });
    expect(await out.text()).toContain('You are signed out');
    jar.keep(new URL(demo.url), out.headers);
    const { answer } = await signInByForm(`${demo.url}/`, { login: 'x', password: 'x' }, { jar });
    expect(answer?.status).toBe(401);
  });

  it('echoes what an application received, with one identity that the client did not set', async () => {
    const jar = await signIn('user@example.com');
    const answer = await ask(jar, '/demo/echo?a=%20b', {
      method: 'PUT',
      headers: { 'kubeflow-userid': 'admin@example.com', origin: demo.url },
      body: 'x'.repeat(100_000),
    });
    const echo = (await answer.json()) as Echo;
    expect(echo).toMatchObject({ method: 'PUT', url: '/demo/echo?a=%20b', bodyLength: 100_000 });
    const named = (wanted: string): string[] =>
      echo.headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
    expect(named('kubeflow-userid')).toEqual(['user@example.com']);
    expect(named('kubeflow-groups')).toEqual(['ml-engineers,kubeflow-users']);
    expect(named('x-kfgw-assertion')).toHaveLength(1);
  });

  it('streams events one by one', async () => {
    const jar = await signIn('user@example.com');
    const { body, headers } = await ask(jar, '/demo/events');
    expect(headers.get('content-type')).toBe('text/event-stream');
    let text = '';
    for await (const chunk of body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes('{"count":2}')) break;
    }
    expect(text).toContain('id: 1\ndata: {"count":1}\n\nid: 2\ndata: {"count":2}\n\n');
  });

  it('echoes over a WebSocket', async () => {
    const jar = await signIn('user@example.com');
    const headers = { cookie: jar.header(new URL(demo.url)), origin: demo.url };
    const socket = new WebSocket(`${demo.url.replace('http', 'ws')}/demo/socket`, { headers });
    await once(socket, 'open');
    socket.send('hello');
    const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
    expect([data.toString(), isBinary]).toEqual(['hello', false]);
    socket.close();
    await once(socket, 'close');
  });

  it.each([
    ['user@example.com', { 'team-a': 'owner', shared: 'contributor' }, [200, 200, 403]],
    ['viewer@example.com', { shared: 'viewer' }, [403, 200, 403]],
  ])('lets %s into the notebooks of their namespaces only', async (login, roles, statuses) => {
    const jar = await signIn(login);
    const { namespaces } = (await (await ask(jar, '/oauth2/userinfo')).json()) as UserInfo;
    expect(Object.fromEntries(namespaces.map((n) => [n.namespace, n.role]))).toEqual(roles);
    const answers = ['team-a', 'shared', 'team-z'].map((ns) => ask(jar, `/notebook/${ns}/lab/`));
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(statuses);
  });

  it('tells whom it refuses as whom they are signed in, and what to ask of whom', async () => {
    const person = { login: 'viewer@example.com', password };
    const { answer } = await signInByForm(`${demo.url}/notebook/team-a/lab/`, person);
    expect(answer?.status).toBe(403);
    expect(answer?.body).toContain('<dt>You are</dt><dd><code>viewer@example.com</code></dd>');
    expect(answer?.body).toContain('Ask the owner of the namespace team-a to add you');
  });

  it('lets contributors make a notebook, and viewers not', async () => {
    const make = async (login: string) => {
      const init = { method: 'POST', headers: { origin: demo.url } };
      return (await ask(await signIn(login), '/jupyter/api/namespaces/shared/notebooks', init))
        .status;
    };
    expect(await make('user@example.com')).toBe(200);
    expect(await make('viewer@example.com')).toBe(403);
  });

  it('stands for the other applications, too, where the namespace is in the query', async () => {
    const runs = '/pipeline/apis/v2beta1/runs?namespace=';
    const viewer = await signIn('viewer@example.com');
    expect((await ask(viewer, `${runs}shared`)).status).toBe(200);
    expect((await ask(viewer, `${runs}team-a`)).status).toBe(403);
    expect((await ask(await signIn('user@example.com'), `${runs}team-a`)).status).toBe(200);
  });

  it('takes an edited manifest at once, for open WebSockets too', async () => {
    const jar = await signIn('viewer@example.com');
    const headers = { cookie: jar.header(new URL(demo.url)), origin: demo.url };
    const address = `${demo.url.replace('http', 'ws')}/notebook/shared/lab/api/kernels/k/channels`;
    const socket = new WebSocket(address, { headers });
    await once(socket, 'open');
    socket.send('beat');
    await once(socket, 'message');
    const file = join(policy, 'contributors.yaml');
    const before = readFileSync(file, 'utf8');
    const closed = once(socket, 'close');
    const start = performance.now();
    writeFileSync(file, before.replaceAll('viewer@example.com', 'nobody@example.com'));
    const [code, reason] = (await closed) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([4403, 'namespace_forbidden']);
    expect(performance.now() - start).toBeLessThan(5_000);
    expect((await ask(jar, '/notebook/shared/lab/')).status).toBe(403);
    writeFileSync(file, before);
    await pollUntil(
      'the right to be back',
      async () => (await ask(jar, '/notebook/shared/lab/')).ok,
    );
  });

  it('has a sign-in form without scripts and without anything from elsewhere', async () => {
    const { answer } = await signInByForm(`${demo.url}/`, { login: '', password: '' });
    expect(answer?.body).toMatch(/<form method="post"/);
    expect(answer?.body).not.toMatch(/<script|https?:\/\//);
  });
});
