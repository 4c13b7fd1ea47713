// Owns the signature algorithms of tokens (RFC 7518 section 3.1, RFC 8037 section 3.1): by which kind
// of key they are, and how a signature is checked.
import { constants, verify, type KeyObject, type SigningOptions } from 'node:crypto';

interface SignatureAlgorithm {
  /** Kind of key and curve, as Node names them. */
  readonly kind: string;
  /** Null where the algorithm brings its own. */
  readonly digest: 'sha256' | 'sha384' | 'sha512' | null;
  readonly options: SigningOptions;
}

const PKCS1: SigningOptions = { padding: constants.RSA_PKCS1_PADDING };
const PSS: SigningOptions = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
};
/** r and s side by side (RFC 7518 section 3.4); any other length is no signature. */
const ECDSA: SigningOptions = { dsaEncoding: 'ieee-p1363' };

const algorithms: ReadonlyMap<string, SignatureAlgorithm> = new Map<string, SignatureAlgorithm>([
  ['RS256', { kind: 'rsa', digest: 'sha256', options: PKCS1 }],
  ['RS384', { kind: 'rsa', digest: 'sha384', options: PKCS1 }],
  ['RS512', { kind: 'rsa', digest: 'sha512', options: PKCS1 }],
  ['PS256', { kind: 'rsa', digest: 'sha256', options: PSS }],
  ['PS384', { kind: 'rsa', digest: 'sha384', options: PSS }],
  ['PS512', { kind: 'rsa', digest: 'sha512', options: PSS }],
  ['ES256', { kind: 'ec prime256v1', digest: 'sha256', options: ECDSA }],
  ['ES384', { kind: 'ec secp384r1', digest: 'sha384', options: ECDSA }],
  ['ES512', { kind: 'ec secp521r1', digest: 'sha512', options: ECDSA }],
  ['EdDSA', { kind: 'ed25519', digest: null, options: {} }],
]);

/** Whether signatures of `alg` are by keys of this kind (RFC 8725 section 3.1). */
export function isKindOf(alg: string, key: KeyObject): boolean {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const kind = [key.asymmetricKeyType, curve].filter((part) => part !== undefined).join(' ');
  return algorithms.get(alg)?.kind === kind;
}

/**
 * Whether the last part of a JWS in compact serialisation, whose form is known to be right, is the
 * signature of what stands before it. Synchronous: with the key prepared it takes half of what
 * WebCrypto takes, which asks another thread.
 */
export function isSigned(jws: string, alg: string, key: KeyObject): boolean {
  const algorithm = algorithms.get(alg);
  if (algorithm === undefined || !isKindOf(alg, key)) return false;
  const { digest, options } = algorithm;
  const end = jws.lastIndexOf('.');
  const signature = Buffer.from(jws.slice(end + 1), 'base64url');
  try {
    return verify(digest, Buffer.from(jws.slice(0, end)), { key, ...options }, signature);
  } catch {
    return false;
  }
}
