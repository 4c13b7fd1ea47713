// Owns signing in from a machine without a browser (RFC 8628).
import {
  initiateDeviceAuthorization,
  pollDeviceAuthorizationGrant,
  type Configuration,
  type DeviceAuthorizationResponse,
} from 'openid-client';
import type { Clock } from '../kernel/clock.ts';
import { SECOND_MS } from '../kernel/duration.ts';
import { readLoginAnswer, type LoginTokens } from './login-answer.ts';
import { serverFault, UnusableAnswer } from './server-fault.ts';

/** Section 3.2: where the server names none. */
const DEFAULT_INTERVAL_SEC = 5;
/** Letters and digits, in groups or not: a person types it, and it goes to a terminal. */
const USER_CODE = /^[A-Za-z0-9-]{4,32}$/;

export interface DeviceLogin {
  readonly clock: Clock;
  /** Parameters of the request besides those of the protocol. */
  readonly wish: Readonly<Record<string, string>>;
  /** Tells the person where to type what, and for how many seconds that works. */
  readonly tell: (place: string, userCode: string, expiresInSec: number) => void;
}

/** Nobody typed the code in time. */
export class CodeExpired extends Error {
  override readonly name = 'CodeExpired';
}

/** Rejects with CodeExpired, and with what serverFault tells apart. */
export async function loginOnDevice(
  server: Configuration,
  { clock, wish, tell }: DeviceLogin,
): Promise<LoginTokens> {
  const begun = await initiateDeviceAuthorization(server, wish);
  const place = URL.parse(begun.verification_uri);
  if (place?.origin !== new URL(server.serverMetadata().issuer).origin) {
    throw new UnusableAnswer('its page for codes is elsewhere');
  }
  if (!USER_CODE.test(begun.user_code)) throw new UnusableAnswer('its code is none to be typed');
  tell(place.href, begun.user_code, begun.expires_in);
  return readLoginAnswer(await poll(server, begun), clock.nowMs());
}

/**
 * openid-client waits and asks as section 3.5 says, and gives up when the gateway cannot be reached. We
 * do not: a gateway that is being replaced has forgotten nothing. Each time half as often, as that section asks.
 */
async function poll(server: Configuration, begun: DeviceAuthorizationResponse) {
  const signal = AbortSignal.timeout(begun.expires_in * SECOND_MS);
  for (let interval = begun.interval ?? DEFAULT_INTERVAL_SEC; ; interval *= 2) {
    try {
      const asked = { ...begun, interval };
      return await pollDeviceAuthorizationGrant(server, asked, undefined, { signal });
    } catch (error) {
      if (signal.aborted) throw new CodeExpired();
      if (serverFault(error).kind !== 'unreachable') throw error;
    }
  }
}
