// The newer Dex ends sessions by back-channel logout, and they end at every gateway.
import { randomUUID } from 'node:crypto';
import { decodeJwt, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signAsDex } from '../fixtures/dex-keys.ts';
import { startEchoApplication } from '../fixtures/echo-application.ts';
import { startGateway, type GatewayProcess } from '../fixtures/gateway-process.ts';
import {
  postLogoutToken,
  startLogoutRecorder,
  type LogoutRecorder,
} from '../fixtures/logout-recorder.ts';
import { kubeflowPerson, ScriptedBrowser } from '../fixtures/scripted-browser.ts';
import { inRedis, makeSharedKeys } from '../fixtures/shared-keys.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { kubeflowClient, kubeflowUser, type DexUser } from '../neighbours/dex-config.ts';
import { startDex, type Dex } from '../neighbours/dex.ts';
import { startEtcd, type Etcd } from '../neighbours/etcd.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { startRedis } from '../neighbours/redis.ts';
import { signInByForm } from '../neighbours/sign-in-form.ts';

const PROMISED = { withinMs: 1_000, everyMs: 5 };
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const other: DexUser = { email: 'other@example.com', username: 'other', userID: 'id-of-other' };
const otherPerson = { ...kubeflowPerson, login: other.email };

describeWith(['dex-2026-08-06', 'etcd-3.6.16', 'redis'], 'back-channel logout', () => {
  const stack = new AsyncDisposableStack();
  let etcd: Etcd;
  let dex: Dex;
  let recorder: LogoutRecorder;
  let gateways: readonly [GatewayProcess, GatewayProcess];
  beforeAll(async () => {
    recorder = stack.use(await startLogoutRecorder());
    etcd = stack.use(await startEtcd());
    const client = { ...kubeflowClient, backchannelLogoutURI: recorder.uri };
    const users = [kubeflowUser, other];
    const version = '2026-08-06';
    dex = stack.use(
      await startDex({ version, storage: etcd, sessions: {}, clients: [client], users }),
    );
    const redis = stack.use(await startRedis());
    const keys = stack.use(await makeSharedKeys());
    const { port } = stack.use(await startEchoApplication());
    const endpoints = { authorization: '/dex/auth', endSession: '/dex/logout' };
    const config = { ...inRedis(redis.port, keys), oidc: { endpoints } };
    const start = { dex, application: port, config };
    gateways = [stack.use(await startGateway(start)), stack.use(await startGateway(start))];
    recorder.leadsTo(gateways[1]);
  });
  afterAll(() => stack.disposeAsync());

  /** Signed in at one gateway and known to both. */
  async function signedIn(from = new ScriptedBrowser(), person = kubeflowPerson) {
    const browser = stack.use(from);
    await browser.signIn(gateways[0], person);
    await expectAtBoth(browser, 200);
    return browser;
  }

  async function expectAtBoth(browser: ScriptedBrowser, status: number): Promise<void> {
    for (const at of gateways) expect((await browser.ask(at)).status).toBe(status);
  }

  it('ends the sessions of one browser when it signs out at Dex, and no others', async () => {
    const elsewhere = await signedIn();
    const browser = await signedIn();
    const second = await signedIn(browser.withoutSession());
    const sockets = await Promise.all(gateways.map((at) => second.open(at)));
    const { headers } = await browser.signOut(gateways[0]);
    const atDex = new URL(headers.get('location') ?? '', gateways[0].url);
    await signInByForm(atDex, kubeflowPerson, { jar: browser.jar });
    await pollUntil('Dex has told the gateway', () => recorder.passed.length > 0);
    expect(recorder.passed).toMatchObject([{ status: 200 }]);
    for (const socket of sockets) {
      expect(await socket.closed).toMatchObject({ code: 4401, reason: 'signed_out_at_provider' });
    }
    await expectAtBoth(second, 401);
    await expectAtBoth(elsewhere, 200);
    const token = recorder.passed[0]?.token ?? '';
    expect(decodeJwt(token)).toHaveProperty('sid');
    for (const at of gateways) expect(await postLogoutToken(at, token)).toBe(400);
    await expectAtBoth(elsewhere, 200);
  });

  it('ends all sessions of a person whom a message names without a session', async () => {
    const browsers = [await signedIn(), await signedIn()];
    const stranger = await signedIn(new ScriptedBrowser(), otherPerson);
    const { sub = '' } = decodeJwt(recorder.passed[0]?.token ?? '');
    const token = await signAsDex(etcd, logoutOf({ iss: dex.issuer, sub }));
    expect(await postLogoutToken(gateways[0], token)).toBe(200);
    for (const browser of browsers) {
      for (const at of gateways) {
        const isRefused = async () => (await browser.ask(at)).status === 401;
        await pollUntil('it is refused', isRefused, PROMISED);
      }
    }
    await expectAtBoth(stranger, 200);
    const again = await signedIn();
    expect(await postLogoutToken(gateways[1], token)).toBe(400);
    await expectAtBoth(again, 200);
  });

  it('refuses what Dex did not sign, and what is no logout token', async () => {
    const browser = await signedIn();
    const { sub = '' } = decodeJwt(recorder.passed[0]?.token ?? '');
    const logout = logoutOf({ iss: dex.issuer, sub });
    const { privateKey } = await generateKeyPair('RS256');
    const header = { alg: 'RS256' };
    const forged = await new SignJWT(logout).setProtectedHeader(header).sign(privateKey);
    const withNonce = await signAsDex(etcd, { ...logout, nonce: 'n' });
    const idToken = await signAsDex(etcd, { ...logout, events: undefined });
    for (const token of [forged, withNonce, idToken, '', 'junk']) {
      expect(await postLogoutToken(gateways[0], token)).toBe(400);
    }
    await expectAtBoth(browser, 200);
  });
});

function logoutOf(claims: JWTPayload): JWTPayload {
  const iat = Math.floor(Date.now() / 1000);
  const common = { aud: kubeflowClient.id, iat, exp: iat + 120, jti: randomUUID() };
  return { ...common, events: { [LOGOUT_EVENT]: {} }, ...claims };
}
