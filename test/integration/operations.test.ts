// What an operator lives with: readiness, draining, reloading, and logs that hold no secret and that
// delay nobody.
import { OPEN_POLICY } from '../fixtures/open-policy.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { metricTable } from '../../src/kernel/metrics.ts';
import { startEchoApplication, type EchoApplication } from '../fixtures/echo-application.ts';
import { MAIN, startGateway, type GatewayProcess } from '../fixtures/gateway-process.ts';
import { ScriptedBrowser } from '../fixtures/scripted-browser.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { DEX_PASSWORD, kubeflowClient } from '../neighbours/dex-config.ts';
import { startDex, type Dex } from '../neighbours/dex.ts';
import { freePorts } from '../neighbours/free-port.ts';
import { plainRequest } from '../neighbours/plain-request.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { makeScratchDirectory, removeScratchDirectory } from '../neighbours/scratch-directory.ts';

describeWith(['dex-2.45.1'], 'a gateway in operation', () => {
  const stack = new AsyncDisposableStack();
  let dex: Dex;
  let application: EchoApplication;
  beforeAll(async () => {
    dex = stack.use(await startDex());
    application = stack.use(await startEchoApplication());
  });
  afterAll(() => stack.disposeAsync());

  const start = (config = {}): Promise<GatewayProcess> =>
    startGateway({ dex, application: application.port, config });

  it('serves health on the admin listener and never on a door', async () => {
    await using gateway = await start();
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      expect((await fetch(gateway.adminUrl + path)).status).toBe(200);
      const headers = { accept: '*/*' };
      expect((await plainRequest(gateway.url + path, { headers })).status).toBe(401);
    }
  });

  it('exposes every metric of the table', async () => {
    await using gateway = await start();
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    const missing = Object.keys(metricTable).filter((name) => !text.includes(`# TYPE ${name} `));
    expect(missing).toEqual([]);
  });

  it("stays ready and says so while the provider is away, and shows it in readyz's body", async () => {
    const away = await freePorts(1);
    await using gateway = await start({
      oidc: {
        issuer: `http://127.0.0.1:${away[0]}/dex`,
        insecureIssuerOverHttp: true,
        timeout: '1s',
      },
    });
    await pollUntil('the provider is known to be away', async () => {
      const answer = await fetch(`${gateway.adminUrl}/readyz`);
      const { ready, parts } = (await answer.json()) as {
        ready: boolean;
        parts: Record<string, string>;
      };
      return answer.status === 200 && ready && parts['provider'] === 'down';
    });
    const page = await plainRequest(`${gateway.url}/oauth2/start`, {
      headers: { accept: 'text/html' },
    });
    expect(page.status).toBe(503);
    expect(page.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('finishes what is under way at SIGTERM, tells WebSockets, takes nothing new, and exits 0', async () => {
    await using gateway = await start();
    using browser = new ScriptedBrowser();
    await browser.signIn(gateway);
    const socket = await browser.open(gateway);
    const upload = slowUpload(gateway, browser);
    await pollUntil('the upload has reached the application', () =>
      application.arrivals.some(({ url }) => url === '/echo/slow'),
    );
    process.kill(gateway.process.pid, 'SIGTERM');
    expect((await socket.closed).code).toBe(1012);
    await pollUntil('new connections are refused', async () => {
      try {
        await plainRequest(gateway.url);
        return false;
      } catch {
        return true;
      }
    });
    upload.finish();
    const answer = await upload.answer;
    expect([answer.status, answer.connection, answer.bodyLength]).toEqual([200, 'close', 2]);
    await pollUntil('the process has ended', () => !gateway.process.isRunning);
    expect(gateway.process.exitCode).toBe(0);
  });

  it('takes a new log level without a restart, keeps the last good state on a bad file', async () => {
    await using gateway = await start();
    const text = await readFile(gateway.configFile, 'utf8');
    const config = JSON.parse(text) as Record<string, unknown>;
    await writeFile(gateway.configFile, '{"logging": {"level": "loud"}}');
    await pollUntil(
      'the bad file is noticed',
      async () => (await gateway.metric('kfgw_reload_failures_total', { file: 'config' })) > 0,
    );
    expect((await fetch(`${gateway.adminUrl}/readyz`)).status).toBe(200);
    await writeFile(gateway.configFile, JSON.stringify({ ...config, logging: { level: 'error' } }));
    process.kill(gateway.process.pid, 'SIGHUP');
    await pollUntil('no audit line is written any more', async () => {
      const before = gateway.log().length;
      await plainRequest(`${gateway.url}/echo`);
      await plainRequest(`${gateway.url}/echo`);
      return gateway.log().length === before;
    });
  });

  it('writes no secret to its log, at the lowest level, whatever goes wrong', async () => {
    await using gateway = await start({ logging: { level: 'debug' } });
    using browser = new ScriptedBrowser();
    await browser.signIn(gateway);
    const marked = 'marked-9f1c';
    await browser.ask(gateway, '/echo', { authorization: `Bearer ${marked}` });
    await browser.ask(gateway, '/echo', { 'kubeflow-userid': `${marked}@example.com` });
    await browser.ask(gateway, `/oauth2/callback?code=${marked}&state=${marked}`, {
      accept: 'text/html',
    });
    await plainRequest(`${gateway.url}/oauth2/backchannel-logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: marked }),
    });
    await plainRequest(`${gateway.url}/echo?token=${marked}`, {
      headers: { cookie: `kfgw=${marked}; other=${marked}` },
    });
    const session = decodeURIComponent(browser.sessionCookie);
    await browser.signOut(gateway);
    await pollUntil('the sign-out is in the log', () =>
      gateway.log().some((line) => line['path'] === '/logout'),
    );
    const log = JSON.stringify(gateway.log());
    const secrets = [marked, kubeflowClient.secret, DEX_PASSWORD, session, session.slice(2, 40)];
    expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
  });

  it('drops and counts log lines while its output is blocked, and answers all the same', async () => {
    await using blocked = await startBlocked(dex, application.port);
    const { adminUrl, url } = blocked;
    await pollUntil(
      'lines are dropped',
      async () => {
        for (let batch = 0; batch < 20; batch += 1) {
          const answers = await Promise.all(
            Array.from({ length: 20 }, () => fetch(`${url}/echo/${'long'.repeat(500)}`)),
          );
          expect(answers.every(({ status }) => status === 401)).toBe(true);
        }
        const text = await (await fetch(`${adminUrl}/metrics`)).text();
        return /^kfgw_log_lines_dropped_total [1-9]/m.test(text);
      },
      { withinMs: 60_000 },
    );
    expect((await fetch(`${adminUrl}/readyz`)).status).toBe(200);
  });
});

interface SlowUpload {
  finish(): void;
  readonly answer: Promise<{ status: number; connection: string | undefined; bodyLength: number }>;
}

/** A request whose body ends only when told. */
function slowUpload(gateway: GatewayProcess, browser: ScriptedBrowser): SlowUpload {
  const sent = http.request(`${gateway.url}/echo/slow`, {
    method: 'POST',
    headers: { cookie: `kfgw=${browser.sessionCookie}`, origin: gateway.url },
  });
  sent.write('a');
  const answer = once(sent, 'response').then(async (values) => {
    const response = values[0] as http.IncomingMessage;
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const { bodyLength } = JSON.parse(Buffer.concat(chunks).toString()) as { bodyLength: number };
    return {
      status: response.statusCode ?? 0,
      connection: response.headers.connection,
      bodyLength,
    };
  });
  return { finish: () => void sent.end('b'), answer };
}

interface Blocked extends AsyncDisposable {
  readonly url: string;
  readonly adminUrl: string;
}

/** A gateway whose standard output is a pipe that nobody reads. */
async function startBlocked(dex: Dex, upstream: number): Promise<Blocked> {
  const [port = 0, adminPort = 0] = await freePorts(2);
  const directory = await makeScratchDirectory('blocked');
  const configFile = join(directory, 'gateway.json');
  await writeFile(configFile, JSON.stringify(blockedConfig(dex, { port, adminPort, upstream })));
  const command = [process.execPath, MAIN, 'serve', '--config', configFile];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], KFGW_OIDC__CLIENT_SECRET: kubeflowClient.secret },
  });
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  await pollUntil('readiness', async () => (await fetch(`${adminUrl}/readyz`)).ok);
  return {
    url: `http://127.0.0.1:${port}`,
    adminUrl,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await once(child, 'exit');
      await removeScratchDirectory(directory);
    },
  };
}

function blockedConfig(
  dex: Dex,
  ports: { readonly port: number; readonly adminPort: number; readonly upstream: number },
): object {
  const host = '127.0.0.1';
  return {
    listeners: {
      public: { host, port: ports.port },
      admin: { host, port: ports.adminPort },
      local: { port: 0 },
    },
    cookies: { insecureWithoutSecure: true },
    oidc: { issuer: dex.issuer, insecureIssuerOverHttp: true },
    rbac: { source: 'manifests', manifestsDirectory: OPEN_POLICY },
    upstreams: [{ prefix: '/', url: `http://${host}:${ports.upstream}` }],
  };
}
