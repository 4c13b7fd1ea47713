// Redis fails in every way beneath running gateways: nobody is granted by it, and nobody whose session
// a gateway knows is signed out within the bound.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startEchoApplication, type EchoApplication } from '../fixtures/echo-application.ts';
import { forgeriesOf, watchWhile } from '../fixtures/fault-watch.ts';
import { startGateway, type GatewayProcess } from '../fixtures/gateway-process.ts';
import { ScriptedBrowser } from '../fixtures/scripted-browser.ts';
import { inRedis, makeSharedKeys, type SharedKeys } from '../fixtures/shared-keys.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex, type Dex } from '../neighbours/dex.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { startRedis, type Redis } from '../neighbours/redis.ts';
import { startTcpRelay, type TcpRelay } from '../neighbours/tcp-relay.ts';

/** After doubt has begun: for a probe of the store and some rounds of asking. */
const OUTAGE_MS = 1_500;
const SHORT_BOUND_SEC = 3;
/** Until doubt begins, for the bound itself, and for a busy machine. */
const BOUND_HAS_PASSED = { withinMs: 2_000 + SHORT_BOUND_SEC * 1_000 + 5_000 };

describeWith(['dex-2.45.1', 'redis'], 'gateways whose Redis fails', () => {
  const stack = new AsyncDisposableStack();
  let dex: Dex;
  let keys: SharedKeys;
  let application: EchoApplication;
  let redis: Redis;
  let relay: TcpRelay;
  let one: GatewayProcess;
  let other: GatewayProcess;
  /** Like the others, with a bound that ends within an outage. */
  let strict: GatewayProcess;
  /** Its session is known to all gateways. */
  let known: ScriptedBrowser;
  /** Its session lives, but is known to `one` only. */
  let stranger: ScriptedBrowser;

  beforeAll(async () => {
    dex = stack.use(await startDex());
    redis = stack.use(await startRedis());
    relay = stack.use(await startTcpRelay(redis.port));
    keys = stack.use(await makeSharedKeys());
    application = stack.use(await startEchoApplication());
    one = stack.use(await start());
    other = stack.use(await start());
    strict = stack.use(await start(`${SHORT_BOUND_SEC}s`));
  });
  afterAll(() => stack.disposeAsync());

  function start(outageBound = '15m'): Promise<GatewayProcess> {
    const session = { store: 'redis', outageBound };
    const config = { ...inRedis(relay.port, keys), session };
    return startGateway({ dex, application: application.port, config });
  }

  beforeEach(async () => {
    await areUp();
    known = stack.use(new ScriptedBrowser());
    // For a second after its last failure a gateway still takes the store for silent.
    await pollUntil('a sign-in succeeds', () => known.signIn(one));
    stranger = stack.use(new ScriptedBrowser());
    await stranger.signIn(one);
    for (const at of [one, other, strict]) await isAnswered(known, at, 200);
  });

  /** Waits for an answer; until then there may be others. */
  async function isAnswered(browser: ScriptedBrowser, at: GatewayProcess, status: number) {
    const ask = async () => (await browser.ask(at)).status === status;
    await pollUntil(`${at.url} answers ${status}`, ask, BOUND_HAS_PASSED);
  }

  async function areUp(): Promise<void> {
    for (const gateway of [one, other, strict]) await storeIs(gateway, 1);
  }

  async function areDown(): Promise<void> {
    for (const gateway of [one, other, strict]) await storeIs(gateway, 0);
  }

  async function killAfterSave(): Promise<void> {
    await redis.command('save');
    await redis.process.end('SIGKILL');
  }

  /** Counts what everybody is answered while the work takes. */
  async function counted(what: string, work: () => Promise<unknown>) {
    const lasts = work();
    const during = () => lasts;
    const forgers = forgeriesOf(known).flatMap((browser) =>
      [one, other].map((at) => ({ browser, at })),
    );
    const [ofKnown, ofStranger, ofForgers] = await Promise.all([
      watchWhile(
        `${what}: known sessions`,
        [
          { browser: known, at: one },
          { browser: known, at: other },
        ],
        during,
      ),
      watchWhile(`${what}: an unknown session`, [{ browser: stranger, at: other }], during),
      watchWhile(`${what}: forged cookies`, forgers, during),
    ]);
    return { ofKnown, ofStranger, ofForgers };
  }

  const outages: readonly (readonly [string, () => unknown, () => unknown])[] = [
    ['is killed', () => killAfterSave(), () => redis.process.restart()],
    ['is silent', () => redis.process.suspend(), () => redis.process.resume()],
    ['is slower than a command may be', () => relay.setDelay(5_000), () => relay.setDelay(0)],
    ['cannot be reached', () => relay.cut(), () => relay.mend()],
  ];
  it.each(outages)('grant nobody and sign nobody out while it %s', async (what, begin, end) => {
    const socket = await known.open(other);
    const strictSocket = await known.open(strict);
    await begin();
    const { ofKnown, ofStranger, ofForgers } = await counted(`Redis ${what}`, async () => {
      await areDown();
      await forMs(OUTAGE_MS);
    });
    expect([...ofKnown.keys()]).toEqual([200]);
    expect([...ofStranger.keys()]).toEqual([503]);
    expect([...ofForgers.keys()]).toEqual([401]);
    await isAnswered(known, strict, 503);
    expect((await known.ask(strict)).headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await strictSocket.closed).toMatchObject({
      code: 1013,
      reason: 'session_store_unavailable',
    });
    expect((await known.signOut(one)).status).toBe(503);
    await end();
    await areUp();
    await isAnswered(known, strict, 200);
    expect(await socket.echo('still here')).toBe('still here');
  });

  it('start while it is away, put everybody off, and work as soon as it is there', async () => {
    await killAfterSave();
    await using late = await start();
    expect((await known.ask(late)).status).toBe(503);
    expect((await forgeriesOf(known)[0]?.ask(late))?.status).toBe(401);
    await redis.process.restart();
    await isAnswered(known, late, 200);
  });

  it('keep those whom they know when it comes back empty, within the bound', async () => {
    const socket = await known.open(other);
    await redis.process.end('SIGKILL');
    const { ofKnown, ofStranger, ofForgers } = await counted('Redis comes back empty', async () => {
      await redis.restart('lost');
      await areUp();
      await forMs(OUTAGE_MS);
    });
    expect([...ofKnown.keys()]).toEqual([200]);
    expect(ofStranger.has(200)).toBe(false);
    expect([...ofForgers.keys()]).toEqual([401]);
    await isAnswered(known, strict, 401);
    expect(await socket.echo('still here')).toBe('still here');
    expect((await known.signOut(one)).status).toBe(200);
    expect((await socket.closed).code).toBe(4401);
  });
});

/** True in the metrics, and thus in `/readyz`; the replica stays ready all the same. */
async function storeIs(gateway: GatewayProcess, up: 0 | 1): Promise<void> {
  const says = async (name: string) => (await gateway.metric(name)) === up;
  await pollUntil(
    `the store is ${up}`,
    async () => (await says('kfgw_store_up')) && (await says('kfgw_revocation_channel_up')),
    { withinMs: 20_000 },
  );
  expect((await fetch(`${gateway.adminUrl}/readyz`)).status).toBe(200);
}

async function forMs(ms: number): Promise<void> {
  const until = performance.now() + ms;
  await pollUntil('it has lasted', () => performance.now() >= until, { withinMs: 2 * ms });
}
