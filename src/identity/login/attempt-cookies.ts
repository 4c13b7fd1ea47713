// Owns the cookies of login attempts: their lines for Set-Cookie, and finding them in a Cookie header.
import { MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import type { Random } from '../../kernel/random.ts';
import type { OwnCookies } from '../../request/own-cookies.ts';

export const ATTEMPT_LIFE_MS = 10 * MINUTE_MS;

/** More than any browser has; the rest of a flood is not looked at. */
const MOST_READ = 64;
/** Numbers are drawn, not counted: tabs that start together do not know of each other. */
const NUMBERS = 1_000_000;

export interface AttemptCookie {
  readonly name: string;
  readonly value: string;
}

/** A name that no other attempt of this browser has, but for a chance of one in a million. */
export function newAttemptName({ loginPrefix }: OwnCookies, random: Random): string {
  return `${loginPrefix}${random.bytes(4).readUInt32BE() % NUMBERS}`;
}

/** The attempt cookies in a Cookie header (RFC 6265 section 4.2.1), in its order. */
export function readAttemptCookies(
  header: string | undefined,
  { loginPrefix }: OwnCookies,
): readonly AttemptCookie[] {
  const found: AttemptCookie[] = [];
  for (const pair of (header ?? '').split(';')) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, Math.max(equals, 0)).trim();
    if (!name.startsWith(loginPrefix) || !/^\d{1,6}$/.test(name.slice(loginPrefix.length)))
      continue;
    found.push({ name, value: pair.slice(equals + 1).trim() });
    if (found.length === MOST_READ) break;
  }
  return found;
}

/** Sets the cookie for the life of an attempt. `value` is base64url. */
export function setAttemptCookie(cookie: AttemptCookie, cookies: OwnCookies): string {
  return cookieLine(cookie, ATTEMPT_LIFE_MS / SECOND_MS, cookies);
}

/** Removes the cookie; every attribute as it was set, or `__Host-` names would stay. */
export function clearAttemptCookie(name: string, cookies: OwnCookies): string {
  return cookieLine({ name, value: '' }, 0, cookies);
}

function cookieLine(
  { name, value }: AttemptCookie,
  maxAgeSec: number,
  { secure }: OwnCookies,
): string {
  const attributes = `Path=/; Max-Age=${maxAgeSec}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  return `${name}=${value}; ${attributes}`;
}
