// Owns what is known of the dependencies' health: the last value of the gauges that tell it.
import type { MetricName, Metrics } from '../kernel/metrics.ts';

const PART_BY_GAUGE: ReadonlyMap<MetricName, string> = new Map([
  ['kfgw_store_up', 'session_store'],
  ['kfgw_revocation_channel_up', 'revocation_channel'],
  ['kfgw_provider_up', 'provider'],
]);

export interface DependencyHealth {
  /** The metrics to hand to the rooms; they pass through. */
  readonly metrics: Metrics;
  /** `up` or `down` by part, for those that have reported. */
  parts(): Readonly<Record<string, string>>;
}

/** Watches the gauges on their way, so that `/readyz` and `/metrics` cannot disagree. */
export function watchDependencies(metrics: Metrics): DependencyHealth {
  const states = new Map<string, string>();
  return {
    metrics: {
      increment: metrics.increment.bind(metrics),
      observe: metrics.observe.bind(metrics),
      set(name, labels, value) {
        const part = PART_BY_GAUGE.get(name);
        if (part !== undefined) states.set(part, value === 1 ? 'up' : 'down');
        metrics.set(name, labels, value);
      },
    },
    parts: () => Object.fromEntries(states),
  };
}
