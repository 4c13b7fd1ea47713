// Decisions held against a real API server, whose authorizers are RBAC and another one.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpApiClient } from '../../src/access/kubernetes/api-client.ts';
import { NodeApiTransport } from '../../src/access/kubernetes/api-transport.ts';
import { kubernetesCredentials } from '../../src/access/kubernetes/create-kubernetes-source.ts';
import type { ResourceQuestion } from '../../src/access/rbac/access-question.ts';
import { RbacIndex } from '../../src/access/rbac/rbac-index.ts';
import { DecisionReview } from '../../src/access/review/decision-review.ts';
import {
  reviewQuestion,
  subjectAccessReview,
  type Review,
} from '../../src/access/review/subject-access-review.ts';
import { systemClock, type Clock } from '../../src/kernel/clock.ts';
import { silentLogger, type LogFields } from '../../src/kernel/logger.ts';
import { silentMetrics } from '../../src/kernel/metrics.ts';
import { systemRandom } from '../../src/kernel/random.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startKubeApiServer, type KubeApiServer } from '../neighbours/kube-api-server.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { makeScratchDirectory, removeScratchDirectory } from '../neighbours/scratch-directory.ts';

const RBAC = { apiVersion: 'rbac.authorization.k8s.io/v1' };
const API_GROUP = 'rbac.authorization.k8s.io';

/** Five seconds of waiting pass in a tenth of one; deadlines stay. */
const hurried: Clock = {
  ...systemClock,
  after: (ms, run) => systemClock.after(ms === 5_000 ? 500 : ms, run),
};

