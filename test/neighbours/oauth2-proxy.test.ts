import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { describeWith } from './describe-with.ts';
import { DEX_PASSWORD, kubeflowClient, kubeflowUser } from './dex-config.ts';
import { startDex } from './dex.ts';
import { freePort } from './free-port.ts';
import { isAlive } from './liveness.ts';
import { startOauth2Proxy } from './oauth2-proxy.ts';
import { pollUntil } from './poll-until.ts';
import { startRedis } from './redis.ts';
import { CookieJar, signInByForm } from './sign-in-form.ts';

describeWith(['oauth2-proxy-7.15.2', 'dex-2.45.1', 'redis'], 'oauth2-proxy', () => {
  it.each(['cookie', 'redis'] as const)(
    'signs in at Dex, forwards, logs requests, keeps sessions in the %s, and leaves no process',
    async (kind) => {
      await using redis = await startRedis();
      await using upstream = await startEcho();
      const port = await freePort();
      const redirectUrl = `http://127.0.0.1:${port}/oauth2/callback`;
      await using dex = await startDex({
        clients: [{ ...kubeflowClient, redirectURIs: [redirectUrl] }],
      });
      const proxy = await startOauth2Proxy({
        ...{ port, issuer: dex.issuer, upstream: upstream.url },
        ...{ clientId: kubeflowClient.id, clientSecret: kubeflowClient.secret },
        sessions: kind === 'cookie' ? { kind } : { kind, url: redis.url },
      });
      const person = { login: kubeflowUser.email, password: DEX_PASSWORD };
      const jar = new CookieJar();
      const { answer } = await signInByForm(`${proxy.url}/hello`, person, { jar });
      expect(answer).toMatchObject({ status: 200, body: '/hello for user@example.com' });
      expect(await redis.command('dbsize')).toBe(kind === 'cookie' ? '0' : '1');
      await pollUntil('the request is logged', async () =>
        (await readFile(proxy.requestLog, 'utf8')).includes('"/hello"'),
      );
      const { pid } = proxy.process;
      await proxy.stop();
      expect(isAlive(pid)).toBe(false);
    },
  );
});

async function startEcho() {
  const server = createServer(({ url, headers }, response) => {
    response.end(`${url ?? ''} for ${String(headers['x-forwarded-email'])}`);
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
