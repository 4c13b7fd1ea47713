// A Redis master dies beneath running gateways and Sentinel makes another one.
import { expect, it } from 'vitest';
import { startEchoApplication } from '../fixtures/echo-application.ts';
import { forgeriesOf, watchWhile } from '../fixtures/fault-watch.ts';
import { startGateway, type GatewayProcess } from '../fixtures/gateway-process.ts';
import { ScriptedBrowser } from '../fixtures/scripted-browser.ts';
import { inSentinel, makeSharedKeys } from '../fixtures/shared-keys.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex } from '../neighbours/dex.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { startRedisSentinel, type RedisSentinel } from '../neighbours/redis-sentinel.ts';

describeWith(['dex-2.45.1', 'redis'], 'two gateways with Redis under Sentinel', () => {
  it('grant nobody and sign nobody out while the master dies, even with what it had not replicated', async () => {
    await using dex = await startDex();
    await using set = await startRedisSentinel();
    await using keys = await makeSharedKeys();
    await using application = await startEchoApplication();
    const start = { dex, application: application.port, config: inSentinel(set, keys) };
    await using one = await startGateway(start);
    await using other = await startGateway(start);
    const both = [one, other];
    await areUp(both);

    using known = new ScriptedBrowser();
    await known.signIn(one);
    const socket = await known.open(other);
    using goneBefore = new ScriptedBrowser();
    await goneBefore.signIn(other);
    using thief = goneBefore.withCopiedCookie();
    expect((await thief.ask(one)).status).toBe(200);
    await stopReplicating(set);
    expect((await goneBefore.signOut(other)).status).toBe(200);
    await pollUntil('both refuse it', async () => (await thief.ask(one)).status === 401);

    const at = (browser: ScriptedBrowser) => both.map((gateway) => ({ browser, at: gateway }));
    const unknown = [thief, ...forgeriesOf(known)];
    const failOver = failOverToLaggard(set).then(() => areUp(both));
    const [ofKnown, ofUnknown] = await Promise.all([
      watchWhile('failover: known sessions', at(known), () => failOver),
      watchWhile('failover: ended and forged', unknown.flatMap(at), () => failOver),
    ]);
    expect([...ofKnown.keys()]).toEqual([200]);
    expect([...ofUnknown.keys()]).toEqual([401]);
    expect(await socket.echo('still here')).toBe('still here');

    await using third = await startGateway(start);
    await areUp([third]);
    expect((await thief.ask(third)).status).toBe(401);
    using newcomer = new ScriptedBrowser();
    // For a second after its last failure a gateway still takes the store for silent.
    await pollUntil('a newcomer signs in', () => newcomer.signIn(other));
    await pollUntil('is known', async () => (await newcomer.ask(one)).status === 200);
    expect((await known.signOut(one)).status).toBe(200);
    expect(await socket.closed).toMatchObject({ code: 4401, reason: 'signed_out' });
  });
});

/** From now on what the master confirms is nowhere else. */
async function stopReplicating(set: RedisSentinel): Promise<void> {
  const master = await set.master();
  for (const node of set.nodes) if (node !== master) node.process.suspend();
  await master.command('client', 'kill', 'type', 'replica');
}

async function failOverToLaggard(set: RedisSentinel): Promise<void> {
  const master = await set.master();
  await master.process.end('SIGKILL');
  for (const node of set.nodes) node.process.resume();
  await pollUntil('another node is master', async () => (await set.master()) !== master, {
    withinMs: 30_000,
  });
}

async function areUp(gateways: readonly GatewayProcess[]): Promise<void> {
  for (const gateway of gateways) {
    const says = async (name: string) => (await gateway.metric(name)) === 1;
    await pollUntil(
      'store and channel are up',
      async () => (await says('kfgw_store_up')) && (await says('kfgw_revocation_channel_up')),
      { withinMs: 30_000 },
    );
  }
}
