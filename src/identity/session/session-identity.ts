// Owns the identity that a session gives to requests.
import type { SignedIn } from '../authentication.ts';
import { KeptIdentity, type IdentityTools } from '../kept-identity.ts';
import type { SessionRecord } from './session-record.ts';

/** Whom the record stands for; `onUse` hears of every use. */
export function sessionIdentity(
  { principal, email, handle, person, authTimeSec }: SessionRecord,
  tools: IdentityTools,
  onUse: () => void,
): SignedIn {
  const subject = { principal, email, handle, authTimeSec };
  const credential = { kind: 'session', sessionHandle: handle, person } as const;
  return new KeptIdentity({ subject, credential }, tools, onUse);
}
