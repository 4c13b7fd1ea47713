import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { answerJson } from '../../../test/fixtures/json-answer.ts';
import {
  LoginUnderTest,
  loginOf,
  type LoginChanges,
} from '../../../test/fixtures/login-under-test.ts';
import {
  startOpenidProvider,
  TEST_REDIRECT_URI,
  type OpenidProvider,
} from '../../../test/fixtures/openid-provider.ts';
import { freePort } from '../../../test/neighbours/free-port.ts';
import { pollUntil } from '../../../test/neighbours/poll-until.ts';
import { silentMetrics, type Metrics } from '../../kernel/metrics.ts';
import { Secret } from '../../kernel/secret.ts';
import type { LoginDependencies } from './login-options.ts';

const DISCOVERY = '/.well-known/openid-configuration';
let provider: OpenidProvider;
const gateways: LoginUnderTest[] = [];

function gatewayAt(
  changes: Partial<LoginChanges> = {},
  deps: Partial<LoginDependencies> = {},
): LoginUnderTest {
  const { issuer, clientId, clientSecret } = provider;
  const options = {
    issuer,
    clientId,
    redirectUri: TEST_REDIRECT_URI,
    timeoutMs: 5_000,
    ...changes,
  };
  const gateway = new LoginUnderTest(clientSecret, options, deps);
  gateways.push(gateway);
  return gateway;
}

async function canSignIn(gateway: LoginUnderTest): Promise<boolean> {
  const browser = gateway.browser();
  const outcome = await browser.complete(await provider.signIn(await browser.begin()));
  return loginOf(outcome).tokens.sub === provider.person.sub;
}

function upGauge(): { metrics: Metrics; value: () => number | undefined } {
  let current: number | undefined;
  const set: Metrics['set'] = (name, _labels, value) => {
    if (name === 'kfgw_provider_up') current = value;
  };
  return { metrics: { ...silentMetrics, set }, value: () => current };
}

beforeEach(async () => {
  provider = await startOpenidProvider();
});

afterEach(async () => {
  for (const gateway of gateways.splice(0)) gateway[Symbol.dispose]();
  await provider[Symbol.asyncDispose]();
});

