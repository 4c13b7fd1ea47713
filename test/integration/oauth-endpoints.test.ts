// The OAuth endpoints as a certified client library sees them, with a person who signs in at a real Dex.
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  discovery,
  initiateDeviceAuthorization,
  None,
  pollDeviceAuthorizationGrant,
  randomPKCECodeVerifier,
  randomState,
  refreshTokenGrant,
  ResponseBodyError,
  tokenRevocation,
  type Configuration,
  type TokenEndpointResponse,
} from 'openid-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { permitHttp } from '../../src/identity/login/permit-http.ts';
import { COMMAND_LINE_CLIENT_ID } from '../../src/identity/oauth/command-line-client.ts';
import { nextAddress } from '../fixtures/asked-person.ts';
import { readArrival, startEchoApplication, valuesOf } from '../fixtures/echo-application.ts';
import { startGateway, type GatewayProcess } from '../fixtures/gateway-process.ts';
import { kubeflowPerson, ScriptedBrowser } from '../fixtures/scripted-browser.ts';
import { inRedis, makeSharedKeys } from '../fixtures/shared-keys.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex } from '../neighbours/dex.ts';
import { plainRequest, type PlainAnswer } from '../neighbours/plain-request.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { startRedis } from '../neighbours/redis.ts';
import { signInByForm } from '../neighbours/sign-in-form.ts';

const REDIRECT_URI = 'http://127.0.0.1:49152/callback';
const REVOKED_WITHIN_MS = 1_000;

const window = {
  accept: 'text/html',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'same-origin',
};

function discovered({ url }: GatewayProcess): Promise<Configuration> {
  return discovery(new URL(url), COMMAND_LINE_CLIENT_ID, undefined, None(), {
    algorithm: 'oauth2',
    execute: [permitHttp],
  });
}

/** Signs in for what a page has begun a sign-in for, and presses a button of the page that asks. */
async function answerConsent(
  { url }: GatewayProcess,
  browser: ScriptedBrowser,
  begun: PlainAnswer,
  decision: 'allow' | 'refuse',
): Promise<PlainAnswer> {
  const { jar } = browser;
  jar.keep(new URL(url), begun.headers);
  const provider = nextAddress({ text: begun.body }, url);
  if (provider === undefined) throw new Error(`no sign-in was begun: ${begun.body}`);
  const { answer } = await signInByForm(provider, kubeflowPerson, { jar });
  const ticket = /name="ticket" value="([^"]*)"/.exec(answer?.body ?? '')?.[1] ?? '';
  const cookie = jar.header(new URL(url));
  return plainRequest(`${url}/oauth2/consent`, {
    ...{ method: 'POST', headers: { ...window, cookie } },
    body: new URLSearchParams({ ticket, decision }),
  });
}

interface Loopback {
  /** The address at which the program's listener would be asked. */
  readonly address: URL;
  readonly checks: { readonly pkceCodeVerifier: string; readonly expectedState: string };
}

/** A person who goes the whole way of the loopback redirect. */
async function loopback(
  gateway: GatewayProcess,
  client: Configuration,
  decision: 'allow' | 'refuse' = 'allow',
): Promise<Loopback> {
  using browser = new ScriptedBrowser();
  const checks = { pkceCodeVerifier: randomPKCECodeVerifier(), expectedState: randomState() };
  const begin = buildAuthorizationUrl(client, {
    redirect_uri: REDIRECT_URI,
    scope: 'write',
    state: checks.expectedState,
    code_challenge: await calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
  });
  const begun = await plainRequest(begin, { headers: { ...window, 'sec-fetch-site': 'none' } });
  const page = await answerConsent(gateway, browser, begun, decision);
  const address = nextAddress({ text: page.body });
  if (address === undefined) throw new Error(`the way back is missing: ${page.body}`);
  return { address, checks };
}

async function login(gateway: GatewayProcess, client: Configuration) {
  const { address, checks } = await loopback(gateway, client);
  return authorizationCodeGrant(client, address, checks);
}

function use({ url }: GatewayProcess, { access_token: token }: TokenEndpointResponse) {
  return plainRequest(`${url}/echo`, { headers: { authorization: `Bearer ${token}` } });
}

/** The error of RFC 6749 that a grant ends in. */
async function refusalOf(grant: Promise<unknown>): Promise<string> {
  const error: unknown = await grant.catch((reason: unknown) => reason);
  return error instanceof ResponseBodyError ? error.error : `no refusal: ${String(error)}`;
}

async function endedWithin(gateway: GatewayProcess, tokens: TokenEndpointResponse): Promise<void> {
  const isRefused = async () => (await use(gateway, tokens)).status === 401;
  await pollUntil('the token is refused', isRefused, { withinMs: REVOKED_WITHIN_MS, everyMs: 20 });
}

