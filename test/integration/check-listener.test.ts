// The check listener of a whole gateway, asked as Envoy asks: what the mesh is told to set and to take away.
import { request, type IncomingMessage } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEchoApplication } from '../fixtures/echo-application.ts';
import { startGateway, type GatewayProcess } from '../fixtures/gateway-process.ts';
import { kubeflowPerson, ScriptedBrowser } from '../fixtures/scripted-browser.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex } from '../neighbours/dex.ts';
import { freePort } from '../neighbours/free-port.ts';
import { pollUntil } from '../neighbours/poll-until.ts';

const NOTEBOOK = '/notebook/team-a/lab/';
const ASSERTION = 'x-kfgw-assertion';

interface Checked {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly removed: readonly string[];
}

/** One question as Envoy puts it: the method and path of the request, no body. */
function check(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<Checked> {
  return new Promise((resolve, reject) => {
    const asked = { host: '127.0.0.1', port, path, method, agent: false } as const;
    const outgoing = request({ ...asked, headers: { 'Content-Length': '0', ...headers } });
    outgoing.on('error', reject);
    outgoing.on('response', (answer) => {
      answer.resume().on('end', () => {
        const removed = String(answer.headers['x-envoy-auth-headers-to-remove'] ?? '').split(', ');
        resolve({ status: answer.statusCode, headers: answer.headers, removed });
      });
    });
    outgoing.end();
  });
}

describeWith(['dex-2.45.1'], 'checks of Envoy', () => {
  const stack = new AsyncDisposableStack();
  let gateway: GatewayProcess;
  let cookie: string;
  let port: number;

  beforeAll(async () => {
    const dex = stack.use(await startDex());
    const echo = stack.use(await startEchoApplication());
    port = await freePort();
    const listeners = { check: { enabled: true, host: '127.0.0.1', port } };
    gateway = stack.use(await startGateway({ dex, application: echo.port, config: { listeners } }));
    const browser = stack.use(new ScriptedBrowser());
    await browser.signIn(gateway, kubeflowPerson);
    cookie = `kfgw=${browser.sessionCookie}`;
  });
  afterAll(() => stack.disposeAsync());

  it('are answered with the session JWT, by which the mesh names the caller', async () => {
    const allowed = await check(port, NOTEBOOK, { Cookie: cookie });
    expect(allowed.status).toBe(200);
    const keys = createRemoteJWKSet(new URL(`${gateway.url}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(String(allowed.headers[ASSERTION]), keys, {
      audience: 'kubeflow',
    });
    expect(payload['kubeflow_userid']).toBe(kubeflowPerson.login);
    expect(allowed.removed).toEqual(
      expect.arrayContaining([
        ...['kubeflow-userid', 'kubeflow_userid', 'kubeflow.userid', 'kubeflow-groups'],
        ...['authorization', 'cookie'],
      ]),
    );
    expect(allowed.removed).not.toContain(ASSERTION);
    expect(allowed.headers['kubeflow-userid']).toBeUndefined();
  });

  it("leave an application's own cookies as they are", async () => {
    const headers = { Cookie: `_xsrf=1; ${cookie}; theme=dark` };
    const allowed = await check(port, NOTEBOOK, headers);
    expect(allowed.headers.cookie).toBe('_xsrf=1; theme=dark');
    const without = await check(port, NOTEBOOK, { Cookie: 'theme=dark' });
    expect(without.headers.cookie).toBeUndefined();
  });

  it('let the sign-in and public rows through without any identity, whoever asks', async () => {
    for (const path of ['/oauth2/start?rd=%2F', '/logout', '/dex/auth']) {
      const allowed = await check(port, path, { Cookie: cookie, 'kubeflow-userid': 'a@b.example' });
      expect(allowed.status, path).toBe(200);
      expect(allowed.removed).toEqual(expect.arrayContaining(['kubeflow-userid', ASSERTION]));
      expect(allowed.headers[ASSERTION]).toBeUndefined();
    }
    const page = await check(port, '/oauth2/userinfo', { Cookie: cookie });
    expect(page.removed).not.toContain('cookie');
  });

  it('are refused in the words that a browser or a program understands', async () => {
    const person = await check(port, NOTEBOOK, { Accept: 'text/html' });
    expect(person.status).toBe(302);
    expect(person.headers.location).toBe(`/oauth2/start?rd=${encodeURIComponent(NOTEBOOK)}`);
    const program = await check(port, NOTEBOOK, { Accept: 'application/json' });
    expect(program.status).toBe(401);
    expect(program.headers['www-authenticate']).toBe('Bearer');
    const badToken = await check(port, NOTEBOOK, { Authorization: 'Bearer x', Cookie: cookie });
    expect(badToken.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
    const socket = { Connection: 'Upgrade', Upgrade: 'websocket', Cookie: cookie };
    expect((await check(port, NOTEBOOK, socket)).status).toBe(403);
    const own = { ...socket, Host: 'kf.example', Origin: 'http://kf.example' };
    expect((await check(port, NOTEBOOK, own)).status).toBe(200);
  });

  it('are the question whatever the path or the method', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics', '/'])
      expect((await check(port, path)).status, path).not.toBe(200);
    for (const method of ['HEAD', 'OPTIONS', 'POST', 'DELETE'])
      expect((await check(port, NOTEBOOK, {}, method)).status, method).toBe(401);
    expect((await check(port, '/notebook/team-a/..%2fteam-b/', { Cookie: cookie })).status).toBe(
      400,
    );
  });

  it('have a line each in the decision log', async () => {
    await check(port, NOTEBOOK, { Cookie: cookie, 'X-Request-Id': 'a-check' });
    await pollUntil('the audit line of the check', () =>
      gateway.log().some(({ door, requestId }) => door === 'check' && requestId === 'a-check'),
    );
  });
});
