// Owns the identity that a verified token gives to requests: made once, not per request.
import type { TokenCredential, TokenHolder } from '../authentication.ts';
import type { Principal } from '../principal.ts';
import { identityHeaders, type IdentityHeaderNames } from '../session/identity-headers.ts';
import { KeptAssertion, type AssertionTools } from '../tokens/kept-assertion.ts';
import { formatTokenScope } from './token-scope.ts';
import type { VerifiedToken } from './token-verifier.ts';

export interface TokenIdentityTools extends AssertionTools {
  readonly headerNames: IdentityHeaderNames;
}

export class TokenIdentity implements TokenHolder {
  readonly principal: Principal;
  readonly email: string | undefined;
  readonly credential: TokenCredential;
  readonly headers: TokenHolder['headers'];
  readonly #assertion: KeptAssertion;
  readonly #onUse: () => void;

  constructor(token: VerifiedToken, tools: TokenIdentityTools, onUse: () => void) {
    const { principal, email, handle, scope, authTimeSec } = token;
    this.principal = principal;
    this.email = email;
    this.credential = { kind: 'token', tokenHandle: handle, scope };
    this.headers = identityHeaders(principal, tools.headerNames);
    this.#assertion = new KeptAssertion({ principal, email, handle, authTimeSec }, tools);
    this.#onUse = onUse;
  }

  assertion(): string {
    return this.#assertion.text();
  }

  markUsed(): void {
    this.#onUse();
  }
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
