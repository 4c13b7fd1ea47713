// Owns where `explain` takes policy from: one complete load of an API server or of a directory of manifests.
import {
  createKubernetesSource,
  kubernetesCredentials,
  type KubernetesAddress,
} from '../access/kubernetes/create-kubernetes-source.ts';
import { loadManifests } from '../access/manifests/load-manifests.ts';
import type { PolicySource } from '../access/policy-source.ts';
import { RbacIndex } from '../access/rbac/rbac-index.ts';
import { rbac } from '../config/sections/access.ts';
import { pause, type Clock } from '../kernel/clock.ts';
import { SECOND_MS } from '../kernel/duration.ts';
import { silentLogger } from '../kernel/logger.ts';
import { silentMetrics } from '../kernel/metrics.ts';
import type { CommandContext } from './command.ts';

const LOAD_WITHIN_MS = 60 * SECOND_MS;
/** A problem that lasts so long will not go by itself while somebody waits. */
const PROBLEM_WITHIN_MS = 5 * SECOND_MS;
const LOOK_EVERY_MS = 50;

export type PolicyPlace =
  | { readonly kind: 'manifests'; readonly directory: string }
  | { readonly kind: 'kubernetes'; readonly address: KubernetesAddress };

/** There is no policy to explain by; the message says why, a line each. Ends in exit status 1. */
export class NoPolicy extends Error {
  override readonly name = 'NoPolicy';
}

/** Rejects with NoPolicy, or with Misconfigured where it cannot be known who to ask. */
export async function loadPolicy(place: PolicyPlace, context: CommandContext): Promise<RbacIndex> {
  const index = new RbacIndex();
  if (place.kind === 'manifests') {
    const loaded = await loadManifests(place.directory, index.sinks);
    if (loaded.kind === 'invalid') throw new NoPolicy(loaded.problems.join('\n'));
    return index;
  }
  const { clock, random } = context;
  const source = createKubernetesSource(
    kubernetesCredentials(place.address, clock),
    rbac.parse({}),
    { clock, random, logger: silentLogger, metrics: silentMetrics, sinks: index.sinks },
  );
  try {
    await untilLoaded(source, clock);
  } finally {
    await source.close();
  }
  return index;
}

async function untilLoaded(source: PolicySource, clock: Clock): Promise<void> {
  const startMs = clock.monotonicMs();
  for (;;) {
    const state = source.state();
    if (state.kind !== 'loading') return;
    const { problem, missing } = state;
    const waitedMs = clock.monotonicMs() - startMs;
    if (waitedMs > (problem === undefined ? LOAD_WITHIN_MS : PROBLEM_WITHIN_MS))
      throw new NoPolicy(problem ?? `the API server did not send all of ${missing.join(', ')}`);
    await pause(clock, LOOK_EVERY_MS);
  }
}
