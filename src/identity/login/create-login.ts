// Owns putting sign-in together: the provider's connection and what is asked of it.
import type { JSONWebKeySet } from 'jose';
import { ProviderUnreachable } from './bounded-fetch.ts';
import type { RefreshGrant } from './completed-login.ts';
import type { LoginFlow } from './login-flow.ts';
import type { LoginDependencies, LoginOptions } from './login-options.ts';
import { OpenidLoginFlow } from './openid-login-flow.ts';
import { Provider } from './provider.ts';
import { refreshGrant } from './refresh-grant.ts';

export interface Login {
  readonly flow: LoginFlow;
  readonly refresh: RefreshGrant;
  /** Asks the provider for its signing keys. Rejects with ProviderUnreachable. */
  readonly keySet: () => Promise<JSONWebKeySet>;
  /** Stops asking the provider in the background. */
  close(): void;
}

/** Starts asking for the provider at once, and does not wait for it. */
export function createLogin(options: LoginOptions, deps: LoginDependencies): Login {
  const provider = new Provider(options, deps);
  return {
    flow: new OpenidLoginFlow(options, deps, provider),
    refresh: refreshGrant(options, deps, provider),
    keySet: () => {
      const known = provider.connection();
      return known === undefined
        ? Promise.reject(new ProviderUnreachable('the provider has not answered yet'))
        : known.keys.published();
    },
    close: () => {
      provider.close();
    },
  };
}
