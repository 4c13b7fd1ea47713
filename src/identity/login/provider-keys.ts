// Owns the provider's signing keys: the last good set, and when the provider is asked for them again.
import { createLocalJWKSet, errors, type CompactVerifyGetKey, type JSONWebKeySet } from 'jose';
import type { CustomFetch } from 'openid-client';
import type { Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { ProviderUnreachable } from './bounded-fetch.ts';

/** Signature algorithms of providers' tokens: asymmetric ones only, so that no key set is a password. */
export const SIGNING_ALGORITHMS = ['RS256', 'ES256', 'PS256', 'EdDSA'];

/** Between two questions for keys that tokens from anyone can cause. */
const COOL_DOWN_MS = 30 * SECOND_MS;

interface KeySet {
  readonly published: JSONWebKeySet;
  readonly find: CompactVerifyGetKey;
}

export class ProviderKeys {
  readonly url: string;
  readonly #fetch: CustomFetch;
  readonly #clock: Clock;
  #keys: KeySet | undefined;
  #lastAskedMs = Number.NEGATIVE_INFINITY;
  #pending: Promise<KeySet> | undefined;

  constructor(url: string, fetch: CustomFetch, clock: Clock) {
    this.url = url;
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /** Asks the provider; the last good set stays in force when that throws ProviderUnreachable. */
  async reload(): Promise<void> {
    await this.#ask();
  }

  /** Asks the provider, whoever else is asking: what it publishes now. Rejects with ProviderUnreachable. */
  async published(): Promise<JSONWebKeySet> {
    const { published } = await this.#download();
    return published;
  }

  /** For tokens that the token endpoint itself just gave: an unknown key is asked for at once. */
  readonly forDirectToken: CompactVerifyGetKey = (header, token) => this.#find(header, token, 0);

  /** For tokens that anyone can send: unknown keys cost the provider one question per cool-down. */
  readonly forSentToken: CompactVerifyGetKey = (header, token) =>
    this.#find(header, token, COOL_DOWN_MS);

  async #find(
    header: Parameters<CompactVerifyGetKey>[0],
    token: Parameters<CompactVerifyGetKey>[1],
    coolDownMs: number,
  ): Promise<Awaited<ReturnType<CompactVerifyGetKey>>> {
    try {
      return await (this.#keys ?? (await this.#ask())).find(header, token);
    } catch (error) {
      const isUnknown = error instanceof errors.JWKSNoMatchingKey;
      const isCooling = this.#clock.monotonicMs() - this.#lastAskedMs < coolDownMs;
      if (!isUnknown || isCooling) throw error;
    }
    return (await this.#ask()).find(header, token);
  }

  #ask(): Promise<KeySet> {
    this.#pending ??= this.#download().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #download(): Promise<KeySet> {
    this.#lastAskedMs = this.#clock.monotonicMs();
    const answer = await this.#fetch(this.url, {
      method: 'GET',
      headers: { accept: 'application/json, application/jwk-set+json' },
      body: undefined,
      redirect: 'manual',
    });
    this.#keys = await keySetOf(answer, this.url);
    return this.#keys;
  }
}

/** An empty set is taken for a failure: it would refuse everybody. */
async function keySetOf(answer: Response, url: string): Promise<KeySet> {
  if (answer.status !== 200) throw new ProviderUnreachable(`${url}: status ${answer.status}`);
  try {
    const published = (await answer.json()) as JSONWebKeySet;
    const find = createLocalJWKSet(published);
    if (published.keys.length > 0) return { published, find };
  } catch {
    // Not JSON, or not a key set: told below.
  }
  throw new ProviderUnreachable(`${url}: no key set`);
}