describe('a provider that is down when the gateway starts', () => {
  it('is asked again until it is up; a sign-in meanwhile is told when to try again', async () => {
    const port = await freePort();
    const up = upGauge();
    const gateway = gatewayAt({ issuer: `http://127.0.0.1:${port}` }, { metrics: up.metrics });
    const begun = await gateway.login.flow.begin('/deep', undefined);
    expect(begun).toEqual({ kind: 'unavailable', retryAfterSec: 1 });
    expect(await gateway.login.flow.verifyLogoutToken('x')).toEqual({ kind: 'unavailable' });
    expect(gateway.login.flow.providerOrigin()).toBeUndefined();
    expect(up.value()).toBe(0);
    await pollUntil('it is logged', () => gateway.log.lines.join().includes('is not ready'));

    await provider[Symbol.asyncDispose]();
    provider = await startOpenidProvider({ port });
    await gateway.isReady();
    expect(await canSignIn(gateway)).toBe(true);
    expect(up.value()).toBe(1);
    expect(gateway.log.lines.join()).toContain('identity provider is ready');
  });

  it('is asked at growing intervals, at most half a minute apart', async () => {
    const clock = new FakeClock();
    const askedAtMs: number[] = [];
    provider.tap = (_req, res) => {
      askedAtMs.push(clock.monotonicMs());
      return answerJson(res, 503, {});
    };
    gatewayAt({ timeoutMs: 1_000_000 }, { clock });
    await pollUntil(
      'it is asked ten times',
      async () => {
        await clock.advance(500);
        return askedAtMs.length >= 10;
      },
      { withinMs: 20_000, everyMs: 2 },
    );
    const gaps = askedAtMs.slice(1).map((at, index) => at - (askedAtMs[index] ?? 0));
    expect(gaps[0]).toBeLessThanOrEqual(2_000);
    expect(Math.min(...gaps.slice(-2))).toBeGreaterThanOrEqual(15_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(32_000);
  }, 30_000);
});

describe('a description that cannot be used', () => {
  it.each<[string, (body: Record<string, unknown>) => unknown]>([
    ['names another issuer', (body) => ({ ...body, issuer: 'https://evil.example' })],
    ['has no token endpoint', (body) => ({ ...body, token_endpoint: undefined })],
    ['has no keys', (body) => ({ ...body, jwks_uri: undefined })],
    ['has keys at no address', (body) => ({ ...body, jwks_uri: 'keys' })],
    ['has keys in a file', (body) => ({ ...body, jwks_uri: 'file:///etc/passwd' })],
    ['is a list', () => []],
    ['is too large', (body) => ({ ...body, padding: 'x'.repeat(2 ** 20) })],
  ])('is not believed when it %s', async (_name, change) => {
    const answer = await fetch(provider.issuer + DISCOVERY);
    const body = (await answer.json()) as Record<string, unknown>;
    provider.tap = (req, res) => req.url === DISCOVERY && answerJson(res, 200, change(body));
    await expectNeverReady(gatewayAt());
  });

  it('is not fetched from where a redirect points', async () => {
    provider.tap = (req, res) => {
      if (req.url !== DISCOVERY) return false;
      res.writeHead(302, { location: `${provider.issuer}/elsewhere` }).end();
      return true;
    };
    await expectNeverReady(gatewayAt());
    expect(provider.requests).not.toContain('GET /elsewhere');
  });

  it('is not waited for without end', async () => {
    provider.tap = (req) => req.url === DISCOVERY;
    const gateway = gatewayAt({ timeoutMs: 300 });
    await expectNeverReady(gateway);
    expect(gateway.log.lines.join()).toContain('no answer within 300 ms');
  });

  it('is not asked for over plain http unless that is named', async () => {
    const gateway = gatewayAt({ insecureIssuerOverHttp: false });
    await expectNeverReady(gateway);
    expect(provider.requests).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['an empty set', { keys: [] }],
    ['no set', { keys: 'x' }],
    ['a number', 1],
  ])('is no use while the keys are %s', async (_name, keys) => {
    provider.tap = (req, res) => req.url === '/jwks' && answerJson(res, 200, keys);
    await expectNeverReady(gatewayAt());
  });

  async function expectNeverReady(gateway: LoginUnderTest): Promise<void> {
    await pollUntil('it is logged', () => gateway.log.lines.join().includes('is not ready'));
    const begun = await gateway.login.flow.begin('/', undefined);
    expect(begun.kind).toBe('unavailable');
  }
});

describe('endpoints given one by one', () => {
  it('make the provider’s own description unnecessary', async () => {
    const gateway = gatewayAt({
      endpoints: {
        authorization: `${provider.issuer}/auth`,
        token: `${provider.issuer}/token`,
        jwks: `${provider.issuer}/jwks`,
      },
    });
    await gateway.isReady();
    expect(await canSignIn(gateway)).toBe(true);
    expect(provider.requests).not.toContain(`GET ${DISCOVERY}`);
  });

  it('win over the provider’s own description', async () => {
    provider.tap = (req) => {
      if (req.url === '/other-keys') req.url = '/jwks';
      return false;
    };
    const gateway = gatewayAt({ endpoints: { jwks: `${provider.issuer}/other-keys` } });
    await gateway.isReady();
    expect(await canSignIn(gateway)).toBe(true);
    expect(provider.requests).toContain('GET /other-keys');
    expect(provider.requests).not.toContain('GET /jwks');
  });
});

describe('a provider that is known', () => {
  it('is learned anew now and then, and a failure of that loses nothing', async () => {
    const clock = new FakeClock(Date.now());
    const up = upGauge();
    const gateway = gatewayAt({ timeoutMs: 1_000_000 }, { clock, metrics: up.metrics });
    await gateway.isReady();
    const asked = () => provider.requests.filter((r) => r === `GET ${DISCOVERY}`).length;
    const before = asked();
    provider.tap = (req, res) =>
      (req.url === DISCOVERY || req.url === '/jwks') && answerJson(res, 500, {});
    await pollUntil('it is learned anew', async () => {
      await clock.advance(60_000);
      return asked() > before && up.value() === 0;
    });
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(5 * 60_000);
    expect(await canSignIn(gateway)).toBe(true);
  });

  it('may change its keys: the next sign-in works, without a wait', async () => {
    const gateway = gatewayAt();
    await gateway.isReady();
    expect(await canSignIn(gateway)).toBe(true);
    const { port } = provider;
    await provider[Symbol.asyncDispose]();
    provider = await startOpenidProvider({ port, keyId: 'another-key', hasOwnKey: true });
    expect(await canSignIn(gateway)).toBe(true);
  });

  it('gets the client secret of now', async () => {
    let current = 'wrong';
    const gateway = gatewayAt({}, { clientSecret: () => new Secret(current) });
    await gateway.isReady();
    const browser = gateway.browser();
    const refused = await browser.complete(await provider.signIn(await browser.begin()));
    expect(refused).toMatchObject({ kind: 'refused', reason: 'login_failed' });
    expect(gateway.log.lines.join()).toContain('invalid_client');
    current = provider.clientSecret;
    expect(await canSignIn(gateway)).toBe(true);
  });
});
