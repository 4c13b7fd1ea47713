// Owns reading the Authorization header: one value with one scheme, or a refusal.
import { splitOutsideQuotes } from './quoted-list.ts';
import type { Authorization } from './request-head.ts';

const none: Authorization = { kind: 'none' };
const other: Authorization = { kind: 'other' };

/**
 * What the header holds; undefined when it could hold two credentials: `Bearer a, Basic b` is what
 * joined header lines look like. Commas between auth-params (RFC 9110 section 11.4) are fine. A
 * Bearer without a token keeps an empty one, so that it is rejected and never taken for absent
 * (CVE-2023-48312).
 */
export function readAuthorization(value: string | undefined): Authorization | undefined {
  if (value === undefined) return none;
  if (value.includes(',') && hasSecondScheme(value)) return undefined;
  const match = /^[ \t]*bearer(?:[ \t]+(.*))?$/is.exec(value);
  return match === null ? other : { kind: 'bearer', token: (match[1] ?? '').trimEnd() };
}

/** The name of an auth-param is followed by `=`; a scheme is not. */
const authParam = /^[ \t]*[!#$%&'*+\-.^_`|~\w]+[ \t]*=/;

function hasSecondScheme(value: string): boolean {
  const [, ...behindCommas] = splitOutsideQuotes(value, ',');
  return behindCommas.some((part) => part.trim() !== '' && !authParam.test(part));
}