describeWith(['dex-2.45.1', 'redis'], 'the OAuth endpoints of two gateways with one Redis', () => {
  const stack = new AsyncDisposableStack();
  let one: GatewayProcess;
  let other: GatewayProcess;
  let client: Configuration;
  let otherClient: Configuration;
  beforeAll(async () => {
    const dex = stack.use(await startDex());
    const redis = stack.use(await startRedis());
    const keys = stack.use(await makeSharedKeys());
    const application = stack.use(await startEchoApplication());
    const config = inRedis(redis.port, keys);
    one = stack.use(await startGateway({ dex, application: application.port, config }));
    other = stack.use(await startGateway({ dex, application: application.port, config }));
    client = await discovered(one);
    otherClient = await discovered(other);
  });
  afterAll(() => stack.disposeAsync());

  it('give a login by loopback redirect, by which the person is known at every gateway', async () => {
    const tokens = await login(one, client);
    expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'write', expires_in: 600 });
    for (const gateway of [one, other]) {
      const answer = await use(gateway, tokens);
      expect(answer.status).toBe(200);
      const arrival = readArrival(answer.body);
      expect(valuesOf(arrival, 'kubeflow-userid')).toEqual(['user@example.com']);
      expect(valuesOf(arrival, 'authorization')).toEqual([]);
    }
  });

  it('give the next tokens for a refresh token, at either gateway', async () => {
    const tokens = await login(one, client);
    const next = await refreshTokenGrant(otherClient, tokens.refresh_token ?? '');
    expect(next.refresh_token).not.toBe(tokens.refresh_token);
    expect((await use(one, next)).status).toBe(200);
  });

  it('redeem a code once, and end its login when it comes again to either gateway', async () => {
    const { address, checks } = await loopback(one, client);
    const tokens = await authorizationCodeGrant(client, address, checks);
    expect((await use(one, tokens)).status).toBe(200);
    // The library checks `iss` against the gateway that it asks; the code is the same.
    address.searchParams.set('iss', other.url);
    const again = authorizationCodeGrant(otherClient, address, checks);
    expect(await refusalOf(again)).toBe('invalid_grant');
    await endedWithin(one, tokens);
    await endedWithin(other, tokens);
    const refresh = refreshTokenGrant(client, tokens.refresh_token ?? '');
    expect(await refusalOf(refresh)).toBe('invalid_grant');
  });

  it('leave no login when a code comes to both gateways at once', async () => {
    const { address, checks } = await loopback(one, client);
    const there = new URL(address);
    there.searchParams.set('iss', other.url);
    const answers = await Promise.allSettled([
      authorizationCodeGrant(client, address, checks),
      authorizationCodeGrant(otherClient, there, checks),
    ]);
    const issued = answers.filter((answer) => answer.status === 'fulfilled');
    expect(issued.length).toBeLessThanOrEqual(1);
    for (const { value } of issued) await endedWithin(one, value);
  });

  it('redeem no code for who lacks the verifier', async () => {
    const { address, checks } = await loopback(one, client);
    const thief = { ...checks, pkceCodeVerifier: randomPKCECodeVerifier() };
    expect(await refusalOf(authorizationCodeGrant(client, address, thief))).toBe('invalid_grant');
    const tokens = await authorizationCodeGrant(client, address, checks);
    expect((await use(one, tokens)).status).toBe(200);
  });

  it('tell the program when the person refuses', async () => {
    const { address } = await loopback(one, client, 'refuse');
    expect(address.searchParams.get('error')).toBe('access_denied');
    expect(address.searchParams.get('iss')).toBe(one.url);
  });

  it('end a login everywhere within a second when the program revokes it', async () => {
    const tokens = await login(one, client);
    expect((await use(other, tokens)).status).toBe(200);
    await tokenRevocation(client, tokens.refresh_token ?? '');
    await endedWithin(other, tokens);
    await endedWithin(one, tokens);
  });

  it('give a device a login that asked at one gateway and was allowed at the other', async () => {
    using browser = new ScriptedBrowser();
    const device = await initiateDeviceAuthorization(client, { scope: 'read' });
    const polled = pollDeviceAuthorizationGrant(client, device);
    const begun = await plainRequest(`${other.url}/oauth2/device`, {
      ...{ method: 'POST', headers: window },
      body: new URLSearchParams({ user_code: device.user_code.toLowerCase() }),
    });
    const page = await answerConsent(other, browser, begun, 'allow');
    expect(page.body).toContain('Your device is signed in');
    const tokens = await polled;
    expect(tokens.scope).toBe('read');
    expect((await use(other, tokens)).status).toBe(200);
  });

  it('tell a device that the person refused', async () => {
    using browser = new ScriptedBrowser();
    const device = await initiateDeviceAuthorization(client, {});
    const polled = refusalOf(pollDeviceAuthorizationGrant(client, device));
    const begun = await plainRequest(`${one.url}/oauth2/device`, {
      ...{ method: 'POST', headers: window },
      body: new URLSearchParams({ user_code: device.user_code }),
    });
    await answerConsent(one, browser, begun, 'refuse');
    expect(await polled).toBe('access_denied');
  });

  it('write no secret of theirs into the log', async () => {
    const { address, checks } = await loopback(one, client);
    const tokens = await authorizationCodeGrant(client, address, checks);
    const log = JSON.stringify(one.log());
    expect(log).toContain('A program signed in for a person.');
    const secrets = [address.searchParams.get('code'), tokens.access_token, tokens.refresh_token];
    for (const secret of secrets) expect(log).not.toContain(secret);
  });
});
