import type { CompactJWSHeaderParameters } from 'jose';
import type { Fields } from '../../kernel/fields.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import { defaultClaimRules } from '../../../test/fixtures/claim-rules.ts';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { issuerKey } from '../../../test/fixtures/issuer-key.ts';
import { silentMetrics, type Metrics } from '../../kernel/metrics.ts';
import { readUnverifiedToken } from '../bearer/unverified-token.ts';
import type { TokenVerdict } from '../bearer/token-verifier.ts';
import type { KeySearch } from './issuer-keys.ts';
import { IssuerVerifier, type IssuerRules } from './issuer-verifier.ts';
import { readKeySet } from './key-set.ts';

const key = issuerKey('a');
const other = issuerKey('a');
const set = readKeySet({ keys: [key.jwk] });

const rules: IssuerRules = {
  issuer: 'https://ci.example',
  audiences: ['kfgw', 'kfgw-old'],
  algorithms: ['ES256'],
  claims: { ...defaultClaimRules, user: 'sub', userPrefix: 'ci:', groupsPrefix: 'ci-' },
  users: ['ci:build*', '*-bot'],
  groups: ['ci-*'],
  maxLifetimeMs: 3_600_000,
  toleranceMs: 30_000,
  freshForMs: 300_000,
};

let clock: FakeClock;
let dropped: number;
let search: KeySearch | undefined;

beforeEach(() => {
  clock = new FakeClock();
  dropped = 0;
  search = undefined;
});

const metrics: Metrics = {
  ...silentMetrics,
  increment: (name, _labels, by = 1) => {
    if (name === 'kfgw_groups_dropped_total') dropped += by;
  },
};

function verifierWith(changes: Partial<IssuerRules> = {}): IssuerVerifier {
  const find = (kid: string | undefined): Promise<KeySearch> =>
    Promise.resolve(search ?? { kind: 'found', keys: set.named(kid) });
  return new IssuerVerifier({ ...rules, ...changes }, { keys: { find }, clock, metrics });
}

function payloadWith(changes: Fields = {}): Fields {
  const nowSec = clock.nowMs() / 1000;
  return {
    ...{ iss: 'https://ci.example', aud: 'kfgw', sub: 'build-7', groups: ['team', 'a,b'] },
    ...{ iat: nowSec - 60, exp: nowSec + 600 },
    ...changes,
  };
}

async function judge(
  changes: Fields = {},
  ruleChanges: Partial<IssuerRules> = {},
  header: Partial<CompactJWSHeaderParameters> = {},
): Promise<TokenVerdict> {
  const text = await key.sign(payloadWith(changes), header);
  return verifierWith(ruleChanges).verify(readUnverifiedToken(text));
}

const reasonOf = (verdict: TokenVerdict): string =>
  verdict.kind === 'verified' ? 'verified' : verdict.reason;

