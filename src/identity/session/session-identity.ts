// Owns the identity that a session gives to requests: made once per record, not per request.
import type { Clock } from '../../kernel/clock.ts';
import { MINUTE_MS } from '../../kernel/duration.ts';
import type { SessionCredential, SignedIn } from '../authentication.ts';
import type { Principal } from '../principal.ts';
import type { Assertion, AssertionSigner } from '../tokens/assertion-signer.ts';
import { identityHeaders, type IdentityHeaderNames } from './identity-headers.ts';
import type { SessionRecord } from './session-record.ts';

export interface SessionIdentityTools {
  readonly clock: Clock;
  readonly signAssertion: AssertionSigner;
  readonly headerNames: IdentityHeaderNames;
}

export class SessionIdentity implements SignedIn {
  readonly principal: Principal;
  readonly email: string | undefined;
  readonly credential: SessionCredential;
  readonly headers: SignedIn['headers'];
  readonly #record: SessionRecord;
  readonly #tools: SessionIdentityTools;
  readonly #onUse: () => void;
  #assertion: Assertion | undefined;

  constructor(record: SessionRecord, tools: SessionIdentityTools, onUse: () => void) {
    this.principal = record.principal;
    this.email = record.email;
    const { handle: sessionHandle, person } = record;
    this.credential = { kind: 'session', sessionHandle, person };
    this.headers = identityHeaders(record.principal, tools.headerNames);
    this.#record = record;
    this.#tools = tools;
    this.#onUse = onUse;
  }

  assertion(): string {
    const dueAtMs = (this.#assertion?.expiresAtMs ?? 0) - MINUTE_MS;
    if (this.#assertion === undefined || this.#tools.clock.nowMs() >= dueAtMs) {
      const { principal, email, handle, authTimeSec } = this.#record;
      this.#assertion = this.#tools.signAssertion({ principal, email, handle, authTimeSec });
    }
    return this.#assertion.token;
  }

  markUsed(): void {
    this.#onUse();
  }
}
