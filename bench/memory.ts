// Measures what 10,000 cached sessions and 1,000 idle WebSockets cost one gateway: real Redis, real
// sockets, the sessions written as another replica would.
//   node bench/memory.ts [sessions] [sockets]
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { createSessions } from '../src/identity/session/create-sessions.ts';
import { newSessionId, signSessionCookie } from '../src/identity/session/session-cookie.ts';
import { openRedisStorage } from '../src/identity/session/redis-storage.ts';
import { readKeyFiles } from '../src/identity/tokens/key-files.ts';
import { systemClock } from '../src/kernel/clock.ts';
import { silentLogger } from '../src/kernel/logger.ts';
import { silentMetrics } from '../src/kernel/metrics.ts';
import { systemRandom } from '../src/kernel/random.ts';
import { startGateway } from '../test/fixtures/gateway-process.ts';
import { inRedis, makeSharedKeys } from '../test/fixtures/shared-keys.ts';
import { startDex } from '../test/neighbours/dex.ts';
import { freePort } from '../test/neighbours/free-port.ts';
import { pollUntil } from '../test/neighbours/poll-until.ts';
import { startRedis } from '../test/neighbours/redis.ts';
import { startChild } from './contestants.ts';
import { NODE_FLAGS, PROGRAM } from '../test/fixtures/image.ts';
import { residentMiB } from './process-usage.ts';

const HOUR_MS = 3_600_000;
const sessions = Number(process.argv[2] ?? 10_000);
const sockets = Number(process.argv[3] ?? 1_000);
const AT_ONCE = 50;

const directory = mkdtempSync(join(tmpdir(), 'kfgw-bench-'));
const application = await freePort();
const upstream = startChild(
  [process.execPath, 'bench/upstream.ts', String(application)],
  join(directory, 'upstream.log'),
  '1',
);
try {
  await using dex = await startDex();
  await using redis = await startRedis();
  await using keys = await makeSharedKeys();
  await using gateway = await startGateway({
    ...{ dex, application, config: inRedis(redis.port, keys) },
    ...{ program: PROGRAM, nodeFlags: NODE_FLAGS },
  });
  const resident = (): string => `${residentMiB(gateway.process.pid).toFixed(0)} MiB`;
  console.log(`started: ${resident()}`);
  const cookies = await seed(redis.port, keys.directory);
  const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
  await inBatches(cookies, (cookie) => ask(agent, `${gateway.url}/small`, cookie));
  agent.destroy();
  const cached = await gateway.metric('kfgw_session_cache_entries');
  console.log(`${cached} sessions cached: ${resident()}`);
  const open: WebSocket[] = [];
  await inBatches(cookies.slice(0, sockets), async (cookie) => {
    open.push(await openSocket(gateway.url, cookie));
  });
  const live = await pollUntil('the gateway counts them', async () => {
    const counted = await gateway.metric('kfgw_live_connections', { kind: 'websocket' });
    return counted >= sockets && counted;
  });
  console.log(`${live} idle WebSockets besides: ${resident()}`);
  for (const socket of open) socket.terminate();
} finally {
  await upstream.stop();
  rmSync(directory, { recursive: true, force: true });
}

/** Writes sessions into Redis as a replica with the same keys would; returns their Cookie headers. */
async function seed(port: number, keyDirectory: string): Promise<string[]> {
  const read = await readKeyFiles(keyDirectory);
  if (read.kind === 'invalid') throw new Error(read.problems.join('; '));
  const [cookieKey] = read.keys.cookie;
  if (cookieKey === undefined) throw new Error('no cookie key');
  const parts = {
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    metrics: silentMetrics,
  };
  const storage = openRedisStorage({
    ...parts,
    options: {
      mode: 'single',
      address: `127.0.0.1:${port}`,
      database: 0,
      username: undefined,
      password: () => undefined,
      tls: () => undefined,
      keyPrefix: 'kfgw:',
      connectTimeoutMs: 2_000,
      commandTimeoutMs: 2_000,
    },
  });
  const room = createSessions(
    {
      idleMs: 12 * HOUR_MS,
      absoluteMs: 24 * HOUR_MS,
      outageBoundMs: HOUR_MS,
      cacheEntries: 100,
      claimsRefreshAfterMs: HOUR_MS,
      claimsMaxAgeMs: 8 * HOUR_MS,
      userIdHeader: 'kubeflow-userid',
      groupsHeader: 'kubeflow-groups',
    },
    {
      ...parts,
      store: storage.store,
      channel: storage.changes,
      keys: {
        cookie: () => [cookieKey.secret],
        record: () => read.keys.record.map((k) => k.secret),
      },
      signAssertion: () => ({ token: '', expiresAtMs: 0 }),
      refreshGrant: () => Promise.resolve({ kind: 'failed' }),
    },
  );
  await pollUntil('Redis', async () => {
    await room.sessions.remember('bench', Date.now() + 1_000);
    return true;
  });
  const ids = Array.from({ length: sessions }, () => newSessionId(systemRandom));
  let person = 0;
  await inBatches(ids, async (id) => {
    await room.sessions.establish(id, loginOf(`person-${person++}@example.com`));
  });
  await room.close();
  await storage.changes.close();
  await storage.store.close();
  return ids.map((id) => `kfgw=${signSessionCookie(id, cookieKey.secret)}`);
}

function loginOf(user: string) {
  const nowMs = Date.now();
  return {
    claims: {
      principal: { userId: user, groups: ['kubeflow-users', 'ml-engineers', 'team-a', 'team-b'] },
      email: user,
      authTimeSec: Math.floor(nowMs / 1000),
      expiresAtMs: nowMs + 24 * HOUR_MS,
    },
    tokens: {
      issuer: 'https://idp.example',
      clientId: 'kubeflow-oidc-authservice',
      sub: user,
      providerSid: undefined,
      idToken: 'x'.repeat(1_200),
      refreshToken: 'y'.repeat(100),
    },
  };
}

async function inBatches<T>(all: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < all.length; at += AT_ONCE)
    await Promise.all(all.slice(at, at + AT_ONCE).map(run));
}

function ask(agent: http.Agent, url: string, cookie: string): Promise<void> {
  return new Promise((resolve, reject) => {
    http
      .get(url, { agent, headers: { cookie } }, (response) => {
        response.resume().once('end', resolve);
        if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      })
      .once('error', reject);
  });
}

async function openSocket(url: string, cookie: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket`, {
    headers: { cookie, origin: url },
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return socket;
}
