// Owns the identity that a verified token gives to requests.
import type { TokenHolder } from '../authentication.ts';
import { KeptIdentity, type IdentityTools } from '../kept-identity.ts';
import { formatTokenScope } from './token-scope.ts';
import type { VerifiedToken } from './token-verifier.ts';

/** Whom the token stands for; `onUse` hears of every use. */
export function tokenIdentity(
  { principal, email, handle, scope, authTimeSec }: VerifiedToken,
  tools: IdentityTools,
  onUse: () => void,
): TokenHolder {
  const subject = { principal, email, handle, authTimeSec };
  const credential = { kind: 'token', tokenHandle: handle, scope } as const;
  return new KeptIdentity({ subject, credential }, tools, onUse);
}

/** Whether a token stands for the very same as when it was verified before: its identity can stay. */
export function isSameToken(before: VerifiedToken, after: VerifiedToken): boolean {
  return describe(before) === describe(after);
}

function describe({ principal, email, handle, authTimeSec, scope }: VerifiedToken): string {
  const { userId, groups } = principal;
  const allowed = scope === undefined ? undefined : formatTokenScope(scope);
  return JSON.stringify({ userId, groups, email, handle, authTimeSec, allowed });
}
