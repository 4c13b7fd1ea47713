// Owns which Profiles are new: by this replica's own clock, from when each was first seen.
import type { Clock } from '../kernel/clock.ts';
import { SECOND_MS } from '../kernel/duration.ts';
import type { ObjectKey, ProfileRecord } from './rbac/rbac-records.ts';
import type { Generation, RecordSink } from './rbac/record-sink.ts';

/** The profile controller makes all of a namespace's objects in less, or something is wrong. */
const NEW_FOR_MS = 60 * SECOND_MS;

interface Sighting {
  /** A Profile that is deleted and made again is another one; manifests have no uid. */
  readonly uid: string;
  /** Monotonic; of the first load, minus infinity. */
  readonly seenMs: number;
}

/** Stands between a source and the index, and hands everything on. Profiles of the first load are not new. */
export class NewProfiles implements RecordSink<ProfileRecord> {
  readonly #inner: RecordSink<ProfileRecord>;
  readonly #clock: Clock;
  /** By name, of the Profiles that there are; undefined before the first load. */
  #sightings: Map<string, Sighting> | undefined = undefined;

  constructor(inner: RecordSink<ProfileRecord>, clock: Clock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  isNew({ name, uid }: ProfileRecord): boolean {
    const known = this.#sightings?.get(name);
    return known?.uid === uid && this.#clock.monotonicMs() - known.seenMs < NEW_FOR_MS;
  }

  begin(): Generation<ProfileRecord> {
    const generation = this.#inner.begin();
    const sightings = new Map<string, Sighting>();
    return {
      add: (profile) => {
        sightings.set(profile.name, this.#sightingOf(profile));
        generation.add(profile);
      },
      commit: () => {
        this.#sightings = sightings;
        generation.commit();
      },
    };
  }

  upsert(profile: ProfileRecord): void {
    this.#sightings?.set(profile.name, this.#sightingOf(profile));
    this.#inner.upsert(profile);
  }

  remove(key: ObjectKey): void {
    this.#sightings?.delete(key.name);
    this.#inner.remove(key);
  }

  #sightingOf({ name, uid }: ProfileRecord): Sighting {
    const known = this.#sightings?.get(name);
    if (known?.uid === uid) return known;
    const isFirstLoad = this.#sightings === undefined;
    return { uid, seenMs: isFirstLoad ? Number.NEGATIVE_INFINITY : this.#clock.monotonicMs() };
  }
}
