// Owns the Lua scripts of the session store. Each touches one key only, so that one server, Sentinel
// and Cluster run the same ones. docs/storage.md describes the fields.
import { createHash } from 'node:crypto';
import type { RedisConnection } from './redis-connection.ts';

/** Redis' own time, so that replicas with different clocks agree; and exact decimal text. */
const PRELUDE = `
local time = redis.call('TIME')
local now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now_ms = math.floor(now_us / 1000)
local function text(number) return string.format('%.0f', number) end
`;

const scripts = {
  /** ARGV: sealed, last use, expiry. */
  createSession: `
if redis.call('EXISTS', KEYS[1]) == 1 then return 'exists' end
redis.call('HSET', KEYS[1], 'r', '1', 'b', ARGV[1], 'u', ARGV[2], 'x', ARGV[3])
redis.call('PEXPIREAT', KEYS[1], ARGV[3])
return 'created'`,
  /** ARGV: sealed, expected revision. */
  replaceSession: `
local found = redis.call('HMGET', KEYS[1], 'e', 'r')
if found[1] then return 'ended' end
if not found[2] then return 'missing' end
if found[2] ~= ARGV[2] then return 'conflict' end
redis.call('HINCRBY', KEYS[1], 'r', 1)
redis.call('HSET', KEYS[1], 'b', ARGV[1])
return 'written'`,
  /** ARGV: reason, until. The first reason stays; a tombstone never ends before its record would. */
  endSession: `
local found = redis.call('HMGET', KEYS[1], 'e', 'x')
local reason = found[1] or ARGV[1]
local expires = ARGV[2]
if (tonumber(found[2] or '') or 0) > tonumber(expires) then expires = found[2] end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'e', reason, 'x', expires)
redis.call('PEXPIREAT', KEYS[1], expires)
return 'ended'`,
  /** ARGV: last use. */
  touchSession: `
local found = redis.call('HMGET', KEYS[1], 'e', 'u')
if found[1] or not found[2] then return 'none' end
if tonumber(ARGV[1]) > (tonumber(found[2]) or 0) then redis.call('HSET', KEYS[1], 'u', ARGV[1]) end
return 'touched'`,
  /** ARGV: session key, its expiry. The index lives as long as its longest session. */
  addToIndex: `${PRELUDE}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now_ms))
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[1], text(tonumber(last[2])))
return 'added'`,
  readIndex: `${PRELUDE}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now_ms))
return redis.call('ZRANGE', KEYS[1], 0, -1)`,
  /**
   * Revisions and fences grow by at least one and are never below Redis' clock in microseconds: a
   * number from before the data was lost never comes again. A longer life stays. ARGV: sealed, expiry.
   */
  putProviderRecord: `${PRELUDE}
local found = redis.call('HMGET', KEYS[1], 'r', 'x')
local revision = text(math.max((tonumber(found[1] or '') or 0) + 1, now_us))
local expires = ARGV[2]
if (tonumber(found[2] or '') or 0) > tonumber(expires) then expires = found[2] end
redis.call('HSET', KEYS[1], 'r', revision, 'b', ARGV[1], 'x', expires)
redis.call('PEXPIREAT', KEYS[1], expires)
return 'written'`,
  /** ARGV: expiry. */
  extendProviderRecord: `
local found = redis.call('HMGET', KEYS[1], 'r', 'x')
if not found[1] then return 'missing' end
if tonumber(ARGV[1]) > (tonumber(found[2] or '') or 0) then
  redis.call('HSET', KEYS[1], 'x', ARGV[1])
  redis.call('PEXPIREAT', KEYS[1], ARGV[1])
end
return 'extended'`,
  /** ARGV: sealed, expected revision, fence. */
  replaceProviderRecord: `${PRELUDE}
local found = redis.call('HMGET', KEYS[1], 'r', 'f')
if not found[1] then return 'conflict' end
if tonumber(ARGV[3]) < (tonumber(found[2] or '') or 0) then return 'fenced' end
if found[1] ~= ARGV[2] then return 'conflict' end
local revision = text(math.max(tonumber(found[1]) + 1, now_us))
redis.call('HSET', KEYS[1], 'r', revision, 'b', ARGV[1], 'f', ARGV[3])
return 'written'`,
  /** A lease that is held outlives the record. */
  deleteProviderRecord: `${PRELUDE}
local lease = tonumber(redis.call('HGET', KEYS[1], 'l') or '') or 0
if lease <= now_ms then redis.call('DEL', KEYS[1]) return 'deleted' end
redis.call('HDEL', KEYS[1], 'r', 'b', 'x')
redis.call('PEXPIREAT', KEYS[1], text(lease))
return 'deleted'`,
  /** ARGV: lease in milliseconds. Answers the fence, or nothing while somebody holds the lease. */
  acquireLease: `${PRELUDE}
local found = redis.call('HMGET', KEYS[1], 'f', 'l', 'r')
if (tonumber(found[2] or '') or 0) > now_ms then return false end
local fence = text(math.max((tonumber(found[1] or '') or 0) + 1, now_us))
redis.call('HSET', KEYS[1], 'f', fence, 'l', text(now_ms + ARGV[1]))
if not found[3] then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return fence`,
  /** ARGV: fence, lease in milliseconds; none to release. Only the newest fence holds the lease. */
  renewLease: `${PRELUDE}
local found = redis.call('HMGET', KEYS[1], 'f', 'l', 'r')
if found[1] ~= ARGV[1] or (tonumber(found[2] or '') or 0) <= now_ms then return 'lost' end
redis.call('HSET', KEYS[1], 'l', text(now_ms + ARGV[2]))
if not found[3] and tonumber(ARGV[2]) > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 'held'`,
} as const;

export type ScriptName = keyof typeof scripts;

const digests = new Map<ScriptName, string>();

/** Runs a script by its digest, or by its text where Redis does not know it yet. */
export async function runScript(
  redis: RedisConnection,
  name: ScriptName,
  key: string,
  args: readonly (string | number | Buffer)[],
): Promise<unknown> {
  try {
    return await redis.evalsha(digestOf(name), 1, key, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await redis.eval(scripts[name], 1, key, ...args);
  }
}

function digestOf(name: ScriptName): string {
  const known = digests.get(name);
  if (known !== undefined) return known;
  const digest = createHash('sha1').update(scripts[name]).digest('hex');
  digests.set(name, digest);
  return digest;
}
