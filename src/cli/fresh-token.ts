// Owns the way from a stored login to an access token that still lives for a while.
import { refreshTokenGrant } from 'openid-client';
import type { Clock } from '../kernel/clock.ts';
import { MINUTE_MS } from '../kernel/duration.ts';
import { findAuthorizationServer, type ServerAddress } from './authorization-server.ts';
import type { CredentialsFile, StoredLogin } from './credentials-file.ts';
import { readLoginAnswer } from './login-answer.ts';
import { serverFault } from './server-fault.ts';

/** What is printed should outlive the request that it is printed for. */
const LEAST_LIFE_MS = MINUTE_MS;

export type FreshToken =
  | { readonly kind: 'fresh'; readonly accessToken: string }
  /** Nobody is signed in, or not any more: then the login has been forgotten. */
  | { readonly kind: 'none' }
  | { readonly kind: 'ended' };

/** Rejects with what serverFault tells apart; then the login is kept. */
export async function freshToken(
  gateway: Omit<ServerAddress, 'caFile'>,
  file: CredentialsFile,
  clock: Clock,
): Promise<FreshToken> {
  const { origin } = gateway;
  const known = (await file.read()).get(origin);
  if (known === undefined) return { kind: 'none' };
  if (isFresh(known, clock)) return { kind: 'fresh', accessToken: known.accessToken };
  return file.update<FreshToken>(async (logins) => {
    const login = logins.get(origin);
    // Another command may have been here while this one waited.
    if (login === undefined) return { logins, result: { kind: 'none' } };
    if (isFresh(login, clock)) {
      return { logins, result: { kind: 'fresh', accessToken: login.accessToken } };
    }
    const next = await refreshed(login, gateway, clock);
    const others = new Map(logins);
    if (next === undefined) {
      others.delete(origin);
      return { logins: others, result: { kind: 'ended' } };
    }
    const { accessToken } = next;
    return { logins: others.set(origin, next), result: { kind: 'fresh', accessToken } };
  });
}

function isFresh({ accessExpiresAtMs }: StoredLogin, clock: Clock): boolean {
  return accessExpiresAtMs - clock.nowMs() > LEAST_LIFE_MS;
}

/** Undefined when the gateway says that the login has ended (RFC 6749 section 5.2). */
async function refreshed(
  login: StoredLogin,
  gateway: Omit<ServerAddress, 'caFile'>,
  clock: Clock,
): Promise<StoredLogin | undefined> {
  const { refreshToken, caFile } = login;
  const server = await findAuthorizationServer({ ...gateway, caFile }, clock);
  try {
    const answer = await refreshTokenGrant(server, refreshToken);
    return { ...readLoginAnswer(answer, clock.nowMs(), refreshToken), caFile };
  } catch (error) {
    const fault = serverFault(error);
    if (fault.kind === 'refused' && fault.error === 'invalid_grant') return undefined;
    throw error;
  }
}
