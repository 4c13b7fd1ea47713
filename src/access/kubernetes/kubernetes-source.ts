// Owns how far the index can be believed while it follows an API server: by what was last proved
// of each type, and for how long that is good enough.
import { every, type Cancel, type Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import type { PolicySource, PolicyState } from '../policy-source.ts';
import type { WatchedType } from '../rbac/rbac-records.ts';
import type { Progress } from './type-progress.ts';

const REPORT_EVERY_MS = SECOND_MS;
const CURRENT: PolicyState = { kind: 'current' };
const states = ['loading', 'current', 'degraded', 'expired'] as const;

export interface FollowedType {
  readonly progress: Progress;
  close(): Promise<void>;
}

/** A tighter bound on one type; see Canary. */
export interface TighterBound {
  readonly type: WatchedType;
  readonly staleAfterMs: number;
  readonly proof: { readonly provedMs: number | undefined };
}

interface KubernetesSourceParts {
  readonly types: readonly FollowedType[];
  readonly bounds: readonly TighterBound[];
  readonly staleAfterMs: number;
  /** How long after that the last state is served. */
  readonly degradedForMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Closes what else was opened. */
  readonly onClose: () => void;
}

export class KubernetesSource implements PolicySource {
  readonly #parts: KubernetesSourceParts;
  readonly #stopReports: Cancel;
  #reported: PolicyState['kind'] | undefined;

  constructor(parts: KubernetesSourceParts) {
    this.#parts = parts;
    this.#report();
    this.#stopReports = every(parts.clock, REPORT_EVERY_MS, () => {
      this.#report();
    });
  }

  state(): PolicyState {
    const overMs = this.#mostOverdueMs();
    if (overMs === undefined) return { kind: 'loading', missing: this.#missing(), ...this.#told() };
    if (overMs <= 0) return CURRENT;
    const kind = overMs > this.#parts.degradedForMs ? 'expired' : 'degraded';
    return { kind, stale: this.#stale(), ...this.#told() };
  }

  ageMs(): number {
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const { progress } of this.#parts.types) oldestMs = Math.min(oldestMs, progress.provedMs);
    return this.#parts.clock.monotonicMs() - oldestMs;
  }

  async close(): Promise<void> {
    this.#stopReports();
    this.#parts.onClose();
    await Promise.all(this.#parts.types.map((type) => type.close()));
  }

  /** By how much the most overdue proof is late; undefined before all types have been loaded. */
  #mostOverdueMs(): number | undefined {
    const nowMs = this.#parts.clock.monotonicMs();
    let most = Number.NEGATIVE_INFINITY;
    for (const { progress } of this.#parts.types) {
      if (!progress.isLoaded) return undefined;
      most = Math.max(most, this.#overdueMs(progress, nowMs));
    }
    return most;
  }

  #overdueMs({ type, provedMs }: Progress, nowMs: number): number {
    let overMs = nowMs - provedMs - this.#parts.staleAfterMs;
    for (const bound of this.#parts.bounds) {
      const { provedMs: byBoundMs } = bound.proof;
      if (bound.type !== type || byBoundMs === undefined) continue;
      overMs = Math.max(overMs, nowMs - byBoundMs - bound.staleAfterMs);
    }
    return overMs;
  }

  #missing(): WatchedType[] {
    return this.#typesWhere((progress) => !progress.isLoaded);
  }

  #stale(): WatchedType[] {
    const nowMs = this.#parts.clock.monotonicMs();
    return this.#typesWhere((progress) => this.#overdueMs(progress, nowMs) > 0);
  }

  #typesWhere(applies: (progress: Progress) => boolean): WatchedType[] {
    return this.#parts.types.flatMap(({ progress }) => (applies(progress) ? [progress.type] : []));
  }

  #told(): { readonly problem?: string } {
    const problems = this.#parts.types.flatMap(({ progress }) => progress.problem ?? []);
    return problems.length === 0 ? {} : { problem: [...new Set(problems)].join('; ') };
  }

  #report(): void {
    const { clock, metrics, types } = this.#parts;
    const nowMs = clock.monotonicMs();
    for (const { progress } of types) {
      const seconds = progress.isLoaded ? (nowMs - progress.provedMs) / SECOND_MS : -1;
      metrics.set('kfgw_rbac_staleness_seconds', { type: progress.type }, seconds);
    }
    const now = this.state();
    for (const state of states) {
      metrics.set('kfgw_rbac_state', { state }, state === now.kind ? 1 : 0);
    }
    if (now.kind !== this.#reported) this.#logChange(now);
    this.#reported = now.kind;
  }

  #logChange(state: PolicyState): void {
    const { logger } = this.#parts;
    switch (state.kind) {
      case 'loading':
        return;
      case 'current':
        logger.info('The RBAC index is current.');
        return;
      case 'degraded':
        logger.warn('The RBAC index may be out of date; the last state is served.', { ...state });
        return;
      case 'expired':
        logger.error('The RBAC index is out of date; decisions fail closed.', { ...state });
        return;
    }
  }
}
