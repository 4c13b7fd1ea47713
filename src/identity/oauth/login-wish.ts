// Owns reading what a command line asks for: scope, name and life of its login.
import { DAY_MS, SECOND_MS } from '../../kernel/duration.ts';
import { formatTokenScope, parseTokenScope } from '../bearer/token-scope.ts';
import { isGrantable } from '../personal-tokens/token-wish.ts';
import { LOGIN_LIFETIME_PARAMETER, LOGIN_NAME_PARAMETER } from './command-line-client.ts';
import { refusal, type OAuthRefusal } from './oauth-error.ts';
import type { Parameters } from './parameters.ts';

/** As TokenWish, with the scope as text: fit to be sealed. */
export interface LoginWish {
  readonly name: string;
  readonly scope: string;
  /** Milliseconds. */
  readonly lifetimeMs: number;
}

const DEFAULT_NAME = 'Command line';
/** What a command line is for; who wants reading alone says so. */
const DEFAULT_SCOPE = 'write';
/** Less where the configuration allows less. */
const DEFAULT_LIFETIME_MS = 30 * DAY_MS;
/** With the other parameters it has to fit into a sealed login attempt, which is a cookie. */
const LONGEST_SCOPE = 650;
const SECONDS = /^[1-9]\d{0,8}$/;

/** `maxLifetimeMs` is the longest life that may be asked for; who asks for none gets at most 30 days. */
export function readLoginWish(
  parameters: Parameters,
  maxLifetimeMs: number,
): { readonly kind: 'wish'; readonly wish: LoginWish } | OAuthRefusal {
  const scopeText = parameters.get('scope') ?? DEFAULT_SCOPE;
  const scope = scopeText.length > LONGEST_SCOPE ? undefined : parseTokenScope(scopeText);
  if (scope === undefined) return refusal('invalid_scope', 'this scope is not known');
  const name = parameters.get(LOGIN_NAME_PARAMETER) ?? DEFAULT_NAME;
  const lifetimeMs = readLifetimeMs(parameters.get(LOGIN_LIFETIME_PARAMETER), maxLifetimeMs);
  if (isGrantable({ name, scope, lifetimeMs }, maxLifetimeMs)) {
    return { kind: 'wish', wish: { name, scope: formatTokenScope(scope), lifetimeMs } };
  }
  // With the options of the command line: it shows this to the person who typed them.
  const mostSec = Math.floor(maxLifetimeMs / SECOND_MS);
  const names = `${LOGIN_NAME_PARAMETER} (--name) is not 1 to 64 printable characters`;
  const lives = `${LOGIN_LIFETIME_PARAMETER} (--expires) no number of seconds up to ${mostSec}`;
  return refusal('invalid_request', `${names}, or ${lives}`);
}

/** NaN for what is no number of seconds. */
function readLifetimeMs(text: string | undefined, maxLifetimeMs: number): number {
  if (text === undefined) return Math.min(DEFAULT_LIFETIME_MS, maxLifetimeMs);
  return SECONDS.test(text) ? Number(text) * SECOND_MS : NaN;
}
