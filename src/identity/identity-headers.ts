// Owns the identity headers: their names, values and bytes.
import type { Principal } from './principal.ts';

export interface IdentityHeaderNames {
  readonly userIdHeader: string;
  readonly groupsHeader: string;
}

/** Name, value pairs for node:http; no groups, no groups header: a value is never empty. */
export function identityHeaders(
  { userId, groups }: Principal,
  { userIdHeader, groupsHeader }: IdentityHeaderNames,
): readonly (readonly [name: string, value: string])[] {
  const user = [userIdHeader, headerBytes(userId)] as const;
  return groups.length === 0 ? [user] : [user, [groupsHeader, headerBytes(groups.join(','))]];
}

/**
 * node:http writes each character of a header as one byte and refuses those above 255, so UTF-8
 * goes out as one character per byte: applications receive the bytes that the session JWT holds.
 */
function headerBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
