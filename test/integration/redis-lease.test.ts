// A refresh-lock holder that is stopped past its lease and woken: its late write is refused.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Lease } from '../../src/identity/session/record-store.ts';
import { LONG_MS, name, providerRecord, SHORT_MS } from '../contract/record-store-fixture.ts';
import { openRedisReplica, singleRedis } from '../fixtures/redis-replica.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { startRedis } from '../neighbours/redis.ts';

const HOLDER = fileURLToPath(new URL('../fixtures/lease-holder.ts', import.meta.url));

describeWith(['redis'], 'a lease holder that was stopped past its lease', () => {
  it('cannot write when it wakes, although the next holder has not written yet', async () => {
    await using redis = await startRedis();
    await using replica = await openRedisReplica(singleRedis(redis.port));
    const { store } = replica;
    const person = name();
    await store.putProviderRecord(person, Buffer.from('one'), Date.now() + LONG_MS);
    const { revision } = await providerRecord(store, person);
    const first = startHolder(redis.port, person);
    let next: Lease | undefined;
    try {
      expect(await first.says()).toBe('held');
      first.process.kill('SIGSTOP');
      await pollUntil('the lease ends', async () => {
        next = await store.acquireLease(person, LONG_MS);
        return next !== undefined;
      });
      first.process.stdin.write('write\n');
      first.process.kill('SIGCONT');
      expect(await first.says()).toBe('fenced, renewed: false');
    } finally {
      first.process.kill('SIGKILL');
    }
    const expected = { revision, fence: next?.fence ?? 0 };
    const refreshed = Buffer.from('two');
    expect(await store.replaceProviderRecord(person, refreshed, expected)).toBe('written');
    expect((await providerRecord(store, person)).sealed).toEqual(refreshed);
  });
});

function startHolder(port: number, person: string) {
  const args = [HOLDER, String(port), person, String(SHORT_MS)];
  const holder = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(holder.stdout);
  const said: string[] = [];
  lines.on('line', (line) => said.push(line));
  return {
    process: holder,
    async says(): Promise<string> {
      if (said.length === 0) await once(lines, 'line');
      return said.shift() ?? '';
    },
  };
}
