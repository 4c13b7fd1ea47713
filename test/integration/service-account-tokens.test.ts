// Service-account tokens of a real API server: made, bound, expired, of accounts that go, and while it is down.
import { SignJWT, decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { documentedYaml } from '../fixtures/documented-yaml.ts';
import {
  AUDIENCE,
  podOf,
  REMEMBERED_MS,
  requestToken,
  REVIEW_EVERY_MS,
  serviceAccount,
  startServiceAccountBed,
  type ServiceAccountBed,
} from '../fixtures/service-account-bed.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import type { KubeObject } from '../neighbours/kube-object.ts';
import { pollUntil } from '../neighbours/poll-until.ts';

const neighbours = [
  'etcd-3.6.16',
  'kube-apiserver-1.36.3',
  'kube-controller-manager-1.36.3',
  'openssl',
] as const;

describeWith(neighbours, 'a service-account token of a real cluster', () => {
  let bed: ServiceAccountBed;

  beforeAll(async () => {
    bed = await startServiceAccountBed();
    const metadata = { name: 'team-a' };
    await bed.server.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata });
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  const made = (name: string) => bed.server.client.create(serviceAccount(name));
  const tokenOf = (account: KubeObject, spec?: Parameters<typeof requestToken>[2]) =>
    requestToken(bed.server, account, spec);
  /** Milliseconds until the token is refused as ended. */
  async function endOf(token: string, withinMs: number): Promise<number> {
    const start = performance.now();
    const refused = { kind: 'rejected', reason: 'token_ended' };
    const hasEnded = async () => (await bed.ask(token)).kind === 'rejected';
    await pollUntil('the token is refused', hasEnded, { withinMs, everyMs: 20 });
    expect(await bed.ask(token)).toEqual(refused);
    return performance.now() - start;
  }

  it('for the gateway stands for its account, whose implicit groups count in RBAC and nowhere else', async () => {
    const { principal, headers, credential } = await bed.holder(
      await tokenOf(await made('editor'), { audiences: [AUDIENCE, 'another'] }),
    );
    const userId = 'system:serviceaccount:team-a:editor';
    expect(principal).toEqual({ userId, groups: [] });
    expect(headers).toEqual([['kubeflow-userid', userId]]);
    expect(credential).toMatchObject({ kind: 'token', scope: undefined });
    await bed.server.client.create({
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
      metadata: { name: 'all-accounts', namespace: 'team-a' },
      // The part of `view` that is written out: nothing aggregates here.
      roleRef: {
        ...{ apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole' },
        name: 'system:aggregate-to-view',
      },
      subjects: [{ kind: 'Group', name: 'system:serviceaccounts:team-a' }],
    });
    const action = { verb: 'list', group: '', resource: 'pods', subresource: '' };
    const mayList = () =>
      bed.index.grantOf(bed.index.subjectsOf(principal), { action, namespace: 'team-a', name: '' });
    await pollUntil('the group is bound', () => mayList() !== undefined);
  });

  it('for somebody else is refused, for the API server as well', async () => {
    const account = await made('elsewhere');
    for (const audiences of [['another'], ['kubeflow-auth-gateway-2'], undefined]) {
      const token = await tokenOf(account, audiences === undefined ? {} : { audiences });
      expect(await bed.ask(token)).toEqual({ kind: 'rejected', reason: 'token_audience' });
    }
  });

  it('that a pod gets without asking, good for a year at the API server, is refused', async () => {
    const account = await made('default-mount');
    const { apiVersion, kind, metadata } = await bed.server.client.create(podOf(account));
    const boundObjectRef = { apiVersion, kind, name: metadata.name, uid: metadata.uid };
    const token = await tokenOf(account, { expirationSeconds: 3_607, boundObjectRef });
    const { exp = 0, iat = 0 } = decodeJwt(token);
    expect(exp - iat).toBeGreaterThan(360 * 86_400);
    expect(await bed.ask(token)).toEqual({ kind: 'rejected', reason: 'token_lifetime' });
  });

  it('of a Secret, which never ends, is refused', async () => {
    const account = await made('legacy');
    const { namespace = '', name } = account.metadata;
    const annotations = { 'kubernetes.io/service-account.name': name };
    const type = 'kubernetes.io/service-account-token';
    const secret = await bed.server.client.create({
      ...{ apiVersion: 'v1', kind: 'Secret', type },
      metadata: { name: 'legacy-token', namespace, annotations },
    });
    const token = await pollUntil('the controller has written a token', async () => {
      const stored = await bed.server.client.read(secret);
      const { token: encoded } = (stored?.['data'] ?? {}) as { token?: string };
      return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
    });
    expect(decodeJwt(token)).toMatchObject({ iss: 'kubernetes/serviceaccount' });
    expect(await bed.ask(token)).toEqual({ kind: 'rejected', reason: 'token_lifetime' });
  });

  it('is what the pod of the documentation asks for, as CI is bound by its own name', async () => {
    await made('default-editor');
    const documented = documentedYaml('tokens.md') as readonly KubeObject[];
    const objects = documented.filter(({ kind }) => kind === 'Pod' || kind === 'RoleBinding');
    expect(objects).toHaveLength(2);
    for (const object of objects) await bed.server.client.create(object);
  });

  it('that has expired is refused, as is one that the cluster would have signed and has not made', async () => {
    const token = await tokenOf(await made('expired'));
    const sign = (changes: object) =>
      new SignJWT({ ...decodeJwt(token), ...changes })
        .setProtectedHeader({ alg: 'RS256', ...decodeProtectedHeader(token) })
        .sign(bed.server.tokenKey.privateKey);
    const nowSec = Math.floor(Date.now() / 1000);
    const expired = await sign({ iat: nowSec - 700, nbf: nowSec - 700, exp: nowSec - 1 });
    expect(await bed.ask(expired)).toEqual({ kind: 'rejected', reason: 'token_expired' });
    const { uid } = (await bed.server.client.read(serviceAccount('expired')))?.metadata ?? {};
    const private_ = { namespace: 'team-a', serviceaccount: { name: 'nobody', uid } };
    const sub = 'system:serviceaccount:team-a:nobody';
    const ofNobody = await sign({ sub, 'kubernetes.io': private_ });
    expect(await bed.ask(ofNobody)).toEqual({ kind: 'rejected', reason: 'token_ended' });
    // What it is made of is good: only changed does it become bad.
    expect(await bed.ask(await sign({}))).toMatchObject({ kind: 'authenticated' });
  });

  it('of Pipelines reaches Pipelines alone, and only where that is switched on', async () => {
    const token = await tokenOf(await made('pipeline-runner'), {
      audiences: ['pipelines.kubeflow.org'],
    });
    expect(await bed.ask(token)).toEqual({ kind: 'rejected', reason: 'token_audience' });
    const open = bed.anotherReplica({ pipelinesAudience: true });
    const scope = { effect: 'write', classes: new Set(['pipelines']) };
    expect(await open(token)).toMatchObject({ identity: { credential: { scope } } });
  });

  it('is put before the API server once in a while, however often it is used', async () => {
    const token = await tokenOf(await made('busy'));
    const before = bed.reviews;
    const start = performance.now();
    while (performance.now() - start < 3 * REVIEW_EVERY_MS) {
      expect(await bed.ask(token)).toMatchObject({ kind: 'authenticated' });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(bed.reviews - before).toBeGreaterThanOrEqual(2);
    expect(bed.reviews - before).toBeLessThanOrEqual(6);
  });

  it('ends with its account within a second, also where nobody has seen it yet', async () => {
    const account = await made('leaver');
    const [token, unseen] = [await tokenOf(account), await tokenOf(account)];
    await bed.holder(token);
    // The API server remembers this one, and would say for ten seconds that it is good.
    expect(await bed.anotherReplica()(unseen)).toMatchObject({ kind: 'authenticated' });
    await bed.server.client.remove(account);
    expect(await endOf(token, 30_000)).toBeLessThan(1_000);
    const answer = await bed.anotherReplica()(unseen);
    expect(answer).toEqual({ kind: 'rejected', reason: 'token_ended' });
  });

  it('ends although another account has the name of its own, whose tokens are good at once', async () => {
    const token = await tokenOf(await made('reborn'));
    await bed.holder(token);
    await bed.server.client.remove(serviceAccount('reborn'));
    const next = await tokenOf(await made('reborn'));
    expect(await bed.ask(next)).toMatchObject({ kind: 'authenticated' });
    expect(await endOf(token, 30_000)).toBeLessThan(1_000);
    expect(await bed.ask(next)).toMatchObject({ kind: 'authenticated' });
  });

  it('ends with its pod, within the time between two reviews and what the API server remembers', async () => {
    const account = await made('with-a-pod');
    const pod = await bed.server.client.create(podOf(account));
    const { apiVersion, kind, metadata } = pod;
    const boundObjectRef = { apiVersion, kind, name: metadata.name, uid: metadata.uid };
    const token = await tokenOf(account, { audiences: [AUDIENCE], boundObjectRef });
    await bed.holder(token);
    await bed.server.client.remove(pod);
    await endOf(token, REMEMBERED_MS + REVIEW_EVERY_MS + 5_000);
  });

  it('goes on while the API server is down, where it was good before; others are told to wait', async () => {
    const account = await made('patient');
    const [token, other] = [await tokenOf(account), await tokenOf(account)];
    await bed.holder(token);
    await bed.server.process.end('SIGKILL');
    const down = performance.now();
    while (performance.now() - down < 3 * REVIEW_EVERY_MS) {
      expect(await bed.ask(token)).toMatchObject({ kind: 'authenticated' });
      expect(await bed.ask(other)).toMatchObject({
        ...{ kind: 'unavailable', reason: 'token_review_unavailable' },
      });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await bed.server.process.restart();
    const isGood = async () => (await bed.ask(other)).kind === 'authenticated';
    await pollUntil('the other one is good', isGood, { withinMs: 30_000 });
    expect(await bed.ask(token)).toMatchObject({ kind: 'authenticated' });
  });
});
