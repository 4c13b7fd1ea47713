// Owns putting the Redis session store and its change channel together: they share the connection
// for commands, and after a failover the channel makes the store repeat what may be lost.
import type { ChangeChannel } from './change-channel.ts';
import type { RecordStore } from './record-store.ts';
import { RedisChangeChannel } from './redis-change-channel.ts';
import { RedisClient, type RedisParts } from './redis-client.ts';
import { RedisRecordStore } from './redis-record-store.ts';
import { redisServers } from './redis-servers.ts';

export interface RedisStorage {
  readonly store: RecordStore;
  readonly changes: ChangeChannel;
}

/** Never waits for Redis and never fails because of it; close both parts, in any order. */
export function openRedisStorage(given: Omit<RedisParts, 'servers'>): RedisStorage {
  const parts = { ...given, servers: redisServers(given.options, given) };
  const client = new RedisClient(parts);
  const store = new RedisRecordStore(client, given.options.keyPrefix, given.clock);
  return { store, changes: new RedisChangeChannel({ ...parts, client, store }) };
}
