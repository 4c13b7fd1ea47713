// Owns login attempts: secrets of a sign-in under way, sealed into a cookie each; nothing is stored here.
import type { Clock } from '../../kernel/clock.ts';
import { randomId, type Random } from '../../kernel/random.ts';
import { isSameText } from '../../kernel/same-text.ts';
import { LOGIN_ATTEMPT_LIMIT, type OwnCookies } from '../../request/own-cookies.ts';
import type { RecordSealer } from '../session/sealed-record.ts';
import {
  ATTEMPT_LIFE_MS,
  clearAttemptCookie,
  newAttemptName,
  readAttemptCookies,
  setAttemptCookie,
  type AttemptCookie,
} from './attempt-cookies.ts';

const SECRET_BITS = 256;
/** Keeps `state`, which providers carry in URLs, below 2 KiB. */
const LONGEST_RETURN_ADDRESS = 1_024;

export interface LoginAttempt {
  /** Random part of `state`; ties the provider's answer to this browser. */
  readonly id: string;
  readonly nonce: string;
  /** PKCE code verifier (RFC 7636 section 4.1). */
  readonly codeVerifier: string;
  readonly startedAtMs: number;
  /** What it was started for, beyond signing in. */
  readonly action: string | undefined;
}

export interface StartedAttempt {
  readonly attempt: LoginAttempt;
  readonly state: string;
  readonly setCookies: readonly string[];
}

export type FoundAttempt =
  | {
      readonly kind: 'found';
      readonly attempt: LoginAttempt;
      readonly returnTo: string;
      /** Ends the attempt: it serves once. */
      readonly setCookies: readonly string[];
    }
  /** We made this `state`, but this browser has no attempt for it, or no longer. */
  | { readonly kind: 'missing'; readonly returnTo: string }
  /** We did not make this `state`. */
  | { readonly kind: 'foreign' };

export interface LoginAttemptDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly cookies: OwnCookies;
  readonly sealer: Pick<RecordSealer, 'seal' | 'open'>;
}

/**
 * `state` is a random id and, sealed with it, the address to return to: so an answer that comes too
 * late still knows where it was going. All else is in the cookie.
 */
export class LoginAttempts {
  readonly #deps: LoginAttemptDependencies;

  constructor(deps: LoginAttemptDependencies) {
    this.#deps = deps;
  }

  /** A new attempt. Of those that the browser has, the oldest beyond the limit and the dead end. */
  start(returnTo: string, cookieHeader: string | undefined, action?: string): StartedAttempt {
    const { clock, random, cookies } = this.#deps;
    const attempt = {
      id: randomId(random, SECRET_BITS),
      nonce: randomId(random, SECRET_BITS),
      codeVerifier: randomId(random, SECRET_BITS),
      startedAtMs: clock.nowMs(),
      action,
    };
    const name = newAttemptName(cookies, random);
    const value = this.#seal('login-attempt', name, JSON.stringify(attempt));
    return {
      attempt,
      state: `${attempt.id}.${this.#seal('login-state', attempt.id, shortened(returnTo))}`,
      setCookies: [
        ...this.#surplus(cookieHeader).map((surplus) => clearAttemptCookie(surplus, cookies)),
        setAttemptCookie({ name, value }, cookies),
      ],
    };
  }

  /** The attempt that a callback's `state` belongs to. */
  find(state: string, cookieHeader: string | undefined): FoundAttempt {
    const [id = '', sealed = '', ...more] = state.split('.');
    const returnTo = more.length > 0 ? undefined : this.#open('login-state', id, sealed);
    if (returnTo === undefined) return { kind: 'foreign' };
    const { cookies } = this.#deps;
    for (const cookie of readAttemptCookies(cookieHeader, cookies)) {
      const attempt = this.#live(cookie);
      if (attempt === undefined || !isSameText(attempt.id, id)) continue;
      const setCookies = [clearAttemptCookie(cookie.name, cookies)];
      return { kind: 'found', attempt, returnTo, setCookies };
    }
    return { kind: 'missing', returnTo };
  }

  /** Names of cookies to remove so that, with a new one, no more than the limit are live. */
  #surplus(cookieHeader: string | undefined): readonly string[] {
    const newestFirst = readAttemptCookies(cookieHeader, this.#deps.cookies)
      .map((cookie) => ({ name: cookie.name, startedAtMs: this.#live(cookie)?.startedAtMs ?? 0 }))
      .sort((a, b) => b.startedAtMs - a.startedAtMs);
    return newestFirst
      .filter(({ startedAtMs }, rank) => startedAtMs === 0 || rank >= LOGIN_ATTEMPT_LIMIT - 1)
      .map(({ name }) => name);
  }

  #live({ name, value }: AttemptCookie): LoginAttempt | undefined {
    const text = this.#open('login-attempt', name, value);
    const attempt = text === undefined ? undefined : parsedAttempt(text);
    const now = this.#deps.clock.nowMs();
    return attempt !== undefined && now - attempt.startedAtMs < ATTEMPT_LIFE_MS
      ? attempt
      : undefined;
  }

  #seal(purpose: 'login-attempt' | 'login-state', name: string, text: string): string {
    return this.#deps.sealer.seal({ purpose, name }, text).toString('base64url');
  }

  #open(purpose: 'login-attempt' | 'login-state', name: string, text: string): string | undefined {
    const sealed = Buffer.from(text, 'base64url');
    // Decoding forgives what it should not: one sealed text has one spelling.
    if (sealed.toString('base64url') !== text) return undefined;
    const opened = this.#deps.sealer.open({ purpose, name }, sealed);
    return opened.kind === 'opened' ? opened.plaintext : undefined;
  }
}

/** Without query and fragment where it is too long with them; the start page where it still is. */
function shortened(returnTo: string): string {
  if (returnTo.length <= LONGEST_RETURN_ADDRESS) return returnTo;
  const path = returnTo.slice(0, returnTo.search(/[?#]|$/));
  return path.length <= LONGEST_RETURN_ADDRESS ? path : '/';
}

/** Sealed by us, but maybe by another release: what it lacks makes it no attempt. */
function parsedAttempt(text: string): LoginAttempt | undefined {
  const value = JSON.parse(text) as Partial<Record<keyof LoginAttempt, unknown>>;
  const { id, nonce, codeVerifier, startedAtMs, action } = value;
  if (typeof id !== 'string' || typeof nonce !== 'string') return undefined;
  if (typeof codeVerifier !== 'string' || typeof startedAtMs !== 'number') return undefined;
  if (typeof action !== 'string' && action !== undefined) return undefined;
  return { id, nonce, codeVerifier, startedAtMs, action };
}
