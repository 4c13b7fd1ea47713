// Owns the interface of where policy comes from: the API server, or a directory of manifests.
import type { ReasonCode } from '../kernel/reasons.ts';
import type { WatchedType } from './rbac/rbac-records.ts';

/** How far the index can be believed. */
export type PolicyState =
  /** At least one type has never had a complete load: nothing can be answered. */
  | {
      readonly kind: 'loading';
      readonly missing: readonly WatchedType[];
      readonly problem?: string;
    }
  | { readonly kind: 'current' }
  /** Freshness of these types cannot be proved; the last state is served for a bounded time. */
  | { readonly kind: 'degraded'; readonly stale: readonly WatchedType[]; readonly problem?: string }
  /** Longer than that: fail closed. */
  | { readonly kind: 'expired'; readonly stale: readonly WatchedType[]; readonly problem?: string };

/** Why no question can be answered in this state; undefined where the index answers. */
export function whyUnanswered({ kind }: PolicyState): ReasonCode | undefined {
  if (kind === 'loading') return 'access_loading';
  return kind === 'expired' ? 'access_stale' : undefined;
}

export interface PolicySource {
  /** Cheap: asked for every decision. */
  state(): PolicyState;
  /** Milliseconds since the least fresh type was last proved fresh; 0 where that is always. */
  ageMs(): number;
  close(): Promise<void>;
}
