// Owns reading a bearer token once, so strictly that nobody can read something else in it.
import type { Fields } from '../../kernel/fields.ts';
import { readJsonObject } from '../../request/json-object.ts';
import type { UnverifiedJwt, UnverifiedToken } from './token-verifier.ts';

/** Characters of the longest token that is looked into: what Node takes for all headers together. */
const LONGEST_TOKEN = 16 * 1024;

/**
 * The token, with header and payload where it is a JWT in JWS compact serialisation (RFC 7515
 * section 7.1, RFC 7519 section 7.2). Everything else has no `jwt` and is no JWT for anybody here:
 * an encrypted one, an empty signature, base64url with padding, other letters or loose last bits
 * (RFC 4648 sections 3.2 and 3.5), JSON that readers could understand differently.
 */
export function readUnverifiedToken(text: string): UnverifiedToken {
  return { text, jwt: text.length > LONGEST_TOKEN ? undefined : readJwt(text) };
}

function readJwt(text: string): UnverifiedJwt | undefined {
  const [headerPart = '', payloadPart = '', signaturePart = '', ...more] = text.split('.', 4);
  if (more.length > 0 || signaturePart === '' || decoded(signaturePart) === undefined)
    return undefined;
  const header = readPart(headerPart);
  const payload = readPart(payloadPart);
  return header === undefined || payload === undefined ? undefined : { header, payload };
}

function readPart(part: string): Fields | undefined {
  const bytes = decoded(part);
  return bytes === undefined ? undefined : readJsonObject(bytes);
}

/** Node decodes leniently; only the one right spelling of bytes is what encoding them gives. */
function decoded(part: string): Uint8Array | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}
