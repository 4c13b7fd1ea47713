// Owns holding a lease for as long as work under it takes: acquired with patience, renewed while the
// work runs, released behind it.
import { every, pause, type Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import type { Lease, RecordStore } from './record-store.ts';

/** A holder that dies blocks others for so long at most. */
const LEASE_MS = 15 * SECOND_MS;
/** Two renewals may fail before the lease is lost. */
const RENEW_EVERY_MS = LEASE_MS / 3;
/** Work that takes longer loses its lease; what it still writes is refused by the fence. */
const LONGEST_HOLD_MS = 120 * SECOND_MS;
const ACQUIRE_EVERY_MS = 250;
/** Longer than a lease, so that a waiter outlives a holder that died. */
const PATIENCE_MS = 20 * SECOND_MS;

interface LeaseParts {
  readonly store: Pick<RecordStore, 'acquireLease'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Runs `work` under the person's lease, one at a time across all replicas; undefined when others held
 * it all the time. The lease orders work, it does not protect writes: the fence does.
 */
export async function underLease<T>(
  parts: LeaseParts,
  person: string,
  work: (lease: Lease) => Promise<T>,
): Promise<T | undefined> {
  const lease = await acquire(parts, person);
  if (lease === undefined) return undefined;
  const stopRenewing = keepRenewing(parts.clock, lease);
  try {
    return await work(lease);
  } finally {
    stopRenewing();
    // A release that fails costs the next holder one lease's length.
    await lease.release().catch(() => undefined);
  }
}

async function acquire(
  { clock, signal, store }: LeaseParts,
  person: string,
): Promise<Lease | undefined> {
  const givesUpAtMs = clock.monotonicMs() + PATIENCE_MS;
  for (;;) {
    const lease = await store.acquireLease(person, LEASE_MS);
    if (lease !== undefined) return lease;
    if (signal.aborted || clock.monotonicMs() >= givesUpAtMs) return undefined;
    await pause(clock, ACQUIRE_EVERY_MS, signal);
  }
}

function keepRenewing(clock: Clock, lease: Lease): () => void {
  const stopsAtMs = clock.monotonicMs() + LONGEST_HOLD_MS;
  const stop = every(clock, RENEW_EVERY_MS, () => {
    if (clock.monotonicMs() >= stopsAtMs) stop();
    // A renewal that fails is tried again; a lost lease cannot be renewed, and the fence knows.
    else lease.renew().catch(() => undefined);
  });
  return stop;
}
