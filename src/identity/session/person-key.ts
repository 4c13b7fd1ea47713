// Owns the hashed names under which stores find what a provider names: people, its sessions, messages.
import { createHash } from 'node:crypto';

interface Client {
  readonly issuer: string;
  readonly clientId: string;
}

/** The key of a person: issuer, client and `sub` (OpenID Connect Core 1.0 section 5.7). */
export function personKey({ issuer, clientId, sub }: Client & { readonly sub: string }): string {
  return hashOf('person', issuer, clientId, sub);
}

/** The key of a session at the provider (OIDC Back-Channel Logout 1.0 section 2.1, `sid`). */
export function providerSidKey({ issuer, clientId }: Client, providerSid: string): string {
  return hashOf('sid', issuer, clientId, providerSid);
}

/** The key of a logout message, whose `jti` may be of any length and hold anything. */
export function messageKey(id: string): string {
  return hashOf('message', id);
}

/** Hashes the parts as JSON, which keeps them apart whatever they contain. */
function hashOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
