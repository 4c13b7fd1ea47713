// Owns one key of an issuer: whether it can be used at all, and for which algorithms.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { isFields, type Fields } from '../../kernel/fields.ts';

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

/** Kind of key and curve, as Node names them, by algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1). */
const kinds: ReadonlyMap<string, string> = new Map([
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg) => [alg, 'rsa'] as const),
  ['ES256', 'ec prime256v1'],
  ['ES384', 'ec secp384r1'],
  ['ES512', 'ec secp521r1'],
  ['EdDSA', 'ed25519'],
]);

/** Whether a signature of this algorithm can be by this key (RFC 8725 section 3.1). */
export function fitsAlgorithm({ alg: only, key }: PublicKey, alg: string): boolean {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const kind = [key.asymmetricKeyType, curve].filter((part) => part !== undefined).join(' ');
  return kinds.get(alg) === kind && (only === undefined || only === alg);
}
