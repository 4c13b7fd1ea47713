// Owns the interface through which identities get their session JWT.
import type { Principal } from '../principal.ts';

export interface AssertionSubject {
  readonly principal: Principal;
  readonly email: string | undefined;
  /** Public name of the session or token; never the secret itself. */
  readonly handle: string;
  /** Seconds since the epoch at which the caller proved who they are. */
  readonly authTimeSec: number;
}

export interface Assertion {
  readonly token: string;
  /** Milliseconds since the epoch; sign again in the last minute before it. */
  readonly expiresAtMs: number;
}

/** Signs a session JWT synchronously (ES256), with the key that is due for signing now. */
export type AssertionSigner = (subject: AssertionSubject) => Assertion;
