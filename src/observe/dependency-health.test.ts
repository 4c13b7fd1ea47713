import { describe, expect, it } from 'vitest';
import { silentMetrics } from '../kernel/metrics.ts';
import { watchDependencies } from './dependency-health.ts';

describe('the health of dependencies', () => {
  it('knows nothing of a part that has not reported', () => {
    expect(watchDependencies(silentMetrics).parts()).toEqual({});
  });

  it('follows the gauges of store, channel and provider', () => {
    const health = watchDependencies(silentMetrics);
    health.metrics.set('kfgw_store_up', {}, 1);
    health.metrics.set('kfgw_provider_up', {}, 1);
    health.metrics.set('kfgw_provider_up', {}, 0);
    health.metrics.set('kfgw_session_cache_entries', {}, 7);
    expect(health.parts()).toEqual({ session_store: 'up', provider: 'down' });
  });

  it('passes every value on', () => {
    const seen: unknown[] = [];
    const health = watchDependencies({
      ...silentMetrics,
      set: (...values) => seen.push(values),
    });
    health.metrics.set('kfgw_store_up', {}, 0);
    expect(seen).toEqual([['kfgw_store_up', {}, 0]]);
  });
});
