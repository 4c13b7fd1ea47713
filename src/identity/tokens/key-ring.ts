// Owns the keys in force: which cookie and record key writes now, and which signing keys are
// published, sign or are retired.
import type { Clock } from '../../kernel/clock.ts';
import { MINUTE_MS } from '../../kernel/duration.ts';
import type { Secret } from '../../kernel/secret.ts';
import { scheduleOf, type Schedule } from './key-schedule.ts';
import type { SecretKey } from './secret-key.ts';
import type { SigningKey } from './signing-key.ts';

/** No session JWT lives longer (sessionJwt.lifetime), whatever the configuration of its time said. */
const LONGEST_ASSERTION_MS = 5 * MINUTE_MS;
/** How far verifiers' clocks may be apart from ours; Envoy's jwt_authn allows as much by default. */
const CLOCK_SKEW_MS = MINUTE_MS;

/** All keys of one directory. No list is empty. */
export interface KeySet {
  readonly cookie: readonly SecretKey[];
  readonly record: readonly SecretKey[];
  readonly signing: readonly SigningKey[];
}

export interface KeyDelays {
  /** Milliseconds after which a new cookie or record key is used for writing. */
  readonly activationDelayMs: number;
  /** Milliseconds for which a new signing key is published before it signs. */
  readonly publishDelayMs: number;
}

/**
 * - `published`: in the key set but not signing: it will sign, or did and its JWTs may still live.
 * - `signing`: signs every session JWT from now on; in the key set, too.
 * - `retired`: no JWT that it signed can be valid; no longer in the key set.
 */
export type SigningKeyState = 'published' | 'signing' | 'retired';

/** A view of a key set that moves with the clock; `replaceKeys` puts reloaded keys under it. */
export class KeyRing {
  #keys: KeySet;
  readonly #delays: KeyDelays;
  readonly #clock: Clock;

  constructor(keys: KeySet, delays: KeyDelays, clock: Clock) {
    this.#keys = keys;
    this.#delays = delays;
    this.#clock = clock;
  }

  replaceKeys(keys: KeySet): void {
    this.#keys = keys;
  }

  /** Cookie keys: the first one signs and seals, all of them verify and open. */
  cookieKeys(): readonly Secret<Buffer>[] {
    return this.#writerFirst(this.#keys.cookie);
  }

  /** Record keys: the first one seals, all of them open. */
  recordKeys(): readonly Secret<Buffer>[] {
    return this.#writerFirst(this.#keys.record);
  }

  /** The key that signs now. */
  signingKey(): SigningKey {
    return this.#signing().active;
  }

  /** Every signing key with its state, newest first. */
  signingKeys(): readonly { readonly key: SigningKey; readonly state: SigningKeyState }[] {
    const nowMs = this.#clock.nowMs();
    const { active, waiting, replaced } = this.#signing();
    return [
      ...waiting.map((key) => ({ key, state: 'published' as const })),
      { key: active, state: 'signing' },
      ...replaced.map(({ key, replacedAtMs }) => ({
        key,
        state:
          nowMs < this.#retiredAtMs(replacedAtMs) ? ('published' as const) : ('retired' as const),
      })),
    ];
  }

  /**
   * A replica whose mount lags goes on signing with the old key for a while after its time; it may
   * lag for as long as a new key waits.
   */
  #retiredAtMs(replacedAtMs: number): number {
    return replacedAtMs + this.#delays.publishDelayMs + LONGEST_ASSERTION_MS + CLOCK_SKEW_MS;
  }

  #signing(): Schedule<SigningKey> {
    return scheduled(this.#keys.signing, this.#clock.nowMs(), this.#delays.publishDelayMs);
  }

  #writerFirst(keys: readonly SecretKey[]): readonly Secret<Buffer>[] {
    const { active, waiting, replaced } = scheduled(
      keys,
      this.#clock.nowMs(),
      this.#delays.activationDelayMs,
    );
    return [active, ...waiting, ...replaced.map(({ key }) => key)].map(({ secret }) => secret);
  }
}

function scheduled<K extends { readonly createdAtMs: number }>(
  keys: readonly K[],
  nowMs: number,
  delayMs: number,
): Schedule<K> {
  const schedule = scheduleOf(keys, nowMs, delayMs);
  if (schedule === undefined) throw new RangeError('there are no keys');
  return schedule;
}
