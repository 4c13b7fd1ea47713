// Owns the signatures of tokens that others issue: by an algorithm that is allowed, a key that fits.
import type { Fields } from '../../kernel/fields.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { fitsAlgorithm } from './public-key.ts';
import { isSigned } from './signature-algorithm.ts';

export interface JwsRules {
  /** Asymmetric ones only; what the token itself asks for is never enough (RFC 8725 section 3.1). */
  readonly algorithms: readonly string[];
  readonly keys: Pick<IssuerKeys, 'find'>;
}

export type JwsVerdict =
  | { readonly kind: 'signed' }
  | { readonly kind: 'rejected'; readonly detail: string }
  | { readonly kind: 'unavailable'; readonly retryAfterSec: number };

/** Access tokens of RFC 9068 and plain JWTs; what is typed as something else is something else (RFC 8725 section 3.11). */
const TYPES: ReadonlySet<unknown> = new Set([undefined, 'jwt', 'at+jwt']);
/** What changes how a JWS is read (RFC 7515 section 4.1.11, RFC 7797), and marks of a JWE (RFC 7516 section 4.1). */
const REFUSED_PARAMETERS = ['crit', 'b64', 'enc', 'zip'];
const LONGEST_KEY_NAME = 256;

/**
 * Verifies the signature of a JWS in compact serialisation that was read strictly before
 * (bearer/unverified-token.ts): `header` is its own. Keys come from `rules` alone: `jku`, `x5u`,
 * `x5c` and `jwk` are not looked at. Never rejects; `detail` is fit for logs.
 */
export async function verifyJws(
  text: string,
  header: Fields,
  rules: JwsRules,
): Promise<JwsVerdict> {
  const { alg, kid } = header;
  const problem = headerProblem(header);
  if (problem !== undefined) return rejected(problem);
  if (typeof alg !== 'string' || !rules.algorithms.includes(alg)) {
    return rejected('the algorithm is not allowed');
  }
  if (!isKeyName(kid)) return rejected('the name of the key is malformed');
  const search = await rules.keys.find(kid);
  if (search.kind === 'unavailable') return search;
  if (search.kind === 'unknown') return rejected('the issuer has no such key');
  const [key, ...others] = search.keys.filter((candidate) => fitsAlgorithm(candidate, alg));
  if (key === undefined) return rejected('the key does not fit the algorithm');
  if (others.length > 0) return rejected('several keys fit');
  return isSigned(text, alg, key.key) ? { kind: 'signed' } : rejected('the signature is wrong');
}

function headerProblem(header: Fields): string | undefined {
  const refused = REFUSED_PARAMETERS.find((name) => Object.hasOwn(header, name));
  if (refused !== undefined) return `the header has ${refused}`;
  const { typ } = header;
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;
  return TYPES.has(type) ? undefined : 'the token is of another type';
}

function isKeyName(kid: unknown): kid is string | undefined {
  return kid === undefined || (typeof kid === 'string' && kid.length <= LONGEST_KEY_NAME);
}

function rejected(detail: string): JwsVerdict {
  return { kind: 'rejected', detail };
}
