// Owns which Profiles are new: by this replica's own clock, from when each was first seen.
import type { Clock } from '../kernel/clock.ts';
import { SECOND_MS } from '../kernel/duration.ts';
import type { ProfileRecord } from './rbac/rbac-records.ts';
import type { RecordSink } from './rbac/record-sink.ts';

/** The profile controller makes all of a namespace's objects in less, or something is wrong. */
const NEW_FOR_MS = 60 * SECOND_MS;

/** Stands between a source and the index, and hands everything on. Profiles of the first load are not new. */
export class NewProfiles implements RecordSink<ProfileRecord> {
  readonly #inner: RecordSink<ProfileRecord>;
  readonly #clock: Clock;
  #known: Set<string> | undefined = undefined;
  readonly #firstSeenMs = new Map<string, number>();

  constructor(inner: RecordSink<ProfileRecord>, clock: Clock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  isNew(profile: ProfileRecord): boolean {
    const seenMs = this.#firstSeenMs.get(identityOf(profile));
    return seenMs !== undefined && this.#clock.monotonicMs() - seenMs < NEW_FOR_MS;
  }

  begin(): ReturnType<RecordSink<ProfileRecord>['begin']> {
    const generation = this.#inner.begin();
    const all = new Set<string>();
    return {
      add: (profile) => {
        all.add(identityOf(profile));
        generation.add(profile);
      },
      commit: () => {
        const before = this.#known;
        this.#known = all;
        if (before !== undefined)
          for (const identity of all) if (!before.has(identity)) this.#notice(identity);
        generation.commit();
      },
    };
  }

  upsert(profile: ProfileRecord): void {
    const identity = identityOf(profile);
    if (this.#known?.has(identity) === false) this.#notice(identity);
    this.#known?.add(identity);
    this.#inner.upsert(profile);
  }

  remove(key: { readonly namespace: string; readonly name: string }): void {
    this.#inner.remove(key);
  }

  #notice(identity: string): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [old, seenMs] of this.#firstSeenMs)
      if (nowMs - seenMs >= NEW_FOR_MS) this.#firstSeenMs.delete(old);
    this.#firstSeenMs.set(identity, nowMs);
  }
}

/** A Profile that is deleted and made again is another one; manifests have no uid. */
function identityOf({ name, uid }: ProfileRecord): string {
  return `${name}/${uid}`;
}
