// Owns the verification of logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.6), all but
// replay, which all replicas remember together.
import { jwtVerify, type JWTPayload } from 'jose';
import { MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import { isFields } from '../../kernel/fields.ts';
import type { LogoutSelector } from '../session/sessions.ts';
import { providerFault } from './provider-fault.ts';
import { SIGNING_ALGORITHMS, type ProviderKeys } from './provider-keys.ts';

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** Clocks of provider and gateway may differ by this. */
const TOLERANCE_SEC = 30;
/** The specification recommends two minutes of life; a provider may deliver late and again. */
const OLDEST_MS = 10 * MINUTE_MS;
/** Explicit typing is recommended only (section 2.4); what is typed as something else is something else. */
const TYPES = new Set([undefined, 'jwt', 'logout+jwt']);
const LONGEST_TOKEN = 16_384;

export type VerifiedLogoutToken =
  | {
      readonly kind: 'verified';
      readonly selector: LogoutSelector;
      readonly jti: string;
      /** Milliseconds since the epoch: until then the same token would be accepted again. */
      readonly expiresAtMs: number;
    }
  | { readonly kind: 'refused' | 'unavailable'; readonly detail: string };

export interface LogoutTokenContext {
  readonly keys: ProviderKeys;
  readonly issuer: string;
  readonly clientId: string;
  readonly nowMs: number;
}

/** Never rejects; `detail` is fit for logs. */
export async function verifyLogoutToken(
  token: string,
  { keys, issuer, clientId, nowMs }: LogoutTokenContext,
): Promise<VerifiedLogoutToken> {
  if (token.length > LONGEST_TOKEN) return refused('the token is too long');
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys.forSentToken, {
      algorithms: SIGNING_ALGORITHMS,
      issuer,
      audience: clientId,
      requiredClaims: ['iss', 'aud', 'iat', 'exp', 'jti', 'events'],
      currentDate: new Date(nowMs),
      clockTolerance: TOLERANCE_SEC,
      maxTokenAge: OLDEST_MS / SECOND_MS,
    });
    if (!TYPES.has(protectedHeader.typ?.toLowerCase().replace(/^application\//, ''))) {
      return refused('the token is of another type');
    }
    return readLogout(payload, issuer, clientId);
  } catch (error) {
    const { kind, detail } = providerFault(error);
    return kind === 'unreachable' ? { kind: 'unavailable', detail } : refused(detail);
  }
}

function readLogout(payload: JWTPayload, issuer: string, clientId: string): VerifiedLogoutToken {
  const { sub, sid, jti, iat = 0, exp = 0 } = payload;
  if (Object.hasOwn(payload, 'nonce')) return refused('the token has a nonce');
  if (!hasLogoutEvent(payload['events'])) return refused('the token has no logout event');
  if (jti === undefined || jti === '') return refused('the token has no jti');
  const selector = {
    issuer,
    clientId,
    sub: nonEmptyText(sub),
    providerSid: nonEmptyText(sid),
  };
  if (selector.sub === undefined && selector.providerSid === undefined) {
    return refused('the token names neither sub nor sid');
  }
  const lastMs = Math.min(exp * SECOND_MS, iat * SECOND_MS + OLDEST_MS);
  return { kind: 'verified', selector, jti, expiresAtMs: lastMs + TOLERANCE_SEC * SECOND_MS };
}

function hasLogoutEvent(events: unknown): boolean {
  if (typeof events !== 'object' || events === null || !Object.hasOwn(events, LOGOUT_EVENT)) {
    return false;
  }
  const event: unknown = Reflect.get(events, LOGOUT_EVENT);
  return isFields(event);
}

function nonEmptyText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function refused(detail: string): VerifiedLogoutToken {
  return { kind: 'refused', detail };
}
