// Owns the public key set of session JWTs (RFC 7517 section 5).
import type { KeyRing } from './key-ring.ts';

/**
 * The key set of all keys that are published or sign now, as JSON. Verifiers may keep it for less
 * than sessionJwt.publishDelay.
 */
export function keySetJson(keys: Pick<KeyRing, 'signingKeys'>): string {
  const published = keys.signingKeys().filter(({ state }) => state !== 'retired');
  return JSON.stringify({ keys: published.map(({ key }) => key.publicJwk) });
}
