// Owns signing in through a browser on this machine: RFC 8252 with PKCE (RFC 7636).
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  type Configuration,
} from 'openid-client';
import { within, type Clock } from '../kernel/clock.ts';
import { MINUTE_MS } from '../kernel/duration.ts';
import { randomId, type Random } from '../kernel/random.ts';
import { readLoginAnswer, type LoginTokens } from './login-answer.ts';
import { listenOnLoopback, type BrowserAnswer, type Page } from './loopback-listener.ts';

/** Long enough for a password, a second factor and a question to a colleague. */
const PATIENCE_MS = 15 * MINUTE_MS;
const SECRET_BITS = 256;

const signedIn: Page = {
  title: 'You are signed in',
  sentence: 'The command line goes on by itself. This window may be closed.',
};
const notSignedIn: Page = {
  title: 'You are not signed in',
  sentence: 'The command line says why. This window may be closed.',
};

/** Nobody came back from the browser in time. */
export class NobodyCame extends Error {
  override readonly name = 'NobodyCame';
}

export interface BrowserLogin {
  readonly clock: Clock;
  readonly random: Random;
  /** Parameters of the request besides those of the protocol. */
  readonly wish: Readonly<Record<string, string>>;
  /** Brings the person's browser to an address; called once. */
  readonly lead: (url: string) => Promise<void>;
}

/** Rejects with NobodyCame, and with what serverFault tells apart. */
export async function loginInBrowser(
  server: Configuration,
  { clock, random, wish, lead }: BrowserLogin,
): Promise<LoginTokens> {
  const verifier = randomId(random, SECRET_BITS);
  const state = randomId(random, SECRET_BITS);
  await using listener = await listenOnLoopback(state);
  const url = buildAuthorizationUrl(server, {
    ...wish,
    redirect_uri: listener.redirectUri,
    state,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  await lead(url.href);
  const answer = await within(clock, PATIENCE_MS, listener.answer, () => new NobodyCame());
  return await telling(answer, async () => {
    const checks = { pkceCodeVerifier: verifier, expectedState: state };
    return readLoginAnswer(await authorizationCodeGrant(server, answer.url, checks), clock.nowMs());
  });
}

/** The browser shows what became of it, whatever that is. */
async function telling<T>(answer: BrowserAnswer, work: () => Promise<T>): Promise<T> {
  let page = notSignedIn;
  try {
    const result = await work();
    page = signedIn;
    return result;
  } finally {
    await answer.show(page);
  }
}
