import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendJson, sendStatus } from '../../../test/fixtures/api-answers.ts';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { ScriptedApiServer } from '../../../test/fixtures/scripted-api-server.ts';
import { pollUntil } from '../../../test/neighbours/poll-until.ts';
import { nextTurn } from '../../kernel/clock.ts';
import { Secret } from '../../kernel/secret.ts';
import type { PolicyState } from '../policy-source.ts';
import { RbacIndex } from '../rbac/rbac-index.ts';
import { ApiCredentials } from './api-credentials.ts';
import { openCluster, type OpenedCluster } from './cluster.ts';

const TOKEN = 'header.payload.signature-of-somebody';
const AUDIENCES = ['kubeflow-auth-gateway'];
const ACCOUNT = { namespace: 'team-a', name: 'default-editor', uid: 'uid-1' };

let server: ScriptedApiServer;
let opened: OpenedCluster;
let index: RbacIndex;
let state: PolicyState;
let clock: FakeClock;

beforeEach(async () => {
  server = await ScriptedApiServer.start();
  index = new RbacIndex();
  clock = new FakeClock();
  state = { kind: 'current' };
  const credentials = new ApiCredentials({ server: server.url, token: new Secret('ours') });
  opened = openCluster(credentials, { accounts: index, policy: { state: () => state }, clock });
});
afterEach(async () => {
  opened.close();
  await server.stop();
});

function answer(status: number, body: unknown): void {
  server.answerNext((_, response) => {
    sendJson(response, status, body);
    return true;
  });
}

function refuse(status: number, message = 'why'): void {
  server.answerNext((_, response) => {
    sendStatus(response, status, 'Any', { message });
    return true;
  });
}

const review = (token = TOKEN) => opened.cluster.review(token, AUDIENCES);

describe('a token review', () => {
  const user = { username: 'system:serviceaccount:team-a:default-editor', uid: 'uid-1' };

  it('puts token and audiences before the API server, with the credentials of the gateway', async () => {
    answer(201, { status: { authenticated: true, user, audiences: AUDIENCES } });
    expect(await review()).toEqual({ kind: 'authenticated', ...user, audiences: AUDIENCES });
    const [asked] = server.requests;
    expect(asked).toMatchObject({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/tokenreviews',
    });
    expect(asked?.headers.authorization).toBe('Bearer ours');
    expect(JSON.parse(asked?.body ?? '')).toEqual({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token: TOKEN, audiences: AUDIENCES },
    });
  });

  it('finds no audience where the API server confirms none', async () => {
    answer(201, { status: { authenticated: true, user } });
    expect(await review()).toMatchObject({ kind: 'authenticated', audiences: [] });
    answer(201, { status: { authenticated: true, user, audiences: 'kubeflow-auth-gateway' } });
    expect(await review()).toMatchObject({ kind: 'authenticated', audiences: [] });
  });

  it('says no where the API server does, which leaves out what is false', async () => {
    answer(201, { status: { user: {}, error: 'service account token has been invalidated' } });
    expect(await review()).toEqual({
      kind: 'unauthenticated',
      problem: 'service account token has been invalidated',
    });
    answer(201, { status: { authenticated: false } });
    expect(await review()).toEqual({ kind: 'unauthenticated', problem: '' });
  });

  it.each([
    ['no status', {}],
    ['a status that is none', { status: 'ok' }],
    ['a word for a truth', { status: { authenticated: 'true', user } }],
    ['nobody', { status: { authenticated: true } }],
    ['a user without a name', { status: { authenticated: true, user: { uid: 'uid-1' } } }],
    ['a uid that is no text', { status: { authenticated: true, user: { ...user, uid: 1 } } }],
  ])('takes %s for no answer', async (_, body) => {
    answer(201, body);
    expect(await review()).toMatchObject({ kind: 'unavailable' });
  });

  it.each([401, 403, 422, 429, 500])('takes status %d for no answer', async (status) => {
    // 401 is answered to both tries of the transport, each with credentials that were read anew.
    refuse(status);
    refuse(status);
    expect(await review()).toMatchObject({ kind: 'unavailable' });
  });

  it('asks once more where the connection was closed under it', async () => {
    server.answerNext((_, response) => {
      response.destroy();
      return true;
    });
    answer(201, { status: { authenticated: true, user, audiences: AUDIENCES } });
    expect(await review()).toMatchObject({ kind: 'authenticated' });
    expect(server.requests).toHaveLength(2);
  });

  it('ends after two seconds, and asks an API server that is silent only once', async () => {
    server.answerNext(() => true);
    const asked = review();
    await pollUntil('asked', () => server.requests.length === 1);
    await clock.advance(2_000);
    expect(await asked).toMatchObject({ kind: 'unavailable' });
    expect(server.requests).toHaveLength(1);
  });

  it('is unavailable where nobody listens', async () => {
    await server.stop();
    expect(await review()).toMatchObject({ kind: 'unavailable' });
  });

  it('never repeats the token, and is never long', async () => {
    answer(201, { status: { error: `webhook: cannot parse ${TOKEN}${'x'.repeat(1_000)}` } });
    const outcome = await review();
    expect(outcome).toMatchObject({ kind: 'unauthenticated' });
    const { problem } = outcome as { problem: string };
    expect(problem).not.toContain(TOKEN);
    expect(problem).toHaveLength(200);
    refuse(422, `not a token: ${TOKEN}`);
    expect(JSON.stringify(await review())).not.toContain(TOKEN);
  });

  it('has at most sixteen connections, however many tokens come at once', async () => {
    const waiting: (() => void)[] = [];
    for (let at = 0; at < 40; at++) {
      server.answerNext((_, response) => {
        waiting.push(() => {
          sendJson(response, 201, { status: { authenticated: true, user, audiences: AUDIENCES } });
        });
        return true;
      });
    }
    const all = Promise.all(Array.from({ length: 40 }, (_, at) => review(`${TOKEN}-${at}`)));
    await pollUntil('as many as may are under way', () => waiting.length >= 16);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    expect(waiting).toHaveLength(16);
    await pollUntil('all were asked', () => {
      for (const go of waiting.splice(0)) go();
      return server.requests.length === 40;
    });
    for (const go of waiting.splice(0)) go();
    expect(await all).toHaveLength(40);
  });
});

