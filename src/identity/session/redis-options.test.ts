import { describe, expect, it } from 'vitest';
import { parseRedisAddress } from './redis-options.ts';

describe('the address of a Redis server', () => {
  it.each([
    ['redis:6379', { host: 'redis', port: 6379 }],
    ['redis.kubeflow.svc.cluster.local:1', { host: 'redis.kubeflow.svc.cluster.local', port: 1 }],
    ['10.0.0.7:65535', { host: '10.0.0.7', port: 65_535 }],
    ['[2001:db8::7]:6379', { host: '2001:db8::7', port: 6379 }],
    ['[::ffff:10.0.0.7]:6379', { host: '::ffff:10.0.0.7', port: 6379 }],
  ])('is read from %s', (text, address) => {
    expect(parseRedisAddress(text)).toEqual(address);
  });

  it.each(['', 'redis', 'redis:', ':6379', 'redis:0', 'redis:65536', 'a b:1', '::1:6379', '[::1]'])(
    'is refused when it is "%s"',
    (text) => {
      expect(() => parseRedisAddress(text)).toThrow(TypeError);
    },
  );
});
