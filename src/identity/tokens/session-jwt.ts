// Owns session JWTs: what upstreams and Istio can verify without asking us (RFC 7519, RFC 8725).
import { sign } from 'node:crypto';
import type { Clock } from '../../kernel/clock.ts';
import { randomId, type Random } from '../../kernel/random.ts';
import type { AssertionSigner, AssertionSubject } from './assertion-signer.ts';
import type { KeyRing } from './key-ring.ts';
import type { SigningKey } from './signing-key.ts';

/** A type of its own, so that no other JWT of any issuer passes for one (RFC 8725 section 3.11). */
const SESSION_JWT_TYPE = 'kfgw-session+jwt';
const JWT_ID_BITS = 128;

export interface SessionJwtOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly lifetimeMs: number;
}

interface SignerDependencies {
  readonly keys: Pick<KeyRing, 'signingKey'>;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * A signer with the key that is due at each call. Signing is synchronous (some 30 µs), so that the
 * hot path has no promise.
 */
export function createAssertionSigner(
  { issuer, audience, lifetimeMs }: SessionJwtOptions,
  { keys, clock, random }: SignerDependencies,
): AssertionSigner {
  return (subject) => {
    const issuedAtSec = Math.floor(clock.nowMs() / 1000);
    const expiresAtSec = issuedAtSec + Math.floor(lifetimeMs / 1000);
    const payload = {
      iss: issuer,
      aud: audience,
      ...claimsOf(subject),
      jti: randomId(random, JWT_ID_BITS),
      iat: issuedAtSec,
      exp: expiresAtSec,
    };
    return { token: signed(payload, keys.signingKey()), expiresAtMs: expiresAtSec * 1000 };
  };
}

/**
 * Istio copies only string claims into headers, hence `kubeflow_groups` beside the array: both
 * strings are the bytes of the identity headers. No groups, no claim: a header is never empty.
 */
function claimsOf({ principal, email, handle, authTimeSec }: AssertionSubject) {
  const { userId, groups } = principal;
  return {
    sub: userId,
    ...(email === undefined ? {} : { email }),
    groups,
    kubeflow_userid: userId,
    ...(groups.length === 0 ? {} : { kubeflow_groups: groups.join(',') }),
    sid: handle,
    auth_time: authTimeSec,
  };
}

/** JWS compact serialisation with ES256 (RFC 7515 section 7.1, RFC 7518 section 3.4). */
function signed(payload: object, { privateKey, publicJwk }: SigningKey): string {
  const header = { alg: 'ES256', typ: SESSION_JWT_TYPE, kid: publicJwk.kid };
  const input = `${segment(header)}.${segment(payload)}`;
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