describe('what a cluster says of itself', () => {
  it('is its key set, as it stands', async () => {
    const keys = { keys: [{ kty: 'RSA', kid: 'a', n: 'AQ', e: 'AQAB' }] };
    answer(200, keys);
    expect(await opened.cluster.keySet()).toEqual(keys);
    const [asked] = server.requests;
    expect(asked).toMatchObject({ method: 'GET', path: '/openid/v1/jwks', body: '' });
    // A real API server answers 406 to application/json alone.
    expect(asked?.headers.accept).toContain('application/jwk-set+json');
  });

  it.each([
    ['is none', { jwks: [] }],
    ['has no list', { keys: {} }],
    ['has something else for a key', { keys: ['a'] }],
  ])('is no key set where the answer %s', async (_, body) => {
    answer(200, body);
    await expect(opened.cluster.keySet()).rejects.toThrow('/openid/v1/jwks: no key set');
  });

  it('is its issuer, where it names one', async () => {
    answer(200, { issuer: 'https://kubernetes.default.svc' });
    expect(await opened.cluster.issuer()).toBe('https://kubernetes.default.svc');
    expect(server.requests[0]?.path).toBe('/.well-known/openid-configuration');
    answer(200, { issuer: '' });
    expect(await opened.cluster.issuer()).toBeUndefined();
    refuse(404);
    expect(await opened.cluster.issuer()).toBeUndefined();
  });

  it('is not known where it does not answer, or must not', async () => {
    refuse(403, 'User "gateway" cannot get path');
    await expect(opened.cluster.issuer()).rejects.toThrow('User "gateway" cannot get path');
    refuse(404);
    await expect(opened.cluster.keySet()).rejects.toThrow('no key set');
    await server.stop();
    await expect(opened.cluster.keySet()).rejects.toThrow('ECONNREFUSED');
  });
});

describe('a service account', () => {
  const watched = () => opened.cluster.serviceAccountUid('team-a', 'default-editor');

  it('is known as the watch knows it', () => {
    expect(watched()).toBeUndefined();
    index.sinks.serviceaccounts.upsert(ACCOUNT);
    expect(watched()).toMatchObject({ uid: 'uid-1' });
    index.sinks.serviceaccounts.remove(ACCOUNT);
    expect(watched()).toBeUndefined();
  });

  it.each<[string, PolicyState, unknown]>([
    ['loading', { kind: 'loading', missing: ['roles'] }, 'unknown'],
    ['stale itself', { kind: 'degraded', stale: ['serviceaccounts'] }, 'unknown'],
    ['expired itself', { kind: 'expired', stale: ['roles', 'serviceaccounts'] }, 'unknown'],
    ['beside others that are stale', { kind: 'expired', stale: ['roles'] }, ACCOUNT],
  ])('is known only as far as the watch can be believed: %s', (_, now, known) => {
    index.sinks.serviceaccounts.upsert(ACCOUNT);
    state = now;
    expect(watched()).toEqual(known);
  });

  it('is read from the API server itself where that is asked for', async () => {
    answer(200, { metadata: { uid: 'uid-2' } });
    expect(await opened.cluster.storedServiceAccountUid('team-a', 'a.b')).toBe('uid-2');
    expect(server.requests[0]).toMatchObject({
      method: 'GET',
      path: '/api/v1/namespaces/team-a/serviceaccounts/a.b',
    });
    refuse(404);
    expect(await opened.cluster.storedServiceAccountUid('team-a', 'gone')).toBeUndefined();
    refuse(500);
    await expect(opened.cluster.storedServiceAccountUid('team-a', 'a')).rejects.toThrow('why');
  });
});
