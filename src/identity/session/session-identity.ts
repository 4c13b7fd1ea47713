// Owns the identity that a session gives to requests: made once per record, not per request.
import type { SessionCredential, SignedIn } from '../authentication.ts';
import type { Principal } from '../principal.ts';
import { KeptAssertion, type AssertionTools } from '../tokens/kept-assertion.ts';
import { identityHeaders, type IdentityHeaderNames } from './identity-headers.ts';
import type { SessionRecord } from './session-record.ts';

export interface SessionIdentityTools extends AssertionTools {
  readonly headerNames: IdentityHeaderNames;
}

export class SessionIdentity implements SignedIn {
  readonly principal: Principal;
  readonly email: string | undefined;
  readonly credential: SessionCredential;
  readonly headers: SignedIn['headers'];
  readonly #assertion: KeptAssertion;
  readonly #onUse: () => void;

  constructor(record: SessionRecord, tools: SessionIdentityTools, onUse: () => void) {
    const { principal, email, handle, person, authTimeSec } = record;
    this.principal = principal;
    this.email = email;
    this.credential = { kind: 'session', sessionHandle: handle, person };
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
