// Owns the connection to the provider: learned in the background, kept while learning it anew fails.
import { Configuration, customFetch, type CustomFetch } from 'openid-client';
import { pause } from '../../kernel/clock.ts';
import { MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import { chance } from '../../kernel/random.ts';
import { boundedFetch, type FetchBounds } from './bounded-fetch.ts';
import { clientAuthentication } from './client-authentication.ts';
import type { LoginDependencies, LoginOptions } from './login-options.ts';
import { permitHttp } from './permit-http.ts';
import { providerFault } from './provider-fault.ts';
import { ProviderKeys } from './provider-keys.ts';
import { readProviderMetadata, type ProviderMetadata } from './provider-metadata.ts';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30 * SECOND_MS;
/** For a provider that is known but did not answer. */
const RETRY_AFTER_SEC = 5;
/** How often endpoints and keys are learned anew, so that changes at the provider count. */
const RENEWAL_MS = 10 * MINUTE_MS;

export interface ProviderConnection {
  readonly configuration: Configuration;
  readonly metadata: ProviderMetadata;
  readonly keys: ProviderKeys;
}

export class Provider {
  readonly #options: LoginOptions;
  readonly #deps: LoginDependencies;
  readonly #fetch: CustomFetch;
  readonly #closing = new AbortController();
  #connection: ProviderConnection | undefined;
  #nextTryMs = 0;

  constructor(options: LoginOptions, deps: LoginDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#fetch = reporting(boundedFetch(boundsOf(options, deps), deps.clock), deps);
    deps.metrics.set('kfgw_provider_up', {}, 0);
    void this.#keepLearning();
  }

  /** Undefined until the provider answered for the first time. */
  connection(): ProviderConnection | undefined {
    return this.#connection;
  }

  /** Seconds after which asking again is worth it. */
  retryAfterSec(): number {
    if (this.#connection !== undefined) return RETRY_AFTER_SEC;
    const waitMs = this.#nextTryMs - this.#deps.clock.monotonicMs();
    return Math.max(1, Math.ceil(waitMs / SECOND_MS));
  }

  close(): void {
    this.#closing.abort();
  }

  async #keepLearning(): Promise<void> {
    const { clock } = this.#deps;
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      failures = (await this.#learn(failures === 0)) ? 0 : failures + 1;
      const waitMs = failures === 0 ? RENEWAL_MS : retryMs(failures);
      const jitteredMs = waitMs * (0.5 + chance(this.#deps.random) / 2);
      this.#nextTryMs = clock.monotonicMs() + jitteredMs;
      await pause(clock, jitteredMs, this.#closing.signal);
    }
  }

  async #learn(wasWell: boolean): Promise<boolean> {
    const { logger, metrics } = this.#deps;
    const { issuer } = this.#options;
    try {
      const metadata = await readProviderMetadata(this.#options, this.#fetch);
      const keys = this.#keysAt(metadata.jwks_uri);
      await keys.reload();
      if (!wasWell || this.#connection === undefined) {
        logger.info('The identity provider is ready.', { issuer });
      }
      this.#connection = { configuration: this.#configure(metadata), metadata, keys };
      return true;
    } catch (error) {
      metrics.set('kfgw_provider_up', {}, 0);
      if (wasWell) {
        logger.warn('The identity provider is not ready.', {
          issuer,
          problem: providerFault(error).detail,
        });
      }
      return false;
    }
  }

  #keysAt(url: string): ProviderKeys {
    const known = this.#connection?.keys;
    return known?.url === url ? known : new ProviderKeys(url, this.#fetch, this.#deps.clock);
  }

  #configure(metadata: ProviderMetadata): Configuration {
    const { clientId, insecureIssuerOverHttp } = this.#options;
    const authentication = clientAuthentication(this.#options, this.#deps.clientSecret);
    const configuration = new Configuration(metadata, clientId, undefined, authentication);
    configuration[customFetch] = this.#fetch;
    configuration.timeout = undefined;
    if (insecureIssuerOverHttp) permitHttp(configuration);
    return configuration;
  }
}

function boundsOf(
  { timeoutMs, insecureIssuerOverHttp, insecureSkipTlsVerify }: LoginOptions,
  { caPem }: LoginDependencies,
): FetchBounds {
  return {
    timeoutMs,
    allowHttp: insecureIssuerOverHttp,
    skipTlsVerify: insecureSkipTlsVerify,
    caPem,
  };
}

/** Every exchange says whether the provider is up. */
function reporting(fetch: CustomFetch, { metrics }: LoginDependencies): CustomFetch {
  return async (url, options) => {
    try {
      const answer = await fetch(url, options);
      metrics.set('kfgw_provider_up', {}, 1);
      return answer;
    } catch (error) {
      metrics.set('kfgw_provider_up', {}, 0);
      throw error;
    }
  };
}

function retryMs(failures: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10));
}
