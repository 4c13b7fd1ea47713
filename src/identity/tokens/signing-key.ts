// Owns one signing key: P-256, named by its RFC 7638 thumbprint.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';

/** The public half as verifiers get it (RFC 7517 section 4, RFC 7518 section 6.2.1). */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'ES256';
}

export interface SigningKey {
  readonly createdAtMs: number;
  readonly privateKey: KeyObject;
  readonly publicJwk: PublicJwk;
}

/** Reads a PKCS #8 PEM. Rejects when it is not a P-256 private key; the message holds no part of it. */
export async function readSigningKey(pem: string, createdAtMs: number): Promise<SigningKey> {
  const privateKey = privateKeyOf(pem);
  const { x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1' || !x || !y)
    throw new TypeError('not a P-256 key');
  const point = { kty: 'EC', crv: 'P-256', x, y } as const;
  const kid = await calculateJwkThumbprint(point);
  return { createdAtMs, privateKey, publicJwk: { ...point, kid, use: 'sig', alg: 'ES256' } };
}

function privateKeyOf(pem: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    // OpenSSL's message may describe the content; that it is not a key says enough.
    throw new TypeError('not a private key in PEM form');
  }
}

/** A new key in PKCS #8 PEM form. */
export function newSigningKeyPem(): string {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return privateKey;
}
