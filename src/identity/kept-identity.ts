// Owns the identity that a session or a token gives to requests: made once, not per request.
import type { Identity } from './authentication.ts';
import type { Principal } from './principal.ts';
import { identityHeaders, type IdentityHeaderNames } from './identity-headers.ts';
import type { AssertionSubject } from './tokens/assertion-signer.ts';
import { KeptAssertion, type AssertionTools } from './tokens/kept-assertion.ts';

export interface IdentityTools extends AssertionTools {
  readonly headerNames: IdentityHeaderNames;
}

/** Whom `subject` describes and `credential` proves; `onUse` hears of every use. */
export class KeptIdentity<C extends Identity['credential']> implements Identity {
  readonly principal: Principal;
  readonly email: string | undefined;
  readonly credential: C;
  readonly headers: Identity['headers'];
  readonly #assertion: KeptAssertion;
  readonly #onUse: () => void;

  constructor(
    { subject, credential }: { readonly subject: AssertionSubject; readonly credential: C },
    tools: IdentityTools,
    onUse: () => void,
  ) {
    this.principal = subject.principal;
    this.email = subject.email;
    this.credential = credential;
    this.headers = identityHeaders(subject.principal, tools.headerNames);
    this.#assertion = new KeptAssertion(subject, tools);
    this.#onUse = onUse;
  }

  assertion(): string {
    return this.#assertion.text();
  }

  markUsed(): void {
    this.#onUse();
  }
}
