// Owns one key of an issuer: whether it can be used at all, and for which algorithms.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { isFields, type Fields } from '../../kernel/fields.ts';
import { isKindOf } from './signature-algorithm.ts';

export interface PublicKey {
  readonly kid: string | undefined;
  /** The one algorithm that the issuer uses it with, where the issuer says so. */
  readonly alg: string | undefined;
  readonly key: KeyObject;
}

/** RFC 7518 section 3.3. */
const SHORTEST_RSA_BITS = 2048;

/**
 * The key of a JWK (RFC 7517 section 4); undefined where it is not for signatures, symmetric, too
 * short, of a kind that no algorithm here has, or comes with its private part: what everybody can
 * sign with proves nothing.
 */
export function readPublicKey(jwk: unknown): PublicKey | undefined {
  if (!isFields(jwk) || jwk['kty'] === 'oct' || Object.hasOwn(jwk, 'd') || !isForVerifying(jwk)) {
    return undefined;
  }
  const { kid, alg } = jwk;
  if (!isTextOrAbsent(kid) || !isTextOrAbsent(alg)) return undefined;
  const key = keyOf(jwk);
  return key !== undefined && isStrong(key) ? { kid, alg, key } : undefined;
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

function isForVerifying({ use, key_ops: uses }: Fields): boolean {
  if (use !== undefined && use !== 'sig') return false;
  return uses === undefined || (Array.isArray(uses) && uses.includes('verify'));
}

function keyOf(jwk: Fields): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

function isStrong({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  const { modulusLength = 0 } = asymmetricKeyDetails ?? {};
  return asymmetricKeyType !== 'rsa' || modulusLength >= SHORTEST_RSA_BITS;
}

/** Whether a signature of this algorithm can be by this key, by its kind and by what its issuer says. */
export function fitsAlgorithm({ alg: only, key }: PublicKey, alg: string): boolean {
  return isKindOf(alg, key) && (only === undefined || only === alg);
}