describeWith(
  ['etcd-3.6.16', 'kube-apiserver-1.36.3', 'openssl'],
  'a review by a real API server',
  () => {
    let directory: string;
    let server: KubeApiServer;
    let transport: NodeApiTransport;
    let review: Review;

    beforeAll(async () => {
      directory = await makeScratchDirectory('abac');
      const policy = join(directory, 'policy.jsonl');
      const spec = { user: 'abacus', namespace: '*', resource: '*', apiGroup: '*' };
      const version = { apiVersion: 'abac.authorization.kubernetes.io/v1beta1', kind: 'Policy' };
      await writeFile(policy, `${JSON.stringify({ ...version, spec })}\n`);
      server = await startKubeApiServer({
        users: [{ name: 'gateway' }],
        args: ['--authorization-mode=ABAC', `--authorization-policy-file=${policy}`],
      });
      const address = { kubeconfigFile: server.kubeconfig('gateway') };
      transport = new NodeApiTransport(kubernetesCredentials(address, systemClock), systemClock);
      review = subjectAccessReview(new HttpApiClient(transport, systemClock));
    });
    afterAll(async () => {
      transport.close();
      await server.stop();
      await removeScratchDirectory(directory);
    });

    describe('that the gateway may not make', () => {
      it('is no answer', async () => {
        const answer = await review(asked('alice'));
        expect(answer).toMatchObject({ kind: 'unavailable' });
        expect(JSON.stringify(answer)).toContain('cannot create resource');
      });
    });

    describe('that the gateway may make', () => {
      beforeAll(async () => {
        await server.client.create({
          ...RBAC,
          kind: 'ClusterRole',
          metadata: { name: 'reviewer' },
          rules: [
            {
              apiGroups: ['authorization.k8s.io'],
              resources: ['subjectaccessreviews'],
              verbs: ['create'],
            },
          ],
        });
        await server.client.create({
          ...RBAC,
          kind: 'ClusterRole',
          metadata: { name: 'pod-reader' },
          rules: [{ apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['get'] }],
        });
        await server.client.create(clusterBinding('reviewers', 'reviewer', 'User', 'gateway'));
        await server.client.create({
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: 'team-a' },
        });
        await server.client.create({
          ...RBAC,
          kind: 'RoleBinding',
          metadata: { name: 'everybody', namespace: 'team-a' },
          roleRef: { apiGroup: API_GROUP, kind: 'ClusterRole', name: 'pod-reader' },
          subjects: [{ apiGroup: API_GROUP, kind: 'Group', name: 'system:authenticated' }],
        });
        await pollUntil('the bindings are in force', async () => {
          const { kind } = await review(asked('alice'));
          return kind === 'allowed';
        });
      });

      it('counts the groups that the API server would add to a real request', async () => {
        expect(await review(asked('alice'))).toEqual({ kind: 'allowed' });
        expect(await review({ ...asked('alice'), groups: [] })).toEqual({ kind: 'denied' });
      });

      it('answers for the namespace and the subresource that are asked about', async () => {
        const elsewhere = { ...asked('alice'), namespace: 'team-b' };
        expect(await review(elsewhere)).toEqual({ kind: 'denied' });
        const subresource = (name: string) => ({ ...getPod.action, subresource: name });
        const exec = { ...asked('alice'), action: subresource('exec') };
        expect(await review(exec)).toEqual({ kind: 'denied' });
        const log = { ...asked('alice'), action: subresource('log') };
        expect(await review(log)).toEqual({ kind: 'allowed' });
      });

      it('confirms an index that knows the same bindings', async () => {
        const { results, differences } = await reviewed('alice', filledIndex());
        expect([results, differences]).toEqual([['ok'], []]);
      });

      it('finds an authorizer besides RBAC, and says which question shows it', async () => {
        const { results, errors } = await reviewed('abacus', new RbacIndex());
        expect(results).toEqual(['differs']);
        expect(errors).toMatchObject([
          {
            user: 'abacus',
            verb: 'get',
            resource: 'pods',
            namespace: 'team-a',
            index: 'denied',
            apiServer: 'allowed',
          },
        ]);
      });
    });

    /** One decision of the index about `user`, and what its review came to. */
    async function reviewed(user: string, index: RbacIndex) {
      const results: string[] = [];
      const differences: string[] = [];
      const errors: LogFields[] = [];
      const decisions = new DecisionReview(
        { sampleOneIn: 1, perSecond: 100 },
        {
          review,
          rbac: index,
          policy: { state: () => ({ kind: 'current' }) },
          clock: hurried,
          random: systemRandom,
          logger: { ...silentLogger, error: (_message, fields = {}) => errors.push(fields) },
          metrics: {
            ...silentMetrics,
            increment: (name, labels) => {
              const label = Object.values(labels).join();
              if (name === 'kfgw_rbac_reviews_total') results.push(label);
              else differences.push(label);
            },
          },
        },
      );
      const subjects = index.subjectsOf({ userId: user, groups: [] });
      decisions.note(subjects, getPod, index.grantOf(subjects, getPod) !== undefined);
      await pollUntil('the review has ended', () => results.length > 0);
      decisions.close();
      return { results, differences, errors };
    }
  },
);

const getPod: ResourceQuestion = {
  action: { verb: 'get', group: '', resource: 'pods', subresource: '' },
  namespace: 'team-a',
  name: '',
};

function asked(userId: string) {
  const principal = { userId, groups: [] };
  return reviewQuestion({ principal, implicitGroups: ['system:authenticated'] }, getPod);
}

/** The binding above, and as much of its role as is asked about. */
function filledIndex(): RbacIndex {
  const index = new RbacIndex();
  const lists = { resourceNames: [], nonResourceURLs: [] };
  index.sinks.clusterroles.upsert({
    namespace: '',
    name: 'pod-reader',
    uid: 'r',
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], ...lists }],
  });
  index.sinks.rolebindings.upsert({
    namespace: 'team-a',
    name: 'everybody',
    uid: 'b',
    roleRef: { kind: 'ClusterRole', name: 'pod-reader' },
    subjects: [{ kind: 'Group', name: 'system:authenticated', namespace: '' }],
  });
  return index;
}

function clusterBinding(name: string, role: string, kind: string, subject: string) {
  return {
    ...RBAC,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: API_GROUP, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: API_GROUP, kind, name: subject }],
  };
}
