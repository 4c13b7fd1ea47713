// Owns the way from the token endpoint's answer to a completed login: signature, claims, rules.
import { compactVerify, decodeJwt } from 'jose';
import {
  fetchUserInfo,
  type IDToken,
  type TokenEndpointResponse,
  type TokenEndpointResponseHelpers,
} from 'openid-client';
import type { Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import { principalFromClaims } from '../claims.ts';
import type { CompletedLogin, ProviderTokens } from './completed-login.ts';
import type { LoginOptions } from './login-options.ts';
import { SIGNING_ALGORITHMS } from './provider-keys.ts';
import type { ProviderConnection } from './provider.ts';

export type TokenAnswer = TokenEndpointResponse & TokenEndpointResponseHelpers;

export type ReadAnswer =
  | { readonly kind: 'login'; readonly login: CompletedLogin }
  | { readonly kind: 'refused'; readonly reason: ReasonCode };

/** What the answer is read with; `previous` are the tokens of the login that a refresh continues. */
export interface AnswerContext {
  readonly connection: ProviderConnection;
  readonly options: LoginOptions;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly previous?: ProviderTokens;
}

/** An ID token whose claims openid-client or an earlier login has checked. */
interface Statement {
  readonly idToken: string;
  readonly claims: IDToken;
  readonly expiresAtMs: number;
}

/**
 * The login that an answer stands for. openid-client has checked the ID token's issuer, audience,
 * times and, at sign-in, nonce; here are its signature and `azp`. Throws what `providerFault` tells apart.
 */
export async function readTokenAnswer(
  answer: TokenAnswer,
  context: AnswerContext,
): Promise<ReadAnswer> {
  const { options, metrics, previous } = context;
  const statement = await readStatement(answer, context);
  const { claims, idToken, expiresAtMs } = statement;
  const person = principalFromClaims(await allClaims(claims, answer, context), options.claims);
  if (person.kind === 'refused') return person;
  if (person.droppedGroups > 0) {
    metrics.increment('kfgw_groups_dropped_total', {}, person.droppedGroups);
  }
  return {
    kind: 'login',
    login: {
      claims: {
        principal: person.principal,
        email: person.email,
        authTimeSec: claims.auth_time ?? claims.iat,
        expiresAtMs,
      },
      tokens: {
        issuer: claims.iss,
        clientId: options.clientId,
        sub: claims.sub,
        providerSid: typeof claims['sid'] === 'string' ? claims['sid'] : previous?.providerSid,
        idToken,
        refreshToken: answer.refresh_token ?? previous?.refreshToken,
      },
    },
  };
}

async function readStatement(answer: TokenAnswer, context: AnswerContext): Promise<Statement> {
  const { connection, options, previous } = context;
  const claims = answer.claims();
  if (claims === undefined || answer.id_token === undefined) {
    if (previous !== undefined) return repeatedStatement(answer, previous, context.clock);
    throw new TypeError('the answer has no ID token');
  }
  await compactVerify(answer.id_token, connection.keys.forDirectToken, {
    algorithms: SIGNING_ALGORITHMS,
  });
  // OpenID Connect Core 1.0 section 3.1.3.7, step 5; openid-client looks at it for several audiences only.
  if (claims.azp !== undefined && claims.azp !== options.clientId) {
    throw new TypeError('the ID token was issued to another client');
  }
  return { idToken: answer.id_token, claims, expiresAtMs: claims.exp * SECOND_MS };
}

/**
 * A refresh need not bring an ID token (OpenID Connect Core 1.0 section 12.2): then the provider has
 * said again what it said before, for as long as its answer lives.
 */
function repeatedStatement(answer: TokenAnswer, previous: ProviderTokens, clock: Clock): Statement {
  const claims = decodeJwt<IDToken>(previous.idToken);
  const lifeSec = answer.expires_in ?? claims.exp - claims.iat;
  return { idToken: previous.idToken, claims, expiresAtMs: clock.nowMs() + lifeSec * SECOND_MS };
}

/** What the user info endpoint says counts: after a refresh it can be newer than the ID token. */
async function allClaims(
  claims: IDToken,
  answer: TokenAnswer,
  { connection, options }: AnswerContext,
): Promise<Readonly<Record<string, unknown>>> {
  if (!options.useUserinfo) return claims;
  const { configuration } = connection;
  return { ...claims, ...(await fetchUserInfo(configuration, answer.access_token, claims.sub)) };
}