describe('a token of a configured issuer', () => {
  test('stands for the user and the groups that the issuer may name', async () => {
    const nowSec = clock.nowMs() / 1000;
    const verdict = await judge({
      email: 'a@b.example',
      email_verified: true,
      auth_time: nowSec - 90,
    });
    expect(verdict).toEqual({
      kind: 'verified',
      token: {
        handle: expect.stringMatching(/^[\w-]{22}$/) as string,
        principal: { userId: 'ci:build-7', groups: ['ci-team'] },
        email: 'a@b.example',
        authTimeSec: nowSec - 90,
        expiresAtMs: (nowSec + 630) * 1000,
        freshForMs: 300_000,
        scope: undefined,
      },
    });
    expect(dropped).toBe(1);
  });

  test.each<[what: string, changes: Fields, ruleChanges: Partial<IssuerRules>, reason: string]>([
    ['for one of its audiences', { aud: ['x', 'kfgw-old'] }, {}, 'verified'],
    ['for another audience', { aud: 'kfgw-2' }, {}, 'token_audience'],
    ['for nobody', { aud: undefined }, {}, 'token_audience'],
    ['for a malformed audience', { aud: ['kfgw', 1] }, {}, 'token_audience'],
    ['that has expired', { exp: 1_799_999_970, iat: 1_799_999_000 }, {}, 'token_expired'],
    ['without exp', { exp: undefined }, {}, 'token_lifetime'],
    ['that lives too long', { exp: 1_800_003_541 }, {}, 'token_lifetime'],
    ['that is not valid yet', { nbf: 1_800_000_031 }, {}, 'invalid_token'],
    ['that is a logout token', { events: {} }, {}, 'invalid_token'],
    ['that needs a proof of possession', { cnf: { jkt: 'x' } }, {}, 'invalid_token'],
    ['for a user of another issuer', { sub: 'ann' }, {}, 'token_user_refused'],
    ['for the end of a name', { sub: 'release-bot' }, {}, 'verified'],
    ['for a user in other letters', { sub: 'Build-7' }, {}, 'token_user_refused'],
    ['for no user', { sub: undefined }, {}, 'token_user_refused'],
    ['for a list of users', { sub: ['build'] }, {}, 'token_user_refused'],
    ['for a name with a comma', { sub: 'build,admin' }, {}, 'token_user_refused'],
    ['for a name with a line break', { sub: 'build\nadmin' }, {}, 'token_user_refused'],
    ['for a name with a look-alike', { sub: 'bu\u0456ld' }, {}, 'token_user_refused'],
    [
      "for Kubernetes' own",
      { sub: 'system:masters' },
      { users: ['*'], claims: { ...rules.claims, userPrefix: '' } },
      'token_user_refused',
    ],
    [
      'for an address that is not verified',
      { email: 'build@ci.example', email_verified: 'true' },
      { claims: { ...rules.claims, user: 'email' } },
      'token_user_refused',
    ],
  ])('%s is %s', async (_what, changes, ruleChanges, reason) => {
    expect(reasonOf(await judge(changes, ruleChanges))).toBe(reason);
  });

  test('is in no group where the issuer may name none', async () => {
    const verdict = await judge({}, { groups: [] });
    expect(verdict.kind === 'verified' && verdict.token.principal.groups).toEqual([]);
  });

  test('signed in when it was made, where it says nothing or nonsense', async () => {
    const nowSec = clock.nowMs() / 1000;
    for (const auth_time of [undefined, 'yesterday', -1, nowSec + 5]) {
      const verdict = await judge({ auth_time });
      expect(verdict.kind === 'verified' && verdict.token.authTimeSec).toBe(nowSec - 60);
    }
  });

  test('tells nothing of itself before its signature was found good', async () => {
    const payloads: Fields[] = [
      { exp: 1, iat: 0 },
      { aud: 'x' },
      { exp: undefined },
      { sub: 'ann' },
    ];
    for (const changes of payloads) {
      const forged = readUnverifiedToken(await other.sign(payloadWith(changes)));
      expect(await verifierWith().verify(forged)).toEqual({
        kind: 'rejected',
        reason: 'invalid_token',
        detail: 'the signature is wrong',
      });
    }
  });

  test('is not judged while the keys cannot be had', async () => {
    search = { kind: 'unavailable', retryAfterSec: 4 };
    expect(await judge()).toEqual({
      kind: 'unavailable',
      reason: 'issuer_unavailable',
      retryAfterSec: 4,
    });
  });

  test('is invalid by a key that the issuer does not have, and as a session JWT', async () => {
    search = { kind: 'unknown' };
    expect(reasonOf(await judge())).toBe('invalid_token');
    search = undefined;
    expect(reasonOf(await judge({}, {}, { typ: 'kfgw-session+jwt' }))).toBe('invalid_token');
  });

  test('names its issuer byte for byte', async () => {
    const verifier = verifierWith();
    const own = readUnverifiedToken(await key.sign(payloadWith()));
    expect(verifier.claims(own)).toBe(true);
    const issuers = ['https://ci.example/', 'https://CI.example', 'https://ci.example ', undefined];
    for (const iss of issuers) {
      const token = readUnverifiedToken(await key.sign(payloadWith({ iss })));
      expect(verifier.claims(token)).toBe(false);
      expect(reasonOf(await verifier.verify(token))).toBe('invalid_token');
    }
    for (const text of ['', 'kfgw_abc', 'a.b.c']) {
      expect(verifier.claims(readUnverifiedToken(text))).toBe(false);
      expect(reasonOf(await verifier.verify(readUnverifiedToken(text)))).toBe('invalid_token');
    }
  });

  test('has another handle than any other token, and always the same', async () => {
    const text = await key.sign(payloadWith());
    const handleOf = async (of: string): Promise<string> => {
      const verdict = await verifierWith().verify(readUnverifiedToken(of));
      return verdict.kind === 'verified' ? verdict.token.handle : '';
    };
    expect(await handleOf(text)).toBe(await handleOf(text));
    expect(await handleOf(await key.sign(payloadWith()))).not.toBe(await handleOf(text));
    expect(text).not.toContain(await handleOf(text));
  });
});
