// Owns what the gateway is handed by main: everything that reaches outside the process by itself.
import type { Environment } from '../config/environment.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Random } from '../kernel/random.ts';
import type { JsonLogger } from '../observe/json-logger.ts';

export interface GatewayParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: JsonLogger;
  readonly metrics: Metrics;
  /** Tells a pod where its cluster's API server is. */
  readonly env: Environment;
}
