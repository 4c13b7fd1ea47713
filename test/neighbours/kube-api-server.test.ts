import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from './describe-with.ts';
import { isAlive } from './liveness.ts';
import { startKubeApiServer, type KubeApiServer } from './kube-api-server.ts';
import { KubeClient, type KubeAccess, type ReviewSpec } from './kube-client.ts';
import { pollUntil } from './poll-until.ts';

const RBAC = { apiVersion: 'rbac.authorization.k8s.io/v1' };

describeWith(
  ['etcd-3.6.16', 'kube-apiserver-1.36.3', 'kube-controller-manager-1.36.3', 'openssl'],
  'an API server',
  () => {
    let server: KubeApiServer;
    beforeAll(async () => {
      server = await startKubeApiServer({ aggregation: true, users: [{ name: 'gateway' }] });
      await server.client.create(namespace('team-a'));
    });
    afterAll(() => server.stop());

    const getPods = (user: string, inNamespace = 'team-a'): ReviewSpec => ({
      user,
      resourceAttributes: {
        ...{ verb: 'get', group: '', resource: 'pods', subresource: '' },
        ...{ namespace: inNamespace, name: '' },
      },
    });
    const comesToBe = (isAllowed: boolean, spec: ReviewSpec) =>
      pollUntil(`the review answers ${isAllowed}`, async () => {
        const review = await server.client.review(spec);
        return review.kind === 'decided' && review.isAllowed === isAllowed;
      });

    it('decides by RBAC alone, with its own roles in place from the start', async () => {
      expect(await server.client.review(getPods('alice'))).toEqual(decided(false));
      const readers = binding('readers', 'view', 'alice');
      await server.client.create(readers);
      await comesToBe(true, getPods('alice'));
      expect(await server.client.review(getPods('alice', 'team-b'))).toEqual(decided(false));
      await server.client.remove(readers);
      await comesToBe(false, getPods('alice'));
    });

    it('refuses a question that asks nothing for nobody', async () => {
      expect(await server.client.review({ user: 'alice' })).toMatchObject({ kind: 'refused' });
      expect(await server.client.review(getPods(''))).toMatchObject({ kind: 'refused' });
    });

    it('knows its users by their tokens, each with no more rights than RBAC gives', async () => {
      const statusFor = async (access: KubeAccess): Promise<number> => {
        const client = new KubeClient(access);
        const { status } = await client.ask('GET', '/api/v1/namespaces');
        client.close();
        return status;
      };
      expect(await statusFor({ ...server.access(), token: 'not-a-token' })).toBe(401);
      expect(await statusFor(server.access('gateway'))).toBe(403);
      expect(await statusFor(server.access())).toBe(200);
      expect(() => server.kubeconfig('somebody')).toThrow('somebody');
    });

    it('fills aggregated ClusterRoles', async () => {
      const label = 'aggregate-to-everything';
      const whole = clusterRole('everything', {
        aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] },
      });
      const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
      await server.client.create(whole);
      await server.client.create(clusterRole('a-part', { rules }, { [label]: 'true' }));
      await pollUntil('the rules are copied', async () => {
        const role = await server.client.read(whole);
        return isDeepStrictEqual(role?.['rules'], rules);
      });
    });

    it('keeps or loses its data over a restart, on the same port, and leaves no process', async () => {
      await using other = await startKubeApiServer();
      await other.client.create(namespace('kept'));
      await other.restart('kept', 'SIGKILL');
      expect(await other.client.read(namespace('kept'))).toBeDefined();
      await other.etcd.compact();
      await other.restart('lost');
      expect(await other.client.read(namespace('kept'))).toBeUndefined();
      const pids = [other.process.pid, other.etcd.process.pid];
      await other.stop();
      expect(pids.filter(isAlive)).toEqual([]);
    });
  },
);

function decided(isAllowed: boolean) {
  return { kind: 'decided', isAllowed };
}

function namespace(name: string) {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function clusterRole(
  name: string,
  fields: Readonly<Record<string, unknown>>,
  labels: Readonly<Record<string, string>> = {},
) {
  return { ...RBAC, kind: 'ClusterRole', metadata: { name, labels }, ...fields };
}

function binding(name: string, role: string, user: string) {
  return {
    ...RBAC,
    kind: 'RoleBinding',
    metadata: { name, namespace: 'team-a' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'User', name: user }],
  };
}
