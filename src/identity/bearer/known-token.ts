// Owns what is remembered of one good token: for how long it is believed, and what keeps it going
// while nobody confirms it.
import { SECOND_MS } from '../../kernel/duration.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { TokenAuthentication } from '../authentication.ts';
import type { IdentityTools } from '../kept-identity.ts';
import { isSameToken, tokenIdentity } from './token-identity.ts';
import type { TokenVerdict, VerifiedToken } from './token-verifier.ts';

/** Tokens in use are verified again before their verdict gets stale: in this last part of its time. */
const RENEWED_IN_LAST_PART = 0.25;
/** After a failure the verifier is asked again after so long, twice as long after the next one, … */
const FIRST_PAUSE_MS = SECOND_MS;
/** … and at least this often, per token. */
const LONGEST_PAUSE_MS = 16 * SECOND_MS;
/** A failure of longer ago says nothing of the verifier now. */
const FAILURE_TELLS_MS = 2 * LONGEST_PAUSE_MS;

export type Unavailable = Extract<TokenVerdict, { kind: 'unavailable' }>;

/**
 * `good`: granted. `due`: granted, and time to ask the verifier beside it. `ask`: the verifier first.
 * `spent`: lived on trust for as long as an outage may last.
 */
type Standing = 'good' | 'due' | 'ask' | 'spent';

export interface Belief {
  /** Monotonic milliseconds at which the verifier was asked. */
  readonly askedAtMs: number;
  /** Milliseconds for which its verdict is believed. */
  readonly freshForMs: number;
  /** From 0 to 1: tokens that were seen together are not verified again together. */
  readonly chance: number;
}

interface Outage {
  /** Monotonic milliseconds from which the token lives on trust. */
  readonly sinceMs: number;
  readonly failedAtMs: number;
  readonly pauseMs: number;
  readonly problem: Unavailable;
}

/** All times are monotonic milliseconds where nothing else is said. */
export class KnownToken {
  #token: VerifiedToken;
  #authenticated: Extract<TokenAuthentication, { kind: 'authenticated' }>;
  readonly #tools: IdentityTools;
  #freshUntilMs = 0;
  #renewFromMs = 0;
  #trustedUntilMs = 0;
  #outage: Outage | undefined;

  constructor(token: VerifiedToken, belief: Belief, tools: IdentityTools) {
    this.#token = token;
    this.#tools = tools;
    this.#authenticated = this.#identify(token);
    this.#believe(belief);
  }

  get handle(): string {
    return this.#token.handle;
  }

  /** The answer to requests; the same object as long as the token stands for the same. */
  get authenticated(): Extract<TokenAuthentication, { kind: 'authenticated' }> {
    return this.#authenticated;
  }

  /** What kept the verifier from confirming the token; undefined while it stands behind it. */
  get problem(): Unavailable | undefined {
    return this.#outage?.problem;
  }

  /** Why the token is good no longer, whatever its verdict was; `nowMs` is since the epoch. */
  endedBy(nowMs: number): ReasonCode | undefined {
    if (nowMs >= this.#token.expiresAtMs) return 'token_expired';
    return this.#token.ended?.();
  }

  isDoubted(): boolean {
    return this.#token.isDoubted?.() === true;
  }

  standing(nowMs: number, outageBoundMs: number): Standing {
    const isDoubted = this.isDoubted();
    const outage = this.#outage;
    if (nowMs < this.#freshUntilMs && !isDoubted)
      return nowMs >= this.#renewFromMs && mayAsk(outage, nowMs, isDoubted) ? 'due' : 'good';
    return outage === undefined ? 'ask' : this.#onTrust(outage, nowMs, outageBoundMs);
  }

  /** Whether the token may live on trust still; true where it need not. */
  isTrusted(nowMs: number, outageBoundMs: number): boolean {
    if (this.#outage === undefined) return true;
    return nowMs < this.#trustedUntilMs && nowMs - this.#outage.sinceMs < outageBoundMs;
  }

  /** The verifier stands behind it, again. */
  confirm(token: VerifiedToken, belief: Belief): void {
    if (!isSameToken(this.#token, token)) this.#authenticated = this.#identify(token);
    this.#token = token;
    this.#outage = undefined;
    this.#believe(belief);
  }

  /** The verifier could not tell. Trust counts from when it was last known better. */
  fail(problem: Unavailable, { askedAtMs, chance }: Omit<Belief, 'freshForMs'>): void {
    const before = this.#outage;
    const pauseMs = before === undefined ? FIRST_PAUSE_MS : 2 * before.pauseMs;
    this.#outage = {
      sinceMs: before?.sinceMs ?? Math.min(askedAtMs, this.#freshUntilMs),
      failedAtMs: askedAtMs,
      pauseMs: Math.min(pauseMs, LONGEST_PAUSE_MS) * (1 - chance / 4),
      problem,
    };
  }

  #onTrust(outage: Outage, nowMs: number, outageBoundMs: number): Standing {
    const isDoubted = this.isDoubted();
    const isTrusted = this.isTrusted(nowMs, outageBoundMs);
    if (!mayAsk(outage, nowMs, isDoubted)) return isTrusted ? 'good' : 'spent';
    // Nobody gets a last grant once the verifier is back: not who was doubted, nor who stayed away.
    const isAway = nowMs >= outage.failedAtMs + FAILURE_TELLS_MS;
    return isTrusted && !isDoubted && !isAway ? 'due' : 'ask';
  }

  #believe({ askedAtMs, freshForMs, chance }: Belief): void {
    this.#freshUntilMs = askedAtMs + freshForMs;
    this.#trustedUntilMs = askedAtMs + (this.#token.trustForMs ?? Infinity);
    this.#renewFromMs = this.#freshUntilMs - freshForMs * RENEWED_IN_LAST_PART * (1 - chance / 2);
  }

  #identify(token: VerifiedToken): Extract<TokenAuthentication, { kind: 'authenticated' }> {
    const identity = tokenIdentity(token, this.#tools, () => this.#token.markUsed?.());
    return { kind: 'authenticated', identity };
  }
}

function mayAsk(outage: Outage | undefined, nowMs: number, isDoubted: boolean): boolean {
  if (outage === undefined) return true;
  return nowMs >= outage.failedAtMs + (isDoubted ? FIRST_PAUSE_MS : outage.pauseMs);
}
