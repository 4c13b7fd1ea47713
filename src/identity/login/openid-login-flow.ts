// Owns signing in: the OpenID Connect authorization code flow (Core 1.0 section 3.1) with PKCE and nonce.
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
} from 'openid-client';
import { SECOND_MS } from '../../kernel/duration.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import { LoginAttempts, type FoundAttempt, type LoginAttempt } from './login-attempt.ts';
import type { BeginLogin, CompleteLogin, LoginFlow, LogoutTokenOutcome } from './login-flow.ts';
import type { LoginDependencies, LoginOptions } from './login-options.ts';
import { verifyLogoutToken } from './logout-token.ts';
import type { ProviderTokens, VerifiedClaims } from './completed-login.ts';
import { providerFault } from './provider-fault.ts';
import { browserAddress, browserOrigin } from './provider-metadata.ts';
import type { Provider, ProviderConnection } from './provider.ts';
import { signOutAddress } from './sign-out.ts';
import { readTokenAnswer, type ReadAnswer } from './token-answer.ts';

/** How far the provider's clock may be behind ours; `auth_time` is in whole seconds. */
const CLOCK_TOLERANCE_MS = 30 * SECOND_MS;

type Found = Extract<FoundAttempt, { kind: 'found' }>;

export class OpenidLoginFlow implements LoginFlow {
  readonly #options: LoginOptions;
  readonly #deps: LoginDependencies;
  readonly #provider: Provider;
  readonly #attempts: LoginAttempts;

  constructor(options: LoginOptions, deps: LoginDependencies, provider: Provider) {
    this.#options = options;
    this.#deps = deps;
    this.#provider = provider;
    this.#attempts = new LoginAttempts(deps);
  }

  async begin(
    returnTo: string,
    cookieHeader: string | undefined,
    action?: string,
  ): Promise<BeginLogin> {
    const connection = this.#provider.connection();
    if (connection === undefined) {
      return { kind: 'unavailable', retryAfterSec: this.#provider.retryAfterSec() };
    }
    const started = this.#attempts.start(returnTo, cookieHeader, action);
    const { attempt, state, setCookies } = started;
    const url = buildAuthorizationUrl(connection.configuration, {
      redirect_uri: this.#options.redirectUri,
      scope: this.#options.scopes.join(' '),
      state,
      nonce: attempt.nonce,
      code_challenge: await calculatePKCECodeChallenge(attempt.codeVerifier),
      code_challenge_method: 'S256',
      ...(action === undefined ? {} : askAnew),
    });
    return { kind: 'redirect', location: browserAddress(url), setCookies };
  }

  async complete(query: string, cookieHeader: string | undefined): Promise<CompleteLogin> {
    const parameters = new URLSearchParams(query);
    const [state, ...repeated] = parameters.getAll('state');
    if (state === undefined || repeated.length > 0) return notOurs;
    const found = this.#attempts.find(state, cookieHeader);
    if (found.kind === 'foreign') return notOurs;
    if (found.kind === 'missing') {
      const { returnTo } = found;
      return { kind: 'refused', reason: 'login_attempt_missing', returnTo, setCookies: [] };
    }
    const connection = this.#provider.connection();
    if (connection === undefined) return this.#unavailable(found);
    try {
      const read = await this.#redeem(connection, parameters, state, found);
      if (read.kind === 'refused') return refused(read.reason, found);
      const { returnTo, setCookies } = found;
      const { action } = found.attempt;
      if (action !== undefined && isOlder(read.login.claims, found.attempt))
        return refused('login_not_fresh', found);
      return { kind: 'completed', login: read.login, returnTo, action, setCookies };
    } catch (error) {
      return this.#failed(error, found);
    }
  }

  signOutAddress(tokens: ProviderTokens): string | undefined {
    const connection = this.#provider.connection();
    return connection && signOutAddress(tokens, connection, this.#options);
  }

  async verifyLogoutToken(token: string): Promise<LogoutTokenOutcome> {
    const connection = this.#provider.connection();
    if (connection === undefined) return { kind: 'unavailable' };
    const outcome = await verifyLogoutToken(token, {
      keys: connection.keys,
      issuer: connection.metadata.issuer,
      clientId: this.#options.clientId,
      nowMs: this.#deps.clock.nowMs(),
    });
    if (outcome.kind === 'verified') return outcome;
    this.#deps.logger.warn('A logout token was not accepted.', { problem: outcome.detail });
    return { kind: outcome.kind };
  }

  providerOrigin(): string | undefined {
    const address = this.#provider.connection()?.metadata.authorization_endpoint;
    return address === undefined ? undefined : browserOrigin(address);
  }

  /** openid-client checks `iss` (RFC 9207), `state` again, then redeems the code and checks `nonce`. */
  async #redeem(
    connection: ProviderConnection,
    parameters: URLSearchParams,
    state: string,
    { attempt }: Found,
  ): Promise<ReadAnswer> {
    const callback = new URL('https://gateway.invalid/');
    callback.search = parameters.toString();
    const answer = await authorizationCodeGrant(connection.configuration, callback, {
      expectedState: state,
      expectedNonce: attempt.nonce,
      pkceCodeVerifier: attempt.codeVerifier,
      idTokenExpected: true,
    });
    const { clock, metrics } = this.#deps;
    return readTokenAnswer(answer, { connection, options: this.#options, clock, metrics });
  }

  #failed(error: unknown, found: Found): CompleteLogin {
    const fault = providerFault(error);
    const isPersonRefused = fault.kind === 'refused' && fault.status === undefined;
    const level = isPersonRefused ? 'info' : 'warn';
    this.#deps.logger[level]('A sign-in failed at the provider.', { problem: fault.detail });
    if (fault.kind === 'unreachable') return this.#unavailable(found);
    return refused(isPersonRefused ? 'login_refused_by_provider' : 'login_failed', found);
  }

  #unavailable({ returnTo }: Found): CompleteLogin {
    return { kind: 'unavailable', returnTo, retryAfterSec: this.#provider.retryAfterSec() };
  }
}

/** OpenID Connect Core 1.0 section 3.1.2.1: `prompt` for providers that know no `max_age`, and the reverse. */
const askAnew = { prompt: 'login', max_age: '0' };

/**
 * Whether the person authenticated before the attempt began. A provider that does not say when
 * (`auth_time`, Core 1.0 section 2) is believed to have asked: `authTimeSec` is then the ID token's `iat`.
 */
function isOlder({ authTimeSec }: VerifiedClaims, { startedAtMs }: LoginAttempt): boolean {
  return authTimeSec * SECOND_MS < startedAtMs - CLOCK_TOLERANCE_MS;
}

const notOurs: CompleteLogin = {
  kind: 'refused',
  reason: 'login_state_mismatch',
  returnTo: undefined,
  setCookies: [],
};

function refused(reason: ReasonCode, { returnTo, setCookies }: Found): CompleteLogin {
  return { kind: 'refused', reason, returnTo, setCookies };
}
