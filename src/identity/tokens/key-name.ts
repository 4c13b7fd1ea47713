// Owns the names of key files: what a key is for and when it was made. Both are the same at every
// replica, however late its mount is.

export const KEY_USES = ['cookie', 'record', 'signing'] as const;

/**
 * - `cookie`: signs session cookies and seals sign-in attempts; 256 bits.
 * - `record`: seals session records in the store; 256 bits.
 * - `signing`: signs session JWTs; P-256.
 */
export type KeyUse = (typeof KEY_USES)[number];

export interface KeyName {
  readonly use: KeyUse;
  /** Milliseconds since the epoch, whole seconds. */
  readonly createdAtMs: number;
}

/**
 * `signing-2026-11-21T10-00-00Z.pem`, `cookie-2026-11-21T10-00-00Z.key`: characters that a key of a
 * Kubernetes Secret may have.
 */
export function keyFileName({ use, createdAtMs }: KeyName): string {
  const time = new Date(createdAtMs).toISOString().slice(0, 19).replaceAll(':', '-');
  return `${use}-${time}Z.${use === 'signing' ? 'pem' : 'key'}`;
}

/** What a key file's name says; undefined when it is not one that `keyFileName` makes. */
export function parseKeyFileName(name: string): KeyName | undefined {
  const match = /^(\w+)-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z\.(?:pem|key)$/.exec(name);
  const use = KEY_USES.find((known) => known === match?.[1]);
  if (match === null || use === undefined) return undefined;
  const [, , date = '', hours = '', minutes = '', seconds = ''] = match;
  const createdAtMs = Date.parse(`${date}T${hours}:${minutes}:${seconds}Z`);
  if (Number.isNaN(createdAtMs)) return undefined;
  return keyFileName({ use, createdAtMs }) === name ? { use, createdAtMs } : undefined;
}
