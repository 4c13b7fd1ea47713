// Owns which wishes for a token can be granted at all.
import { formatTokenScope, parseTokenScope } from '../bearer/token-scope.ts';
import type { TokenWish } from './personal-tokens.ts';

/**
 * 1 to 64 letters, digits, punctuation, symbols and single inner spaces: no control characters, and
 * none that are invisible or turn the direction of the text around them (Unicode categories C and Z).
 */
const NAME = /^(?! )(?!.* $)[\p{L}\p{M}\p{N}\p{P}\p{S} ]{1,64}$/u;

/** Whether a wish is one that a token can be made of. */
export function isGrantable(
  { name, scope, lifetimeMs }: TokenWish,
  maxLifetimeMs: number,
): boolean {
  const isLifetime = Number.isSafeInteger(lifetimeMs) && lifetimeMs > 0;
  return (
    NAME.test(name) &&
    isLifetime &&
    lifetimeMs <= maxLifetimeMs &&
    parseTokenScope(formatTokenScope(scope)) !== undefined
  );
}
