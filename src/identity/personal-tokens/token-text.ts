// Owns the text of the tokens that people make here: a prefix by which secret scanners know them, and
// a checksum by which they, and we, tell one from a typing error without asking anybody.
import { crc32 } from 'node:zlib';
import type { Random } from '../../kernel/random.ts';

/** What a token of ours is by its text; nothing says yet that it was ever given out. */
export type TokenText =
  /** Used as it is. */
  | { readonly kind: 'personal'; readonly secret: string }
  /** Of a command-line login: gives short tokens. `login` names the login and is secret, too. */
  | { readonly kind: 'refresh'; readonly login: string; readonly secret: string }
  /** A short token of a command-line login, which we sealed. */
  | { readonly kind: 'access'; readonly sealed: Buffer };

type Kind = TokenText['kind'];

const PREFIXES = { personal: 'kfgw_', refresh: 'kfgwr_', access: 'kfgwa_' } as const;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = BigInt(DIGITS.length);

const SECRET_BYTES = 32;
const LOGIN_BYTES = 16;
/** Digits that hold 256, 128 and 32 bits. */
const SECRET_LENGTH = 43;
const LOGIN_LENGTH = 22;
const CHECKSUM_LENGTH = 6;
/** More than any access token has. */
const LONGEST = 1024;

/** Underscores and no dash, so that a double click selects all of a personal token. */
const FORMS: Readonly<Record<Kind, RegExp>> = {
  personal: new RegExp(`^[0-9A-Za-z]{${SECRET_LENGTH}}$`),
  refresh: new RegExp(`^[0-9A-Za-z]{${LOGIN_LENGTH + SECRET_LENGTH}}$`),
  access: /^[0-9A-Za-z_-]+$/,
};
const KINDS = ['personal', 'refresh', 'access'] as const;

/** Whether a text claims to be a token of ours; it may be none. */
export function looksLikeOurs(text: string): boolean {
  return KINDS.some((kind) => text.startsWith(PREFIXES[kind]));
}

/** What a text is; undefined when it is not exactly in the form of a token of ours. */
export function readTokenText(text: string): TokenText | undefined {
  const kind = KINDS.find((one) => text.startsWith(PREFIXES[one]));
  if (kind === undefined || text.length > LONGEST) return undefined;
  const body = text.slice(PREFIXES[kind].length, -CHECKSUM_LENGTH);
  if (!FORMS[kind].test(body) || formatted(kind, body) !== text) return undefined;
  switch (kind) {
    case 'personal':
      return { kind, secret: body };
    case 'refresh':
      return { kind, login: body.slice(0, LOGIN_LENGTH), secret: body.slice(LOGIN_LENGTH) };
    case 'access': {
      const sealed = Buffer.from(body, 'base64url');
      return sealed.toString('base64url') === body ? { kind, sealed } : undefined;
    }
  }
}

/** The text of a token, with prefix and checksum. */
export function formatTokenText(token: TokenText): string {
  switch (token.kind) {
    case 'personal':
      return formatted(token.kind, token.secret);
    case 'refresh':
      return formatted(token.kind, `${token.login}${token.secret}`);
    case 'access':
      return formatted(token.kind, token.sealed.toString('base64url'));
  }
}

/** A new secret of 256 bits. */
export function newTokenSecret(random: Random): string {
  return secretOf(random.bytes(SECRET_BYTES));
}

/** The name of a new login: 128 bits. */
export function newLoginName(random: Random): string {
  return base62(random.bytes(LOGIN_BYTES), LOGIN_LENGTH);
}

/** The text of a secret of 32 bytes. */
export function secretOf(bytes: Buffer): string {
  return base62(bytes, SECRET_LENGTH);
}

function formatted(kind: Kind, body: string): string {
  const text = `${PREFIXES[kind]}${body}`;
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(text));
  return `${text}${base62(checksum, CHECKSUM_LENGTH)}`;
}

/** The bytes as one number in `length` digits, the first the most significant. */
function base62(bytes: Buffer, length: number): string {
  let rest = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  while (text.length < length) {
    text = `${DIGITS.charAt(Number(rest % BASE))}${text}`;
    rest /= BASE;
  }
  return text;
}
